from typing import Any

import feedparser
from lxml import etree

from aggregator.model import Credit, Enclosure, Person, Term
from aggregator.render import feed_files
from tests.render.examples import article, category_feed, settings
from tests.render.test_formats import RICH

NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "media": "http://search.yahoo.com/mrss/",
}


def _document(*articles: Any, **changes: Any) -> bytes:
    return feed_files(category_feed(*articles), settings(**changes))[0].data


def _texts(path: str, *articles: Any, **changes: Any) -> list[str]:
    """The texts or attributes that an XPath finds in the document of these articles."""
    texts: Any = etree.fromstring(_document(*articles, **changes)).xpath(path, namespaces=NAMESPACES)
    return [str(text) for text in texts]


def test_the_channel_links_to_its_page_itself_and_the_hub() -> None:
    hub = {"feeds": {"hub": "https://hub.example/"}}
    assert _texts("channel/link/text()", **hub) == ["https://news.example.org/category/news"]
    assert _texts("channel/atom:link[@rel='self']/@href", **hub) == ["https://news.example.org/feeds/news.rss"]
    assert _texts("channel/atom:link[@rel='self']/@type") == ["application/rss+xml"]
    assert _texts("channel/atom:link[@rel='hub']/@href", **hub) == ["https://hub.example/"]
    assert _texts("channel/atom:link[@rel='hub']/@href") == []


def test_the_channel_is_dated_by_its_newest_article_and_names_us() -> None:
    assert _texts("channel/lastBuildDate/text()") == ["Sun, 09 Feb 2025 10:00:00 +0000"]
    assert _texts("channel/generator/text()") == ["aggregator"]


def test_the_channel_has_a_language_if_its_articles_share_one() -> None:
    assert _texts("channel/language/text()", article(1), article(2)) == ["en"]
    assert _texts("channel/language/text()", article(1), article(2, language="ur")) == []
    assert _texts("channel/language/text()", article(language="not one")) == []
    assert _texts("//dc:language/text()", article(1), article(2, language="ur")) == ["en", "ur"]


def test_the_whole_body_stands_beside_a_plain_summary() -> None:
    story = article(summary="AT&T, a <b> and &amp;")
    assert _texts("//item/content:encoded/text()", story) == [story.html]
    shown = feedparser.parse(_document(story)).entries[0].summary
    assert shown == "AT&amp;T, a &lt;b&gt; and &amp;amp;"  # HTML for the same text
    assert _texts("//item/description/text()", article(summary="AT&T & co.")) == ["AT&T & co."]


def test_without_a_summary_the_title_describes_the_body() -> None:
    assert _texts("//item/description/text()", article(summary="")) == ["Article 1"]
    assert _texts("//item/content:encoded/text()", article(summary="")) == [article().html]
    assert _texts("//item/content:encoded", article(html="")) == []


def test_a_title_is_escaped_once_and_by_numbers() -> None:
    assert b"<title>AT&#x26;T &#x3C;b&#x3E; &#x26;amp;</title>" in _document(article(title="AT&T <b> &amp;"))
    assert _texts("//item/title/text()", article(title="AT&T <b> &amp;")) == ["AT&T <b> &amp;"]


def test_a_body_that_speaks_of_titles_is_left_alone() -> None:
    story = article(html="<p>&lt;title&gt;a &amp;amp; b&lt;/title&gt; ]]></p>")
    assert _texts("//item/content:encoded/text()", story) == [story.html]


def test_the_guid_is_a_permalink_only_where_it_is_the_link() -> None:
    link = "https://example.org/1/"
    assert _texts("//guid/@isPermaLink", article()) == ["false"]
    assert _texts("//guid/@isPermaLink", article(uid=link, link=link)) == ["true"]
    assert _texts("//guid/text()", article(uid="tag:example.org,2020:1")) == ["tag:example.org,2020:1"]


def test_every_author_is_named_with_or_without_an_address() -> None:
    people = (Person(name="A"), Person(email="b@example.org"), Person(name="C", email="c@example.org"))
    assert _texts("//item/dc:creator/text()", article(authors=people)) == ["A", "b@example.org", "C"]
    assert _texts("//item/author", article(authors=people)) == []
    assert _texts("//item/dc:creator/text()", article()) == ["The Example"]


def test_every_enclosure_is_kept_with_all_that_rss_demands() -> None:
    story = article(enclosures=(*RICH.enclosures, Enclosure(url="https://example.org/3", type="odd")))
    assert _texts("//enclosure/@url", story)[2] == "https://example.org/3"
    assert _texts("//enclosure/@length", story) == ["1234", "0", "0"]
    assert _texts("//enclosure/@type", story) == ["audio/mpeg", "video/mp4", "application/octet-stream"]


def test_an_image_is_media_content_and_thumbnail_outside_a_group() -> None:
    assert _texts("//item/media:content/@url", RICH) == ["https://example.org/image.jpg"]
    assert _texts("//item/media:content/@medium", RICH) == ["image"]
    assert _texts("//item/media:thumbnail/@url", RICH) == ["https://example.org/image.jpg"]


def test_a_category_has_a_domain_only_where_it_is_a_url() -> None:
    terms = (Term(term="a", scheme="https://example.org/s"), Term(term="b", scheme="no url"), Term(term="c", label="C"))
    assert _texts("//item/category/text()", article(terms=terms)) == ["a", "b", "c"]
    assert _texts("//item/category/@domain", article(terms=terms)) == ["https://example.org/s"]


def test_the_source_is_credited() -> None:
    assert _texts("//item/source/@url", article()) == ["https://example.org/feed.xml"]
    assert _texts("//item/source/text()", article()) == ["The Example"]
    bare = article(credits=(Credit(source="example", link="https://example.org/1/"),))
    assert _texts("//item/source", bare) == []


def test_a_change_of_the_text_is_dated() -> None:
    assert _texts("//item/dcterms:modified/text()", RICH) == ["2025-02-09T10:00:00+00:00"]


def test_a_feed_without_articles_is_a_feed() -> None:
    parsed = feedparser.parse(_document())
    assert not parsed.bozo
    assert (parsed.version, parsed.feed.title, parsed.entries) == ("rss20", "My newsroom: News", [])
