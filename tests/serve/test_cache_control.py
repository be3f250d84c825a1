"""How long readers may keep a feed."""

from datetime import timedelta

from aggregator.model import Source
from aggregator.serve.cache_control import MAX_AGE, MIN_AGE, max_ages
from tests.sources import source as configured


def source(minutes: float, *categories: str, enabled: bool = True) -> Source:
    interval = timedelta(minutes=minutes)
    return configured("s", "https://s.example/", categories=categories, interval=interval, enabled=enabled)


def test_a_feed_keeps_until_its_most_eager_source_is_asked_again() -> None:
    ages = max_ages([source(10, "World News"), source(20, "World News", "us"), source(30, "us")])
    assert ages == {"all": 600, "world-news": 600, "us": 1200}


def test_ages_have_bounds() -> None:
    assert max_ages([source(0.1, "a"), source(600, "b")]) == {"all": MIN_AGE, "a": MIN_AGE, "b": MAX_AGE}


def test_a_source_that_is_switched_off_brings_nothing_new() -> None:
    assert max_ages([source(10, "a", enabled=False)]) == {"all": MAX_AGE}
