"""Links that are safe to show, and the link of an entry. Pure."""

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

from aggregator import urls
from aggregator.model import Entry, Feed, SourceContext

_PAGE_TYPES = (None, "text/html", "application/xhtml+xml")


class EntryLink(NamedTuple):
    """Canonical link of an entry as printed, and its form for comparison, None if it does not identify the entry."""

    url: str
    key: str | None


def entry_links(feed: Feed, source: SourceContext) -> tuple[EntryLink, ...]:
    """Return the link of each entry of `feed`, in the document's order; always http or https.

    It is feedburner's origLink, else the alternate link, else the page that the entry is about (JSON Feed's
    external_url), else the guid if that is a link, else the feed's page, else the source's URL. The last two identify
    no entry, not even as its own link: comments all link to the page that they are about, a shop's news to its home.
    """
    pages = [url for href in (feed.link, source.url, feed.url) if href and (url := clean_url(href, feed.url))]
    page = EntryLink(pages[0] if pages else source.url, None)
    page_keys = frozenset(map(urls.canonical_key, pages))
    return tuple(_page_link(entry, feed, page, page_keys) for entry in feed.entries)


def safe_url(href: str, base: str | None) -> str | None:
    """Return `href` as an absolute http or https URL, without credentials.

    None if it is none, or hides an IP address as 0x7f.1 does.
    """
    url = urls.absolute(href, base)
    return urls.without_credentials(url) if url and not urls.has_unusual_ipv4(url) else None


def link_target(href: str, base: str | None) -> str | None:
    """Return the target of a link in a text as an absolute URL, a mailto: URL without what a URI may not hold."""
    href = href.strip()
    if href[:7].lower() == "mailto:":  # RFC 6068, 2
        return "mailto:" + quote("".join(href[7:].splitlines()), safe="!$%&'()*+,-./:;=?@_~", errors="replace")
    return safe_url(href, base) if href else None


def clean_url(href: str, base: str | None) -> str | None:
    """Return `href` as printed: as a safe URL without tracking."""
    url = safe_url(href, base)
    return urls.without_tracking(url) if url else None


def external_link(entry: Entry, feed_format: str) -> str | None:
    """Return the page that an entry of a JSON Feed is about, as published; None in other feeds."""
    related = (link.href for link in entry.links if link.rel == "related")
    return next(related, None) if feed_format.startswith("json") else None


def _page_link(entry: Entry, feed: Feed, page: EntryLink, page_keys: frozenset[str | None]) -> EntryLink:
    url = next((url for href in _own_links(entry, feed.format) if (url := clean_url(href, feed.url))), None)
    if url is None:
        return page
    key = urls.canonical_key(url)
    return EntryLink(url, None if key in page_keys else key)


def _own_links(entry: Entry, feed_format: str) -> Iterator[str]:
    if entry.original_link and urls.is_http(entry.original_link):
        yield entry.original_link
    alternates = [link for link in entry.links if link.rel == "alternate" and link.href.strip()]
    yield from (link.href for link in alternates if link.type in _PAGE_TYPES)
    yield from (link.href for link in alternates)
    if external := external_link(entry, feed_format):
        yield external
    # A guid of RSS is a link unless it says otherwise, an id of Atom, RDF and JSON Feed where it can be one. Both only
    # as they stand, RSS's as a path too: a podcast's bare uuid joined to a base would be a link to nowhere.
    if entry.guid and _is_link(entry.guid, entry, feed_format):
        yield entry.guid


def _is_link(guid: str, entry: Entry, feed_format: str) -> bool:
    if urls.is_http(guid):
        return entry.guid_is_link or not _is_plain_rss(feed_format)
    return entry.guid_is_link and guid.startswith("/")


def _is_plain_rss(feed_format: str) -> bool:
    return feed_format.startswith("rss") and feed_format != "rss10"
