"""Subscriptions from configurations of Planet."""

from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import AggregatorError
from aggregator.opml import OpmlOutline
from aggregator.planet import planet_subscriptions
from aggregator.subscribe import ExistingSource, import_planet

VENUS = """\ufeff# Planet Venus
[Planet]
name = Planet Example
link: http://planet.example/
feed_timeout = 20
template_files = atom.xml.tmpl

[DEFAULT]
facewidth = 64

[atom.xml.tmpl]
days_per_page = 7

[subscriptions.opml]
content_type = opml

[http://ann.example/feed.xml?a=1&b=%20]
name = Ann   Ä.  ; who began it
face = ann.png

[feed://bob.example/rss]
[feed:https://carol.example/atom]
name = Carol
category = People
lang = de

; Pluto names the feed in the section
[dave]
title = Dave
feed  = https://dave.example/feed
"""


def test_each_section_of_a_feed_is_a_subscription() -> None:
    reading_list, *outlines = planet_subscriptions(VENUS)
    assert (reading_list.url, reading_list.text) == ("", "subscriptions.opml")
    assert "reading list" in reading_list.skip_reason
    assert outlines == [
        OpmlOutline(url="http://ann.example/feed.xml?a=1&b=%20", text="Ann Ä."),
        OpmlOutline(url="http://bob.example/rss"),
        OpmlOutline(url="https://carol.example/atom", text="Carol", folders=("People",), language="de"),
        OpmlOutline(url="https://dave.example/feed", text="Dave"),
    ]


@given(st.text() | st.text("[]=:;#% \nhtfeed/."))
def test_any_text_gives_subscriptions_or_an_error(text: str) -> None:
    with suppress(AggregatorError):
        assert all(":" in outline.url or outline.skip_reason for outline in planet_subscriptions(text))


def test_they_are_appended_once(tmp_path: Path) -> None:
    feeds, planet = tmp_path / "feeds.yaml", tmp_path / "planet.ini"
    planet.write_text(VENUS)
    assert [type(result).__name__ for result in import_planet(feeds, {}, planet)] == [
        "SkippedOutline",
        *["AddedSource"] * 4,
    ]
    assert yaml.safe_load(feeds.read_text())["sources"] == [
        {"name": "ann-a", "url": "http://ann.example/feed.xml?a=1&b=%20", "title": "Ann Ä."},
        {"name": "bob-example", "url": "http://bob.example/rss"},
        {
            "name": "carol",
            "url": "https://carol.example/atom",
            "category": "People",
            "language": "de",
            "title": "Carol",
        },
        {"name": "dave", "url": "https://dave.example/feed", "title": "Dave"},
    ]
    assert [type(result) for result in import_planet(feeds, {}, planet)[1:]] == [ExistingSource] * 4


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("no section\n", "planet.ini: line 1 is not in the form of an INI file"),
        ("[Planet]\nname = x\n", "holds no sub"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "planet.ini").write_text(text)
    with pytest.raises(AggregatorError, match=sentence):
        import_planet(tmp_path / "feeds.yaml", {}, tmp_path / "planet.ini")
    assert not (tmp_path / "feeds.yaml").exists()
