"""OPML 2.0 subscription lists: of published feeds, of sources, and of other programs. Pure."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from email.utils import format_datetime
from typing import Any

from lxml.etree import Element, SubElement, XMLParser, XMLSyntaxError, fromstring, tostring

from aggregator.model import CategoryFeed, Failure, Source
from aggregator.names import ALL, feed_title, feed_url, page_url
from aggregator.secret_urls import masked_url
from aggregator.settings import Settings

PREFERENCE = ("rss", "atom", "json")  # some readers know no Atom, and more know no JSON Feed

_ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpmlOutline:
    """One subscription: the feed's URL as written, its title, and the folders around it."""

    url: str
    text: str = ""  # one line, "" for none
    folders: tuple[str, ...] = ()  # outermost first; all of them if the feed occurs several times
    language: str | None = None


def opml(feeds: Sequence[CategoryFeed], settings: Settings) -> bytes:
    """Return `feeds.opml` in UTF-8: each category once, in the most widely read format that is configured.

    The feed `all` is left out, since a reader would show every article twice. The date is that of the newest feed, so
    the bytes change only with the feeds. The type is "rss" for every format, as the specification requires.
    """
    suffix = next(name for name in PREFERENCE if name in settings.feeds.formats)
    root, head, body = _document(settings.title)
    if feeds:
        SubElement(head, "dateModified").text = format_datetime(max(feed.updated for feed in feeds), usegmt=True)
    for feed in feeds:
        if feed.name != ALL:
            title = feed_title(settings.title, feed.name, feed.label)
            urls = {
                "xmlUrl": feed_url(settings.public_url, feed.name, suffix),
                "htmlUrl": page_url(settings.public_url, feed.name),
            }
            SubElement(body, "outline", {"type": "rss", "text": title, "title": title} | urls)
    return _bytes(root)


def sources_opml(sources: Sequence[Source], title: str) -> bytes:
    """Return the sources in UTF-8: a folder per category, in the order of the sources.

    A source whose name is its only category is in no folder, one of several categories in each of their folders.
    Passwords in URLs and headers are left out. The bytes change only with the sources.
    """
    root, _, body = _document(title)
    folders: dict[str, Any] = {}
    for source in sources:
        outline = {"type": "rss", "text": source.name, "title": source.name, "xmlUrl": masked_url(source.url)}
        if source.settings.language:
            outline["language"] = source.settings.language
        if source.categories == (source.name,):
            SubElement(body, "outline", outline)
            continue
        for category in source.categories:
            if category not in folders:
                folders[category] = SubElement(body, "outline", text=category, title=category)
            SubElement(folders[category], "outline", outline)
    return _bytes(root)


def subscriptions(data: bytes) -> tuple[OpmlOutline, ...] | Failure:
    """Return the subscriptions of an OPML 1.0, 1.1 or 2.0 document, each URL once; or the reason why there are none.

    Outlines with an `xmlUrl`, in upper or lower case, are subscriptions, others folders; comments are skipped. XML that
    is not well-formed is read as far as possible. A document that declares entities is refused, since a kilobyte of
    them can expand to gigabytes.
    """
    if _ENTITY.search(data.replace(b"\0", b"")):  # of UTF-16 too
        return _failure("it declares XML entities, which no list of subscriptions needs", "take them out")
    parser = XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    root = None
    with suppress(XMLSyntaxError):
        root = fromstring(data, parser)
    if root is None or str(root.tag).lower() != "opml":
        return _failure("it is no OPML document", "export the subscriptions of a feed reader as OPML")
    outlines: dict[str, OpmlOutline] = {}
    for outline in _outlines(root, ()):
        first = outlines.setdefault(outline.url, outline)
        outlines[outline.url] = replace(first, folders=tuple(dict.fromkeys((*first.folders, *outline.folders))))
    return tuple(outlines.values())


def _document(title: str) -> tuple[Any, Any, Any]:
    """Return the root, head and body of a new document."""
    root = Element("opml", version="2.0")
    head = SubElement(root, "head")
    SubElement(head, "title").text = title
    return root, head, SubElement(root, "body")


def _bytes(root: Any) -> bytes:
    return tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def _outlines(parent: Any, folders: tuple[str, ...]) -> Iterator[OpmlOutline]:
    """Yield the subscriptions below an element; libxml2 limits the depth to 256."""
    for element in parent.iterchildren("*"):
        attributes = {name.lower(): " ".join(value.split()) for name, value in element.attrib.items()}
        text = attributes.get("text") or attributes.get("title") or ""
        if attributes.get("iscomment", "").lower() == "true":
            continue
        if url := attributes.get("xmlurl"):
            yield OpmlOutline(url=url, text=text, folders=folders, language=attributes.get("language") or None)
            yield from _outlines(element, folders)
        else:
            is_folder = text and str(element.tag).lower() == "outline"
            yield from _outlines(element, (*folders, text) if is_folder else folders)


def _failure(reason: str, advice: str) -> Failure:
    return Failure(stage="parse", subject="the OPML file", reason=reason, advice=advice)
