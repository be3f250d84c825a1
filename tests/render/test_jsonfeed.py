import json
from typing import Any

from aggregator.render import feed_files
from tests.render.examples import article, category_feed, settings
from tests.render.test_formats import RICH


def _document(*articles: Any, **changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(feed_files(category_feed(*articles), settings(**changes))[2].data)
    return document


def test_the_head_says_what_and_where_it_is() -> None:
    document = _document(article(), feeds={"hub": "https://hub.example/"})
    assert next(iter(document)) == "version"
    document.pop("items")
    assert document == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "My newsroom: News",
        "home_page_url": "https://news.example.org/category/news",
        "feed_url": "https://news.example.org/feeds/news.json",
        "language": "en",
        "hubs": [{"type": "WebSub", "url": "https://hub.example/"}],
        "_generator": {"name": "aggregator"},
    }


def test_an_item_says_all_that_is_known_of_an_article() -> None:
    (item,) = _document(RICH)["items"]
    assert item.pop("content_html").startswith(RICH.html)
    assert item == {
        "id": "https://example.org/?p=1",
        "url": "https://example.org/1/",
        "title": "Article 1",
        "summary": "Body of article 1.",
        "image": "https://example.org/image.jpg",
        "date_published": "2025-02-08T04:51:01Z",
        "date_modified": "2025-02-09T10:00:00Z",
        "authors": [{"name": "A Writer", "url": "https://example.org/writer"}, {"name": "B"}],
        "tags": ["World & Co", "Two, words"],
        "language": "en",
        "attachments": [
            {"url": "https://example.org/1.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 1234},
            {"url": "https://example.org/2.mp4", "mime_type": "video/mp4"},
        ],
        "_source": {
            "name": "example",
            "title": "The Example",
            "home_page_url": "https://example.org/",
            "feed_url": "https://example.org/feed.xml",
        },
        "_sources": [
            {
                "name": "example",
                "title": "The Example",
                "home_page_url": "https://example.org/",
                "feed_url": "https://example.org/feed.xml",
                "url": "https://example.org/1/",
            }
        ],
        "_also": [{"title": "The same <story>", "url": "https://other.example/1", "source": "other"}],
    }


def test_the_page_that_an_article_is_about_is_named_beside_its_own() -> None:
    (item,) = _document(article(external_url="https://news.example/a b"))["items"]
    assert (item["url"], item["external_url"]) == ("https://example.org/1/", "https://news.example/a%20b")


def test_titles_and_summaries_are_plain_text() -> None:
    (item,) = _document(article(title="Vec<T> & co", summary="a <b> &amp;"))["items"]
    assert (item["title"], item["summary"]) == ("Vec<T> & co", "a <b> &amp;")


def test_an_article_without_body_has_its_summary_or_title_as_text() -> None:
    summarised, bare = _document(article(html=""), article(2, html="", summary=""))["items"]
    assert (summarised["content_text"], "content_html" in summarised) == ("Body of article 1.", False)
    assert bare["content_text"] == "Article 2"


def test_no_null_and_nothing_empty_is_written() -> None:
    document = _document(article(html="", summary="", language=None, credits=()))
    assert all(value for value in (*document.values(), *document["items"][0].values()))
    assert _document()["items"] == []
