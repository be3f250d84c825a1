from typing import Any

import feedparser
from lxml import etree

from aggregator.model import Credit, Person
from aggregator.render import feed_files
from tests.render.examples import article, category_feed, settings
from tests.render.test_formats import RICH

NAMESPACES = {"a": "http://www.w3.org/2005/Atom", "media": "http://search.yahoo.com/mrss/"}


def _document(*articles: Any, **changes: Any) -> bytes:
    return feed_files(category_feed(*articles), settings(**changes))[1].data


def _texts(path: str, *articles: Any, **changes: Any) -> list[str]:
    texts: Any = etree.fromstring(_document(*articles, **changes)).xpath(path, namespaces=NAMESPACES)
    return [str(text) for text in texts]


def test_the_feed_has_an_id_an_author_a_date_and_names_us() -> None:
    assert _texts("a:id/text()") == ["https://news.example.org/feeds/news.atom"]
    assert _texts("a:author/a:name/text()") == ["My newsroom: News"]
    assert _texts("a:updated/text()") == ["2025-02-09T10:00:00+00:00"]
    assert _texts("a:generator/text()") == ["aggregator"]


def test_the_feed_links_to_its_page_itself_and_the_hub() -> None:
    hub = {"feeds": {"hub": "https://hub.example/"}}
    assert _texts("a:link[@rel='self']/@href", **hub) == ["https://news.example.org/feeds/news.atom"]
    assert _texts("a:link[@rel='self']/@type", **hub) == ["application/atom+xml"]
    assert _texts("a:link[@rel='alternate']/@href", **hub) == ["https://news.example.org/category/news"]
    assert _texts("a:link[@rel='hub']/@href", **hub) == ["https://hub.example/"]


def test_titles_and_summaries_are_plain_text_escaped_once() -> None:
    story = article(title="Vec<T> &amp;", summary="a <b> &amp;")
    assert _texts("a:entry/a:title/@type | a:entry/a:summary/@type", story) == ["text", "text"]
    assert _texts("a:entry/a:title/text() | a:entry/a:summary/text()", story) == ["Vec<T> &amp;", "a <b> &amp;"]
    assert _texts("a:title/@type", story) == ["text"]


def test_the_whole_body_is_html() -> None:
    assert _texts("a:entry/a:content/@type", article()) == ["html"]
    assert _texts("a:entry/a:content/text()", article()) == [article().html]


def test_nothing_empty_is_written() -> None:
    assert (
        _texts("//*[not(*) and not(text()) and not(@href) and not(@term) and not(@url)]", article(html="", summary=""))
        == []
    )
    assert _texts("a:entry/a:content", article(html="")) == []
    assert _texts("a:entry/a:summary", article(summary="")) == []


def test_every_enclosure_keeps_its_relation_type_and_length() -> None:
    links = feedparser.parse(_document(RICH)).entries[0].enclosures
    assert [(link.href, link.type, link.get("length")) for link in links] == [
        ("https://example.org/1.mp3", "audio/mpeg", "1234"),
        ("https://example.org/2.mp4", "video/mp4", None),
    ]


def test_stories_told_elsewhere_are_related() -> None:
    assert _texts("a:entry/a:link[@rel='related']/@href", RICH) == ["https://other.example/1"]
    assert _texts("a:entry/a:link[@rel='related']/@title", RICH) == ["The same <story>"]


def test_authors_keep_what_is_well_formed() -> None:
    people = (*RICH.authors, Person(email="no address", url="no url"))
    story = article(authors=people)
    assert _texts("a:entry/a:author/a:name/text()", story) == ["A Writer", "B", "no address"]
    assert _texts("a:entry/a:author/a:email/text()", story) == ["writer@example.org"]
    assert _texts("a:entry/a:author/a:uri/text()", story) == ["https://example.org/writer"]


def test_an_article_without_author_is_its_sources() -> None:
    assert _texts("a:entry/a:author/a:name/text()", article()) == ["The Example"]
    assert _texts("a:entry/a:author/a:uri/text()", article()) == ["https://example.org/"]


def test_the_source_is_credited_with_all_that_atom_demands() -> None:
    assert _texts("//a:source/a:id/text()", RICH) == ["https://example.org/feed.xml"]
    assert _texts("//a:source/a:title/text()", RICH) == ["The Example"]
    assert _texts("//a:source/a:updated/text()", RICH) == ["2025-02-09T10:00:00+00:00"]
    assert _texts("//a:source/a:link[@rel='self']/@href", RICH) == ["https://example.org/feed.xml"]
    assert _texts("//a:source/a:link[@rel='alternate']/@href", RICH) == ["https://example.org/"]
    untitled = Credit(source="example", link="https://example.org/1/", feed_url="https://example.org/feed.xml")
    assert _texts("//a:source/a:title/text()", article(credits=(untitled,))) == ["example"]


def test_a_page_that_is_no_web_address_is_not_linked() -> None:
    for link in ("/", "javascript:alert(1)", "mailto:a@example.org"):
        credit = Credit(
            source="example", link="https://example.org/1/", feed_url="https://example.org/f", feed_link=link
        )
        document = _document(article(credits=(credit,), image=link, authors=(Person(name="A", url=link),)))
        assert f'"{link}"'.encode() not in document
        assert f">{link}<".encode() not in document


def test_each_entry_says_its_language() -> None:
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    root = etree.fromstring(_document(article(1), article(2, language="ur"), article(3, language=None)))
    assert root.get(lang) is None
    assert [entry.get(lang) for entry in root.iterchildren("{*}entry")] == ["en", "ur", None]


def test_a_category_keeps_its_scheme_and_label() -> None:
    assert _texts("//a:category/@term", RICH) == ["World & Co", "Two, words"]
    assert _texts("//a:category/@scheme", RICH) == ["https://example.org/terms"]
    assert _texts("//a:category/@label", RICH) == ["World"]


def test_an_image_is_a_thumbnail() -> None:
    assert _texts("a:entry/media:thumbnail/@url", RICH) == ["https://example.org/image.jpg"]


def test_a_feed_without_articles_is_a_feed() -> None:
    parsed = feedparser.parse(_document())
    assert not parsed.bozo
    assert (parsed.version, parsed.feed.title, parsed.entries) == ("atom10", "My newsroom: News", [])
