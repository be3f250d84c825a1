"""A web page's feeds: those it links to, and where they usually are. Pure; tolerates anything.

Only `<link>` elements and Link headers that call themselves a feed count (the convention that WHATWG HTML, 4.6.6.3
wrote down). Whether there is a feed at the other end, only fetching tells.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from lxml import etree

from aggregator.model import Feed, FeedDocument
from aggregator.parse import parse
from aggregator.parse.encoding import characters
from aggregator.parse.not_a_feed import is_page
from aggregator.urls import absolute, without_credentials

MAX_LINKS = 20  # of one page; who lists more lists no choice
USUAL_NAMES = ("feed", "feed.xml", "rss.xml", "atom.xml", "index.xml", "rss", "feed.json")

_TYPES = frozenset(
    {f"application/{name}" for name in ("rss+xml", "atom+xml", "feed+json", "rdf+xml", "x-rss+xml", "xml")}
    | {"text/xml", "text/rss+xml"}
)
_LOOK = 2_000_000  # characters of a page in which its links stand, most within the first 10,000


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLink:
    """What a page calls its feed: an absolute URL, and a title, "" where it has none."""

    url: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a document is to somebody who looks for a feed: one itself, or a page that may lead to one."""

    is_feed: bool
    links: tuple[FeedLink, ...] = ()
    places: tuple[str, ...] = ()  # where else to ask; none where there are links


def offer(document: FeedDocument) -> Offer:
    """All that is computed of a document while a feed is looked for, in one call that can cross to another process."""
    if isinstance(parse(document), Feed):
        return Offer(is_feed=True)
    links = feed_links(document)
    return Offer(is_feed=False, links=links, places=() if links else usual_places(document))


def feed_links(page: FeedDocument) -> tuple[FeedLink, ...]:
    """The feeds that `page` links to, those of its HTTP header first, each URL once, at most 20."""
    found: dict[str, FeedLink] = {}
    for link in _links(page):
        found.setdefault(link.url, link)
        if len(found) == MAX_LINKS:
            break
    return tuple(found.values())


def usual_places(page: FeedDocument) -> tuple[str, ...]:
    """URLs at which a feed of `page` may be: in its folder, then at the top of its site, likeliest first.

    None for what is no web page: nobody keeps a feed beside a picture or an empty answer.
    """
    if not is_page(characters(page.body, page.content_type)[:_LOOK]):
        return ()
    url = without_credentials(page.final_url)
    folders = dict.fromkeys((urljoin(url, "."), urljoin(url, "/")))
    return tuple(urljoin(folder, name) for folder in folders for name in USUAL_NAMES)


def _links(page: FeedDocument) -> Iterator[FeedLink]:
    for link in page.links:
        if _is_feed(link.rel, link.type or ""):
            yield FeedLink(url=link.href)
    base = without_credentials(page.final_url)
    for tag, attributes in _elements(characters(page.body, page.content_type)[:_LOOK]):
        href = attributes.get("href", "").strip()
        if tag == "base":
            base = absolute(href, base) or base
        elif href and _is_feed(attributes.get("rel", ""), attributes.get("type", "")) and (url := absolute(href, base)):
            yield FeedLink(url=url, title=" ".join(attributes.get("title", "").split())[:200])


def _is_feed(rel: str, media_type: str) -> bool:
    relations = rel.lower().split()
    kind = media_type.partition(";")[0].strip().lower()
    return "alternate" in relations and "stylesheet" not in relations and kind in _TYPES


class _Seen:
    """A target of lxml's parser that keeps the links and the first base of a page, and builds no tree."""

    def __init__(self) -> None:
        self.found: list[tuple[str, dict[str, str]]] = []
        self._has_base = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        is_base = tag == "base" and "href" in attributes and not self._has_base
        self._has_base |= is_base
        if is_base or tag == "link":
            self.found.append((tag, dict(attributes)))

    def close(self) -> None:
        pass


def _elements(text: str) -> list[tuple[str, dict[str, str]]]:
    seen = _Seen()
    target: Any = seen
    parser = etree.HTMLParser(target=target, encoding="utf-8", no_network=True)
    with suppress(etree.XMLSyntaxError):  # not one element in it
        parser.feed(text.encode("utf-8", "replace"))
        parser.close()
    return seen.found
