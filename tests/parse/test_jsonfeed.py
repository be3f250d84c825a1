"""JSON Feed 1.0 and 1.1."""

import json
from typing import Any

import pytest

from aggregator.model import Enclosure, Entry, Feed, Link, Person, Term, TextConstruct
from aggregator.parse import parse
from tests.cases import for_each
from tests.parse.documents import document, failure_of, feed_of

VERSION = "https://jsonfeed.org/version/1.1"
WRONG: list[Any] = [None, True, 0, 1.5, "text", [], {}, [None, 1, "x", [], {}], {"url": 1}]


def json_feed(items: Any = (), **values: Any) -> str:
    return json.dumps({"version": VERSION, "title": "A feed", "items": items} | values)


def entry_of(**item: Any) -> Entry:
    (entry,) = feed_of(json_feed([{"id": "1", "title": "One"} | item])).entries
    return entry


def test_a_feed_says_where_it_lives() -> None:
    feed = feed_of(
        json_feed(
            home_page_url="/blog/",
            feed_url="https://example.org/feed.json",
            next_url="feed.json?page=2",
            language="en-GB",
            icon="/icon.png",
            favicon="/favicon.ico",
            authors=[{"name": "Jane", "url": "/jane", "avatar": "/j.png"}, {"avatar": "/x.png"}],
            hubs=[
                {"type": "WebSub", "url": "https://hub.example.org/"},
                {"type": "rssCloud", "url": "https://r.example.org/"},
            ],
        )
    )
    assert (feed.format, feed.title) == ("json11", TextConstruct(value="A feed", kind="plain"))
    assert (feed.link, feed.language) == ("https://example.org/blog/", "en-GB")
    assert feed.links == (
        Link(rel="self", href="https://example.org/feed.json"),
        Link(rel="next", href="https://example.org/blog/feed.json?page=2"),
        Link(rel="hub", href="https://hub.example.org/"),
    )
    assert feed.authors == (Person(name="Jane", url="https://example.org/jane"),)


def test_an_item_is_an_entry() -> None:
    entry = entry_of(
        id="https://example.org/1",
        url="/1",
        external_url="https://example.com/story",
        content_text="text",
        content_html="<p>text</p>",
        summary="short",
        image="/i.jpg",
        banner_image="/b.jpg",
        date_published="2024-09-06T10:00:00Z",
        date_modified="2024-09-07T10:00:00Z",
        language="de",
        tags=["News", "", "World", "News"],
        authors=[{"name": "Jane"}],
        attachments=[
            {
                "url": "/a.mp3",
                "mime_type": "audio/mpeg",
                "title": "Talk",
                "size_in_bytes": 12,
                "duration_in_seconds": 3,
            },
            {"mime_type": "audio/mpeg"},
        ],
    )
    assert (entry.guid, entry.guid_is_link) == ("https://example.org/1", False)
    assert entry.links == (
        Link(rel="alternate", href="https://example.org/1"),
        Link(rel="related", href="https://example.com/story"),
    )
    assert entry.contents == (
        TextConstruct(value="<p>text</p>", kind="html"),
        TextConstruct(value="short", kind="plain"),
        TextConstruct(value="text", kind="plain"),
    )
    assert (entry.published, entry.updated, entry.language) == ("2024-09-06T10:00:00Z", "2024-09-07T10:00:00Z", "de")
    assert entry.image == "https://example.org/i.jpg"
    assert entry.terms == (Term(term="News"), Term(term="World"))
    assert entry.authors == (Person(name="Jane"),)
    talk = Enclosure(url="https://example.org/a.mp3", type="audio/mpeg", length=12, title="Talk", duration=3)
    assert entry.enclosures == (talk,)


def test_version_1_has_one_author_and_a_banner() -> None:
    body = json.dumps(
        {
            "version": "https://jsonfeed.org/version/1",
            "author": {"name": "Jane"},
            "items": [{"id": 1, "content_text": "x", "author": {"name": "John"}, "banner_image": "/b.jpg"}],
        }
    )
    feed = feed_of(body)
    assert (feed.format, feed.authors) == ("json1", (Person(name="Jane"),))
    assert feed.entries[0].authors == (Person(name="John"),)
    assert feed.entries[0].image == "https://example.org/b.jpg"


