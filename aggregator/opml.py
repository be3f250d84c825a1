"""OPML 2.0 subscription lists: of the feeds that go out, of the sources, and as other programs write them. Pure."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from email.utils import format_datetime
from typing import Any

from lxml.etree import Element, SubElement, XMLParser, XMLSyntaxError, fromstring, tostring

from aggregator.model import CategoryFeed, Failure, Source
from aggregator.names import ALL, feed_title, feed_url, page_url
from aggregator.settings import Settings
from aggregator.urls import without_credentials

PREFERENCE = ("rss", "atom", "json")  # some readers know no Atom, and more know no JSON Feed

_ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)


def opml(feeds: Sequence[CategoryFeed], settings: Settings) -> bytes:
    """`feeds.opml` in UTF-8: each category once, in the most widely read format that is configured.

    The feed `all` is left out: with it a reader would show every article twice. The date is that of the newest feed,
    so the bytes change only with the feeds; without any feed there is none.
    """
    root = Element("opml", version="2.0")
    head = SubElement(root, "head")
    SubElement(head, "title").text = settings.title
    if feeds:
        SubElement(head, "dateModified").text = format_datetime(max(feed.updated for feed in feeds), usegmt=True)
    body = SubElement(root, "body")
    for feed in feeds:
        if feed.name != ALL:
            SubElement(body, "outline", _outline(feed, settings))
    return tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def _outline(feed: CategoryFeed, settings: Settings) -> dict[str, str]:
    """A subscription's attributes; its type is "rss" whatever the format, as the specification wants."""
    title = feed_title(settings.title, feed.name, feed.label)
    suffix = next(name for name in PREFERENCE if name in settings.feeds.formats)
    return {
        "type": "rss",
        "text": title,
        "title": title,
        "xmlUrl": feed_url(settings.public_url, feed.name, suffix),
        "htmlUrl": page_url(settings.public_url, feed.name),
    }


# ------------------------------------------------------------------------------------- sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One subscription of a list: the feed's URL as written, what it is called, the folders it lies in."""

    url: str
    text: str = ""  # one line, "" where there is none
    folders: tuple[str, ...] = ()  # outermost first; of a feed that lies in several places, all of them
    language: str | None = None


def sources_opml(sources: Sequence[Source], title: str) -> bytes:
    """The sources as a list in UTF-8, under their names: a folder a category, in the order of the sources.

    A source that is its own only category lies in no folder, one of several categories in each of their folders.
    Passwords in URLs are left out, and so are headers. The bytes change only with the sources.
    """
    root = Element("opml", version="2.0")
    SubElement(SubElement(root, "head"), "title").text = title
    body = SubElement(root, "body")
    folders: dict[str, Any] = {}
    for source in sources:
        if source.categories == (source.name,):
            SubElement(body, "outline", _subscription(source))
            continue
        for category in source.categories:
            if category not in folders:
                folders[category] = SubElement(body, "outline", text=category, title=category)
            SubElement(folders[category], "outline", _subscription(source))
    return tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def subscriptions(data: bytes) -> tuple[Subscription, ...] | Failure:
    """The subscriptions of an OPML 1.0, 1.1 or 2.0 document, each URL once; or why it is none.

    Outlines with an `xmlUrl`, in whatever case, are subscriptions, others folders, those marked as comments nothing.
    XML that is not well-formed is read as far as it makes sense; a document that declares entities is refused, since
    a kilobyte of them can unfold to gigabytes.
    """
    if _ENTITY.search(data.replace(b"\0", b"")):  # of UTF-16 too
        return _failure("it declares XML entities, which no list of subscriptions needs", "take them out")
    parser = XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    root = None
    with suppress(XMLSyntaxError):
        root = fromstring(data, parser)
    if root is None or str(root.tag).lower() != "opml":
        return _failure("it is no OPML document", "export the subscriptions of a feed reader as OPML")
    found: dict[str, Subscription] = {}
    for one in _within(root, ()):
        first = found.setdefault(one.url, one)
        found[one.url] = replace(first, folders=tuple(dict.fromkeys((*first.folders, *one.folders))))
    return tuple(found.values())


def _subscription(source: Source) -> dict[str, str]:
    language = {"language": source.settings.language} if source.settings.language else {}
    url = without_credentials(source.url)
    return {"type": "rss", "text": source.name, "title": source.name, "xmlUrl": url} | language


def _within(parent: Any, folders: tuple[str, ...]) -> Iterator[Subscription]:
    """The subscriptions below an element; libxml2 lets no document nest deeper than 256."""
    for element in parent.iterchildren("*"):
        said = {name.lower(): " ".join(value.split()) for name, value in element.attrib.items()}
        text = said.get("text") or said.get("title") or ""
        if said.get("iscomment", "").lower() == "true":
            continue
        if url := said.get("xmlurl"):
            yield Subscription(url=url, text=text, folders=folders, language=said.get("language") or None)
            yield from _within(element, folders)
        else:
            is_folder = text and str(element.tag).lower() == "outline"
            yield from _within(element, (*folders, text) if is_folder else folders)


def _failure(reason: str, advice: str) -> Failure:
    return Failure(stage="parse", subject="the OPML file", reason=reason, advice=advice)
