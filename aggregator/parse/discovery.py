"""Feeds of a web page: those it links to, and the usual URLs. Pure; tolerates anything.

Only `<link>` elements and Link headers with the media type of a feed count (WHATWG HTML, 4.6.6.3). The caller fetches
the URLs to see whether they are feeds.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urljoin

from lxml import etree

from aggregator.model import FeedDocument
from aggregator.parse.encoding import decode
from aggregator.parse.not_a_feed import is_web_page
from aggregator.urls import absolute, without_credentials

MAX_LINKS = 20  # of one page; nobody can choose from more
USUAL_NAMES = ("feed", "feed.xml", "rss.xml", "atom.xml", "index.xml", "rss", "feed.json")

_TYPES = frozenset(
    {f"application/{name}" for name in ("rss+xml", "atom+xml", "feed+json", "rdf+xml", "x-rss+xml", "xml")}
    | {"text/xml", "text/rss+xml"}
)
_FEED_URL = re.compile(r'"feedUrl"\s*:\s*("https?:[^"<>\s]{1,4000}")')
_HEAD = 2_000_000  # characters of a page that are searched for links; most are in the first 10,000


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLink:
    """A link to a feed: an absolute URL and a title, "" if there is none."""

    url: str
    title: str = ""


def feed_links(page: FeedDocument) -> tuple[FeedLink, ...]:
    """Return the feeds that `page` links to, those of its HTTP header first, each URL once, at most 20."""
    links: dict[str, FeedLink] = {}
    for link in _links(page):
        links.setdefault(link.url, link)
        if len(links) == MAX_LINKS:
            break
    return tuple(links.values())


def usual_feed_urls(page: FeedDocument) -> tuple[str, ...]:
    """Return the URLs at which feeds usually are: in the page's folder, then at the root of its site, likeliest first.

    Documents that are not web pages have none.
    """
    if not is_web_page(decode(page.body, page.content_type)[:_HEAD]):
        return ()
    url = without_credentials(page.final_url)
    folders = dict.fromkeys((urljoin(url, "."), urljoin(url, "/")))
    return tuple(urljoin(folder, name) for folder in folders for name in USUAL_NAMES)


def canonical_url(page: FeedDocument) -> str | None:
    """Return the URL that `page` declares as its own (RFC 6596), None if it declares none."""
    canonical = (url for url, attributes in _linked(page) if "canonical" in attributes.get("rel", "").lower().split())
    return next(canonical, None)


def data_feed_url(page: FeedDocument) -> str | None:
    """Return the URL of a feed that the JSON data of `page` names as `feedUrl`, as Apple's podcast pages do."""
    if not (match := _FEED_URL.search(decode(page.body, page.content_type)[:_HEAD])):
        return None
    with suppress(ValueError):  # an invalid escape
        return absolute(json.loads(match[1]))
    return None


def _links(page: FeedDocument) -> Iterator[FeedLink]:
    for link in page.links:
        if _is_feed(link.rel, link.type or "") and (url := absolute(link.href)):
            yield FeedLink(url=url)
    for url, attributes in _linked(page):
        if _is_feed(attributes.get("rel", ""), attributes.get("type", "")):
            yield FeedLink(url=url, title=" ".join(attributes.get("title", "").split())[:200])


def _linked(page: FeedDocument) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the URL, joined to the page's `base`, and the attributes of each `link` element."""
    base = without_credentials(page.final_url)
    for tag, attributes in _elements(decode(page.body, page.content_type)[:_HEAD]):
        href = attributes.get("href", "").strip()
        if tag == "base":
            base = absolute(href, base) or base
        elif href and (url := absolute(href, base)):
            yield url, attributes


def _is_feed(rel: str, media_type: str) -> bool:
    relations = rel.lower().split()
    kind = media_type.partition(";")[0].strip().lower()
    return "alternate" in relations and "stylesheet" not in relations and kind in _TYPES


class _Target:
    """Target of lxml's parser that collects `link` elements and the first `base`, and builds no tree."""

    def __init__(self) -> None:
        self.elements: list[tuple[str, dict[str, str]]] = []
        self._has_base = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        is_base = tag == "base" and "href" in attributes and not self._has_base
        self._has_base |= is_base
        if is_base or tag == "link":
            self.elements.append((tag, dict(attributes)))

    def close(self) -> None:
        pass


def _elements(text: str) -> list[tuple[str, dict[str, str]]]:
    """Return name and attributes of each `link` element and of the first `base`."""
    target = _Target()
    parser = etree.HTMLParser(target=cast(Any, target), encoding="utf-8", no_network=True)
    with suppress(etree.XMLSyntaxError):  # there is no element
        parser.feed(text.encode("utf-8", "replace"))
        parser.close()
    return target.elements
