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
from aggregator.secret_urls import HIDDEN, masked_url
from aggregator.settings import Settings

PREFERENCE = ("rss", "atom", "json")  # some readers know no Atom, and more know no JSON Feed

_FEED_SCHEME = re.compile(r"feed:(?://)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpmlOutline:
    """One subscription: the feed's URL as written, its text and title, and the folders around it."""

    url: str  # "" of an outline that is none
    text: str = ""  # one line, "" for none
    title: str = ""  # where it is another than the text
    folders: tuple[str, ...] = ()  # outermost first; all of them if the feed occurs several times
    language: str | None = None
    categories: tuple[str, ...] = ()  # of its own, beside the folders
    is_disabled: bool = False
    skip_reason: str = ""  # of an outline without a URL that is no folder, and of a comment


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
        outline = {
            "type": "rss",
            "text": source.name,
            "title": source.settings.title or source.name,
            "xmlUrl": masked_url(source.url),
        }
        if source.settings.language:
            outline["language"] = source.settings.language
        if not source.settings.enabled:
            outline["disabled"] = "true"
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

    Outlines with an `xmlUrl`, in upper or lower case, are subscriptions, others with outlines in them folders. The rest
    has a `skip_reason`. The document is decoded like a feed. XML that is not well-formed is read as far as possible; a
    bare "&" is an ampersand. A document that declares entities is refused, since a kilobyte of them can expand to
    gigabytes.
    """
    from aggregator.parse.encoding import decode, without_declaration  # publishing needs no parser
    from aggregator.parse.references import declares_entities, with_xml_references

    text = without_declaration(decode(data).lstrip())
    if declares_entities(text):
        return _failure("it declares XML entities, which no list of subscriptions needs", "take them out")
    parser = XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    root = None
    with suppress(XMLSyntaxError):  # nothing in it is XML: reported below
        root = fromstring(with_xml_references(text), parser)
    if root is None or str(root.tag).lower() != "opml":
        return _failure("it is no OPML document", "export the subscriptions of a feed reader as OPML")
    outlines: dict[tuple[str, str], OpmlOutline] = {}
    for outline in _outlines(root, ()):
        key = outline.url, outline.skip_reason and outline.text
        first = outlines.setdefault(key, outline)
        folders = tuple(dict.fromkeys((*first.folders, *outline.folders)))
        categories = tuple(dict.fromkeys((*first.categories, *outline.categories)))
        outlines[key] = replace(first, folders=folders, categories=categories)
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
        is_outline = str(element.tag).lower() == "outline"
        if attributes.get("iscomment", "").lower() == "true":
            yield OpmlOutline(url="", text=text, skip_reason="it is a comment")
            continue
        if url := attributes.get("xmlurl"):
            yield OpmlOutline(
                url=web_url(url.replace(f"//{HIDDEN}@", "//", 1)),  # credentials that `sources_opml` masked
                text=text,
                title=title if (title := attributes.get("title", "")) != text else "",
                folders=folders,
                language=attributes.get("language") or None,
                categories=_categories(attributes.get("category", "")),
                is_disabled=attributes.get("disabled", attributes.get("isdisabled", "")).lower() == "true",
            )
            yield from _outlines(element, folders)
        elif is_outline and not len(element):
            yield OpmlOutline(url="", text=text, skip_reason="it has no xmlUrl")
        else:
            yield from _outlines(element, (*folders, text) if text and is_outline else folders)


def web_url(url: str) -> str:
    """Return a `feed:` URL as an http one, or as the URL that it holds; any other as it is."""
    scheme = _FEED_SCHEME.match(url)
    if not scheme:
        return url
    address = url[scheme.end() :]
    return address if re.match("https?://", address, re.IGNORECASE) else f"http://{address}"


def _categories(attribute: str) -> tuple[str, ...]:
    """Return the categories of a `category` attribute: comma-separated, of a path with slashes the last part."""
    names = (name.strip().rstrip("/").rpartition("/")[2].strip() for name in attribute.split(","))
    return tuple(dict.fromkeys(name for name in names if name))


def _failure(reason: str, advice: str) -> Failure:
    return Failure(stage="parse", subject="the OPML file", reason=reason, advice=advice)
