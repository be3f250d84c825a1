"""Feedgen's feed and entries, as RSS and Atom share them, with a hook for elements that feedgen cannot write.

feedgen writes the head of a document and each entry on its own, so that several documents can have the same entry.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lxml.etree import SubElement, tostring
from lxml.etree import _Element as Element

from aggregator.model import Enclosure, Rendition, StoredArticle
from aggregator.render.channel import GENERATOR, UNKNOWN_TYPE, Channel
from aggregator.render.podcast import ITUNES, PODCAST, add_episode

_MEDIA = "http://search.yahoo.com/mrss/"
_HISTORY = "http://purl.org/syndication/history/1.0"  # RFC 5005
_PARENT = "parent"
NAMESPACES = {"media": _MEDIA, "itunes": ITUNES, "podcast": PODCAST}  # of entries, by prefix


class ExtraElements:
    """A feedgen extension that calls `add` with each finished element (rss, item, feed or entry)."""

    def __init__(self) -> None:
        self.namespaces: dict[str, str] = {}  # by prefix, that the document declares
        self.add: Callable[[Element], None] = lambda _: None

    def extend_ns(self) -> dict[str, str]:
        """Return the namespaces; called by feedgen."""
        return self.namespaces

    def extend_rss(self, parent: Element) -> Element:
        """Extend `parent` and return it; called by feedgen."""
        self.add(parent)
        return parent

    extend_atom = extend_rss


def xml_feed(channel: Channel) -> Any:
    """Return a feedgen feed with the channel's head, without entries; `extra` is its extension.

    Every date is set, so that feedgen never asks the clock.
    """
    from feedgen.feed import FeedGenerator  # not loaded by a run that publishes nothing

    feed = FeedGenerator()
    feed.register_extension("extra", ExtraElements, ExtraElements)
    of_podcast = {"itunes": ITUNES} if channel.podcast else {}
    feed.extra.namespaces = {"media": _MEDIA, **of_podcast, **channel.namespaces}
    feed.id(channel.self_url)
    feed.title(channel.title)
    feed.author(name=channel.title, uri=channel.page_url)
    feed.link(href=channel.self_url, rel="self", type=channel.media_type)
    if channel.hub:
        feed.link(href=channel.hub, rel="hub")
    for relation, url in channel.links:
        feed.link(href=url, rel=relation, type=channel.media_type)
    if channel.is_archive:
        feed.extra.namespaces["fh"] = _HISTORY
    feed.link(href=channel.page_url, rel="alternate")  # last: RSS takes the last link for its own
    feed.generator(GENERATOR)
    feed.updated(channel.updated)
    if channel.language:
        feed.language(channel.language)
    return feed


def add_archive_mark(channel: Channel, parent: Element) -> None:
    """Add to a channel or feed the element that makes it a page of an archive, if it is one."""
    if channel.is_archive:
        SubElement(parent, f"{{{_HISTORY}}}archive")


def xml_entry(article: StoredArticle) -> Any:
    """Return the article as feedgen's entry, still without id and summary; `extra` is its extension."""
    from feedgen.entry import FeedEntry

    entry = FeedEntry()
    entry.register_extension("extra", ExtraElements)
    entry.title(article.title)
    entry.link(href=article.link)
    entry.published(article.published)
    entry.updated(article.updated)
    if article.html:
        entry.content(article.html, type="html")
    return entry


def markup(element: Element, namespaces: Mapping[str, str]) -> bytes:
    """Return an entry's element in UTF-8, as it stands in a document that declares these namespaces."""
    parent = element.makeelement(_PARENT, nsmap=dict(namespaces))
    parent.append(element)
    text: bytes = tostring(parent, encoding="UTF-8")
    return text[text.index(b">") + 1 : -len(f"</{_PARENT}>")]


def document(head: bytes, entries: Iterable[bytes], end: bytes) -> bytes:
    """Return the document `head`, which has no entries and closes with the tags `end`, with these entries."""
    return b"".join((head.removesuffix(end), *entries, end))


def add_media(article: StoredArticle, parent: Element) -> None:
    """Add to an item or entry what RSS and Atom themselves cannot say of images and other files (Media RSS, iTunes).

    An image comes with its alternative text, credit and other sizes, another file with its title and duration, an
    episode with its details. The text is a `media:title`: readers take a `media:description` for the entry's own.
    """
    images = {enclosure.url for enclosure in article.enclosures if enclosure.is_image}
    if article.image and article.image not in images:
        SubElement(parent, f"{{{_MEDIA}}}content", url=article.image, medium="image")
    for enclosure in article.enclosures:
        if enclosure.url in images or enclosure.title or enclosure.duration or enclosure.credit:
            _add_media_content(enclosure, parent)
    if article.image:
        SubElement(parent, f"{{{_MEDIA}}}thumbnail", url=article.image)
    if duration := next((enclosure.duration for enclosure in article.enclosures if enclosure.duration), None):
        SubElement(parent, f"{{{ITUNES}}}duration").text = str(duration)
    add_episode(article, parent)


def _add_media_content(enclosure: Enclosure, parent: Element) -> None:
    if enclosure.renditions:
        parent = SubElement(parent, f"{{{_MEDIA}}}group")
    content = SubElement(parent, f"{{{_MEDIA}}}content", url=enclosure.url, type=enclosure.type or "")
    if enclosure.is_image:
        content.set("medium", "image")
    if enclosure.length:
        content.set("fileSize", str(enclosure.length))
    for rendition in enclosure.renditions:
        if rendition.url == enclosure.url:
            _set_size(rendition, content)
            content.set("isDefault", "true")
        else:
            _add_rendition(rendition, parent)
    if enclosure.duration:
        content.set("duration", str(enclosure.duration))
    if enclosure.title:
        SubElement(content, f"{{{_MEDIA}}}title", type="plain").text = enclosure.title
    if enclosure.credit:
        SubElement(content, f"{{{_MEDIA}}}credit").text = enclosure.credit


def _add_rendition(rendition: Rendition, group: Element) -> None:
    media_type = rendition.type or UNKNOWN_TYPE
    content = SubElement(group, f"{{{_MEDIA}}}content", url=rendition.url, type=media_type, medium="image")
    if rendition.length:
        content.set("fileSize", str(rendition.length))
    _set_size(rendition, content)


def _set_size(rendition: Rendition, content: Element) -> None:
    if rendition.width:
        content.set("width", str(rendition.width))
    if rendition.height:
        content.set("height", str(rendition.height))
