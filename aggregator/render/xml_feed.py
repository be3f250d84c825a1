"""Feedgen's feed and entries, as RSS and Atom share them, with a hook for elements that feedgen cannot write."""

from collections.abc import Callable
from typing import Any

from lxml.etree import _Element as Element

from aggregator.model import StoredArticle
from aggregator.render.channel import GENERATOR, Channel


class ExtraElements:
    """A feedgen extension that calls `add` with each finished element (rss, item, feed or entry)."""

    def __init__(self) -> None:
        self.namespaces: dict[str, str] = {}  # prefixes that the document declares
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
    from feedgen.ext.media import MediaEntryExtension, MediaExtension  # not loaded by a run that publishes nothing
    from feedgen.feed import FeedGenerator

    feed = FeedGenerator()
    feed.register_extension("media", MediaExtension, MediaEntryExtension)
    feed.register_extension("extra", ExtraElements, ExtraElements)
    feed.id(channel.self_url)
    feed.title(channel.title)
    feed.author(name=channel.title, uri=channel.page_url)
    feed.link(href=channel.self_url, rel="self", type=channel.media_type)
    if channel.hub:
        feed.link(href=channel.hub, rel="hub")
    feed.link(href=channel.page_url, rel="alternate")  # last: RSS takes the last link for its own
    feed.generator(GENERATOR)
    feed.updated(channel.updated)
    if channel.language:
        feed.language(channel.language)
    return feed


def xml_entry(feed: Any, article: StoredArticle) -> Any:
    """Append the article to the feed; return feedgen's entry, still without id and summary."""
    entry = feed.add_entry(order="append")
    entry.title(article.title)
    entry.link(href=article.link)
    entry.published(article.published)
    entry.updated(article.updated)
    if article.html:
        entry.content(article.html, type="html")
    if article.image:
        entry.media.content({"url": article.image, "medium": "image", "group": None})
        entry.media.thumbnail({"url": article.image, "group": None})
    return entry
