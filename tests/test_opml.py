from datetime import timedelta
from typing import Any

from lxml import etree

from aggregator.model import CategoryFeed
from aggregator.opml import opml
from tests.render.examples import UPDATED, category_feed, settings

NEWS = category_feed()
BOOKS = CategoryFeed(name="книги", label="Книги & co", updated=UPDATED + timedelta(days=1), articles=())
ALL = category_feed(name="all", label="all")


def _outlines(*feeds: CategoryFeed, **changes: Any) -> list[dict[str, str]]:
    root = etree.fromstring(opml(feeds, settings(**changes)))
    return [{str(name): str(value) for name, value in outline.items()} for outline in root.iter("outline")]


def test_each_category_is_subscribed_to_once_and_everything_never() -> None:
    assert _outlines(ALL, NEWS, BOOKS) == [
        {
            "type": "rss",
            "text": "My newsroom: News",
            "title": "My newsroom: News",
            "xmlUrl": "https://news.example.org/feeds/news.rss",
            "htmlUrl": "https://news.example.org/category/news",
        },
        {
            "type": "rss",
            "text": "My newsroom: Книги & co",
            "title": "My newsroom: Книги & co",
            "xmlUrl": "https://news.example.org/feeds/%D0%BA%D0%BD%D0%B8%D0%B3%D0%B8.rss",
            "htmlUrl": "https://news.example.org/category/%D0%BA%D0%BD%D0%B8%D0%B3%D0%B8",
        },
    ]


def test_rss_is_preferred_to_atom_and_atom_to_json() -> None:
    for formats, suffix in ((["json", "rss"], "rss"), (["json", "atom"], "atom"), (["json"], "json")):
        (outline,) = _outlines(NEWS, feeds={"formats": formats})
        assert outline["xmlUrl"] == f"https://news.example.org/feeds/news.{suffix}"
        assert outline["type"] == "rss"


def test_the_list_has_a_title_and_the_date_of_its_newest_feed() -> None:
    root = etree.fromstring(opml((ALL, NEWS, BOOKS), settings()))
    assert (root.tag, root.get("version")) == ("opml", "2.0")
    assert root.findtext("head/title") == "My newsroom"
    assert root.findtext("head/dateModified") == "Mon, 10 Feb 2025 10:00:00 GMT"


def test_without_feeds_there_is_no_date_and_no_subscription() -> None:
    root = etree.fromstring(opml((), settings()))
    assert root.find("head/dateModified") is None
    assert root.find("body") is not None
    assert list(root.iter("outline")) == []


def test_equal_input_gives_equal_bytes() -> None:
    assert opml((NEWS, BOOKS), settings()) == opml((NEWS, BOOKS), settings())