@for_each(
    ("value", "guid"),
    [("x", "x"), (" x ", "x"), (7, "7"), (1.5, "1.5"), (True, None), (None, None), ("", None), ([], None), ({}, None)],
)
def test_an_id_is_text_or_a_number(value: Any, guid: str | None) -> None:
    assert entry_of(id=value).guid == guid


@for_each("version", [None, 1, "", "1.1", "https://example.org/", ["https://jsonfeed.org/version/1"]])
def test_without_a_version_of_json_feed_it_is_none(version: Any) -> None:
    assert "not a JSON Feed" in failure_of(json.dumps({"version": version, "items": []})).reason


def test_an_item_without_title_link_and_text_is_dropped() -> None:
    assert feed_of(json_feed([{"id": "1"}, {"id": "2", "url": "mailto:x@example.org"}, "x", None])).entries == ()


def test_items_beyond_the_limit_are_left_out_and_counted() -> None:
    feed = parse(document(json_feed([{"id": n, "title": str(n)} for n in range(5)])), max_entries=3)
    assert isinstance(feed, Feed)
    assert (len(feed.entries), feed.left_out) == (3, 2)


@for_each("wrong", WRONG)
@for_each(
    "key", ["title", "home_page_url", "feed_url", "next_url", "language", "icon", "author", "authors", "hubs", "items"]
)
def test_a_value_of_the_wrong_type_is_absent_from_the_feed(key: str, wrong: Any) -> None:
    assert feed_of(json_feed(**{"items": [{"id": "1", "title": "One"}], key: wrong})).format == "json11"


@for_each("wrong", WRONG)
@for_each(
    "key",
    [
        *("id", "url", "external_url", "content_html", "content_text", "summary", "image", "banner_image", "language"),
        *("date_published", "date_modified", "author", "authors", "tags", "attachments"),
    ],
)
def test_a_value_of_the_wrong_type_is_absent_from_the_entry(key: str, wrong: Any) -> None:
    assert entry_of(**{key: wrong}).title == TextConstruct(value="One", kind="plain")


@for_each("size", [-1, 0, 1e400, float("nan"), 2**80, "12", True, None])
def test_a_size_that_is_none_is_absent(size: Any) -> None:
    assert entry_of(attachments=[{"url": "/a.mp3", "size_in_bytes": size}]).enclosures[0].length is None


@pytest.mark.parametrize("digits", ["9" * 100_000, "-" + "9" * 5000, "9" * 100_000 + ".5", "1e999"])
def test_a_number_greater_than_any_is_absent_and_the_rest_is_read(digits: str) -> None:
    item = f'{{"id": {digits}, "title": "One", "attachments": [{{"url": "/a.mp3", "size_in_bytes": {digits}}}]}}'
    (entry,) = feed_of(f'{{"version": "{VERSION}", "x": {digits}, "items": [{item}]}}').entries
    assert entry.title == TextConstruct(value="One", kind="plain")
    assert entry.guid is None
    assert entry.enclosures[0].length is None


def test_what_no_document_may_hold_leaves_strings() -> None:
    (entry,) = feed_of(
        '{"version": "' + VERSION + r'", "items": [{"id": "1", "title": "a\u0000b\ud800c\ufffe\u0092d"}]}'
    ).entries
    assert entry.title == TextConstruct(value="abc’d", kind="plain")


@pytest.mark.parametrize("prefix", ["\ufeff", "\n ", "\n\ufeff", "\ufeff\n"])
def test_marks_and_blanks_before_the_object_are_no_fault(prefix: str) -> None:
    assert feed_of(prefix + json_feed()).format == "json11"


def test_raw_control_characters_in_strings_are_no_fault() -> None:
    assert feed_of(json_feed([{"id": "1", "title": "a|b"}]).replace("|", "\x0b\n")).entries[0].title == TextConstruct(
        value="a \nb", kind="plain"
    )
