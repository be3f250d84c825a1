"""Pages of archives: which is the next one, where the reading ends, and what hostile pages may name."""

from collections.abc import Sequence
from itertools import pairwise

import pytest

from aggregator.model import BackfillStep, ClaimedBackfill, Entry, Feed, Link, Source, SourceState, StoredSource
from aggregator.schedule import archive
from aggregator.schedule.archive import first_step, next_step
from tests.cases import for_each
from tests.sources import source

FEED = "https://blog.source.example/feed"


def archived(url: str = FEED) -> Source:
    return source("one", url, backfill="all")


def page(url: str, *entries: str, next_url: str | None = None, rel: str = "prev-archive") -> Feed:
    digests = tuple(Entry(digest=entry.ljust(8).encode()) for entry in entries)
    return Feed(format="atom10", url=url, entries=digests, links=(Link(rel=rel, href=next_url),) if next_url else ())


def steps(*documents: Feed, of: Source | None = None) -> list[BackfillStep]:
    """The places after the feed and after each of its pages, as far as they are read."""
    stored = StoredSource(source=of or archived(), state=SourceState())
    place = first_step(documents[0], stored.source)
    places = [place] if place else []
    for document in documents[1:]:
        if place is None or place.url is None:
            break
        claimed = ClaimedBackfill(stored=stored, url=place.url, pages=place.pages, seen=place.seen, failures=0)
        place = next_step(document, claimed)
        places.append(place)
    return places


def problems(places: Sequence[BackfillStep]) -> list[str]:
    return [place.problem for place in places]


@pytest.mark.parametrize(
    "itself", [FEED, f"{FEED}#page", f"{FEED}#", "https://blog.source.example/moved"], ids=lambda url: url[-6:]
)
def test_a_feed_that_names_itself_has_no_archive(itself: str) -> None:
    document = page("https://blog.source.example/moved", "a", next_url=itself)
    (place,) = steps(document)
    assert (place.url, place.problem) == (None, "a page names an earlier one as the next")


def test_a_page_that_names_itself_is_the_last() -> None:
    second = "https://blog.source.example/2"
    places = steps(page(FEED, "a", next_url=second), page(second, "b", next_url=f"{second}#2"))
    assert [place.url for place in places] == [second, None]
    assert problems(places) == ["", "a page names an earlier one as the next"]


def test_a_page_that_is_redirected_to_an_earlier_one_is_the_last() -> None:
    second, third = "https://blog.source.example/2", "https://blog.source.example/3"
    places = steps(
        page(FEED, "a", next_url=second), page(second, "b", next_url=third), page(FEED, "c", next_url=second)
    )
    assert problems(places)[-1] == "a page names an earlier one as the next"


def test_a_page_with_the_entries_of_an_earlier_one_is_the_last() -> None:
    urls = [f"https://blog.source.example/feed?page={number}" for number in (2, 3, 4)]
    places = steps(
        page(FEED, "a", "b", next_url=urls[0]),
        page(urls[0], "c", next_url=urls[1]),
        page(urls[1], "a", "b", next_url=urls[2]),
    )
    assert problems(places) == ["", "", "a page has the entries of an earlier one"]


def test_pages_without_entries_go_on_to_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_PAGES", 3)
    urls = [f"https://blog.source.example/{number}" for number in range(9)]
    documents = [page(url, next_url=following) for url, following in pairwise(urls)]
    places = steps(page(FEED, "a", next_url=urls[0]), *documents)
    assert problems(places) == ["", "", "", "3 pages were read, and more are not"]


@for_each(
    "url",
    [
        "https://other.example/2",
        "https://blog.source.example.other.example/2",
        "https://source.example@other.example/2",
        "https://source.example%2f@169.254.169.254/2",
        "https://evilsource.example/2",
        "http://127.0.0.1/2",
        "http://[::1]/2",
        "http://169.254.169.254/latest/meta-data/",
        "http://2130706433/2",
        "http://localhost/2",
        "http://example/2",
    ],
)
def test_pages_of_other_hosts_are_not_asked_for(url: str) -> None:
    second = "https://blog.source.example/2"
    assert problems(steps(page(FEED, "a", next_url=url))) == ["its next page is on another host"]
    places = steps(page(FEED, "a", next_url=second), page(second, "b", next_url=url))
    assert problems(places) == ["", "its next page is on another host"]


@pytest.mark.parametrize(
    ("feed_url", "url"),
    [
        ("https://jane.github.io/feed", "https://joe.github.io/2"),  # one service, two owners
        ("http://127.0.0.1:8000/feed", "http://127.0.0.1:9000/2"),
        ("http://127.0.0.1:8000/feed", "http://127.0.0.2:8000/2"),
        ("http://localhost:8000/feed", "http://localhost/2"),
    ],
)
def test_neighbours_of_one_service_or_machine_are_other_hosts(feed_url: str, url: str) -> None:
    places = steps(page(feed_url, "a", next_url=url), of=archived(feed_url))
    assert problems(places) == ["its next page is on another host"]


@pytest.mark.parametrize("url", ["https://source.example/2", "http://archive.source.example:8080/2"])
def test_other_names_of_the_same_owner_are_asked_for(url: str) -> None:
    assert [place.url for place in steps(page(FEED, "a", next_url=url))] == [url]


@for_each(
    "url",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "ftp://blog.source.example/2",
        "//",
        "https://",
        f"{FEED}?{'x' * 2000}",
        "https://blog.source.example:99999/2",
    ],
)
def test_what_cannot_be_asked_for_is_no_page(url: str) -> None:
    assert steps(page(FEED, "a", next_url=url)) == []


def test_only_links_to_older_pages_count() -> None:
    for rel in ("next-archive", "current", "self", "previous", "prev", "first", "last"):
        assert steps(page(FEED, "a", next_url="https://blog.source.example/2", rel=rel)) == []
