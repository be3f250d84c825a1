from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Link
from aggregator.parse.discovery import MAX_LINKS, FeedLink, canonical_url, feed_links, usual_feed_urls
from tests.cases import for_each
from tests.parse.documents import document
from tests.thorough import examples

PAGE = "https://example.org/blog/post.html"


def found(html: str | bytes, url: str = PAGE) -> list[str]:
    return [link.url for link in feed_links(document(html, url=url))]


def test_a_page_gives_its_feeds_in_order_absolute_and_with_titles() -> None:
    page = """<!DOCTYPE html><html><head><title>A blog</title>
        <link rel="stylesheet" href="/style.css">
        <link rel="alternate" type="application/rss+xml" title="All &amp; more" href="/feed/">
        <LINK REL='Alternate' TYPE='application/atom+xml; charset=utf-8' HREF=atom.xml>
        <link rel="home alternate" type="application/feed+json" href="//other.example/feed.json"></head>"""
    assert feed_links(document(page, url=PAGE)) == (
        FeedLink(url="https://example.org/feed/", title="All & more"),
        FeedLink(url="https://example.org/blog/atom.xml"),
        FeedLink(url="https://other.example/feed.json"),
    )


@for_each(
    "link",
    [
        '<link rel="alternate" hreflang="de" href="/de/">',
        '<link rel="alternate" type="application/json+oembed" href="/embed">',
        '<link rel="alternate" type="application/json" href="/wp-json/posts/1">',
        '<link rel="alternate stylesheet" type="text/xml" href="/style">',
        '<link rel="alternate" type="application/rss+xml">',
        '<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">',
        '<link rel="alternate" type="application/rss+xml" href="http://[bad/">',
        '<!-- <link rel="alternate" type="application/rss+xml" href="/old"> -->',
        '<script>"<link rel=alternate type=application/rss+xml href=/no>"</script>',
    ],
)
def test_what_is_no_link_to_a_feed_gives_none(link: str) -> None:
    assert found(f"<html><head>{link}</head></html>") == []


def test_the_first_base_of_a_page_counts() -> None:
    link = '<link rel="alternate" type="application/rss+xml" href="feed">'
    assert found(f'<base target="_top"><base href="/a/"><base href="/b/">{link}') == ["https://example.org/a/feed"]


def test_the_canonical_url_of_a_page_is_joined_to_its_base() -> None:
    page = '<base href="/c/"><link rel="next" href="2"><link rel="Canonical" href="someone">'
    assert canonical_url(document(page, url=PAGE)) == "https://example.org/c/someone"
    assert canonical_url(document("<html>", url=PAGE)) is None


def test_a_feed_that_is_linked_twice_is_given_once_with_its_first_title() -> None:
    link = '<link rel="alternate" type="application/rss+xml" href="/feed" title="{}">'
    page = document(link.format("One") + link.format("Two"), url=PAGE)
    assert feed_links(page) == (FeedLink(url="https://example.org/feed", title="One"),)


def test_links_of_the_http_header_come_first() -> None:
    page = document('<link rel="alternate" type="application/rss+xml" href="/b">', url=PAGE)
    header = Link(rel="alternate", href="https://example.org/a", type="application/atom+xml")
    hub = Link(rel="hub", href="https://hub.example/")
    assert [link.url for link in feed_links(replace(page, links=(hub, header)))] == [
        "https://example.org/a",
        "https://example.org/b",
    ]


def test_credentials_of_the_page_are_not_lent_to_its_feeds() -> None:
    page = '<link rel="alternate" type="application/rss+xml" href="/feed">'
    assert found(page, "https://user:pass@example.org/") == ["https://example.org/feed"]


def test_titles_in_any_encoding_are_read() -> None:
    page = '<link rel=alternate type=application/rss+xml href=/f title="Новости">'
    (link,) = feed_links(document(page.encode("cp1251"), content_type="text/html; charset=windows-1251", url=PAGE))
    assert link.title == "Новости"


def test_a_page_of_ten_thousand_links_gives_the_first_few() -> None:
    links = "".join(
        f'<base href="/{number}/"><link rel="alternate" type="application/rss+xml" href="/{number}">'
        for number in range(10_000)
    )
    assert found(links) == [f"https://example.org/{number}" for number in range(MAX_LINKS)]


def test_a_page_of_a_hundred_thousand_levels_does_no_harm() -> None:
    assert found("<div>" * 100_000 + '<link rel="alternate" type="application/rss+xml" href="/deep">') in (
        [],
        ["https://example.org/deep"],
    )


@settings(max_examples=examples(100), deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet="<>/\"'=!- linkbasehrefrelalternatetype", max_size=200))
def test_no_page_makes_it_raise(page: bytes | str) -> None:
    feed_links(document(page, url=PAGE))


def test_usual_feed_urls_are_the_pages_folder_and_the_top_of_the_site() -> None:
    places = usual_feed_urls(document("<html>", url="https://user:pass@example.org/blog/post.html?x=1#y"))
    assert places[0] == "https://example.org/blog/feed"
    assert "https://example.org/feed.xml" in places
    assert len(set(places)) == len(places)


def test_at_the_top_of_a_site_each_place_is_named_once() -> None:
    places = usual_feed_urls(document("<!doctype html><p>", url="https://example.org"))
    assert places[0] == "https://example.org/feed"
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("body", ["", "{}", "<opml/>", "words", b"\x89PNG\r\n"])
def test_beside_what_is_no_page_nothing_is_usual(body: bytes | str) -> None:
    assert usual_feed_urls(document(body, url=PAGE)) == ()
