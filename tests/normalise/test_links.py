"""Which page an entry is about."""

import pytest

from aggregator.model import Entry, Link
from aggregator.normalise.links import EntryLink, clean_url, entry_links, link_target
from aggregator.normalise.media import image_url
from tests.cases import for_each
from tests.normalise.entries import SOURCE, entry, feed

PAGE = EntryLink("https://example.org/", None)


def link_of(given: Entry, format: str = "rss20") -> EntryLink:  # noqa: A002  # the field's name
    return entry_links(feed(given, format=format), SOURCE)[0]


def test_the_link_is_the_alternate_without_tracking_and_credentials() -> None:
    given = entry("A", "https://user:secret@www.example.org/a/?utm_source=rss&id=3#utm_medium=x")
    assert link_of(given) == EntryLink("https://www.example.org/a/?id=3", "https://example.org/a?id=3")


def test_the_original_link_is_preferred_to_the_counting_one() -> None:
    given = entry("A", "https://feeds.example.net/~r/1", original_link="https://example.org/a")
    assert link_of(given).url == "https://example.org/a"
    assert link_of(entry("A", "https://example.org/b", original_link="none")).url == "https://example.org/b"


def test_of_several_alternates_the_page_is_preferred() -> None:
    links = (
        Link(rel="enclosure", href="https://example.org/a.mp3"),
        Link(rel="alternate", href="https://example.org/a.pdf", type="application/pdf"),
        Link(rel="alternate", href="https://example.org/a.html", type="text/html"),
    )
    assert link_of(entry("A", links=links)).url == "https://example.org/a.html"
    assert link_of(entry("A", links=links[:2])).url == "https://example.org/a.pdf"
    assert link_of(entry("A", links=links[:1])) == PAGE


def test_without_a_link_a_guid_that_is_one_serves() -> None:
    url = "https://example.org/?p=1"
    link = EntryLink(url, url)
    assert link_of(entry("A", guid=url, guid_is_link=True)) == link
    assert link_of(entry("A", guid=url, guid_is_link=False)) == PAGE
    assert link_of(entry("A", guid=url), "atom10") == link
    assert link_of(entry("A", guid=url), "json11") == link
    assert link_of(entry("A", guid=url), "rss10") == link


@pytest.mark.parametrize("guid", ["0d9c7d6e-1f2a-4c57-9d0f-0d6f0c3d8a11", "a/b", "tag:example.org,2025:1", "urn:x:1"])
def test_a_guid_that_is_no_url_is_no_link(guid: str) -> None:
    assert link_of(entry("A", guid=guid, guid_is_link=True)) == PAGE


def test_a_guid_that_is_the_path_of_a_page_is_a_link_to_it() -> None:
    link = EntryLink("https://example.org/blog/a", "https://example.org/blog/a")
    assert link_of(entry("A", guid="/blog/a", guid_is_link=True)) == link
    assert link_of(entry("A", guid="/blog/a", guid_is_link=False)) == PAGE
    assert link_of(entry("A", guid="/blog/a"), "atom10") == PAGE


def test_without_any_link_the_feeds_page_is_printed_else_the_sources_url_and_neither_is_a_key() -> None:
    assert link_of(entry("A")) == PAGE
    assert entry_links(feed(entry("A"), link=None), SOURCE) == (EntryLink(SOURCE.url, None),)
    assert entry_links(feed(entry("A"), link="javascript:x"), SOURCE) == (EntryLink(SOURCE.url, None),)


def test_a_link_to_the_feeds_own_page_is_no_key() -> None:
    assert link_of(entry("A", "https://example.org/#comment-3")) == EntryLink("https://example.org/#comment-3", None)


@pytest.mark.parametrize("href", ["htpt:/:s://x", "javascript:alert(1)", "", "http://[", "data:text/html,x"])
def test_what_is_not_on_the_web_is_no_link(href: str) -> None:
    assert link_of(entry("A", href)) == PAGE


def test_a_link_is_a_valid_uri() -> None:
    assert link_of(entry("A", "https://bücher.example/a b")).url == "https://xn--bcher-kva.example/a%20b"
    assert link_of(entry("A", "/relative")).url == "https://example.org/relative"


@for_each(
    "host", ["2130706433", "017700000001", "0x7f000001", "0x7F.1", "127.1", "0", "0177.0.0.1", "127.0.0.1.", "x@0x7f.1"]
)
def test_an_address_in_disguise_is_no_link(host: str) -> None:
    assert clean_url(f"http://{host}:8080/x", None) is None
    assert clean_url(f"//{host}", "https://a.example/") is None


@for_each("host", ["127.0.0.1", "1.example", "0x7f.example", "9to5.example", "example.0x", "[::1]"])
def test_any_other_host_is_one(host: str) -> None:
    assert clean_url(f"http://{host}/x", None) == f"http://{host}/x"


def test_the_page_that_an_item_of_a_json_feed_is_about_is_its_link_where_it_has_none() -> None:
    about = Link(rel="related", href="https://news.example/story")
    own = Link(rel="alternate", href="https://example.org/1")
    guid = "https://example.org/?p=1"
    items = (entry("A", guid=guid, links=(about,)), entry("B", links=(own, about)))
    assert [link.url for link in entry_links(feed(*items, format="json11"), SOURCE)] == [about.href, own.href]
    assert entry_links(feed(*items, format="atom10"), SOURCE)[0].url == guid


@pytest.mark.parametrize("href", ["https://user:secret@example.org/a", "//user:secret@example.org/a", "/a"])
def test_links_and_images_in_texts_lose_their_credentials(href: str) -> None:
    base = "https://user:secret@example.org/feed"
    assert link_target(href, base) == "https://example.org/a"
    assert image_url(href, base) == "https://example.org/a"
