"""What RSS and Atom share: feedgen filled with a channel and its articles, and a way to add what it cannot write."""

from collections.abc import Callable
from typing import Any

from lxml.etree import _Element as Element

from aggregator.model import StoredArticle
from aggregator.render.outgoing import GENERATOR, Channel


class Parts:
    """Elements that feedgen cannot write, as one of its extensions: `add` is called with the finished parent."""

    def __init__(self) -> None:
        self.namespaces: dict[str, str] = {}
        self.add: Callable[[Element], None] = lambda _: None

    def extend_ns(self) -> dict[str, str]:
        """Prefixes that the document declares; feedgen asks."""
        return self.namespaces

    def extend_rss(self, parent: Element) -> Element:
        """`parent` (rss, item, feed or entry) with what `add` put into it; feedgen calls."""
        self.add(parent)
        return parent

    extend_atom = extend_rss


def generated_feed(channel: Channel) -> Any:
    """feedgen's feed with the head of the channel, no entry yet, and `parts`. No field is left to its clock."""
    from feedgen.ext.media import MediaEntryExtension, MediaExtension  # a run that publishes nothing goes without it
    from feedgen.feed import FeedGenerator

    feed = FeedGenerator()
    feed.register_extension("media", MediaExtension, MediaEntryExtension)
    feed.register_extension("parts", Parts, Parts)
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


def generated_entry(feed: Any, article: StoredArticle) -> Any:
    """feedgen's entry for the article, at the end of the feed, without id and summary, and with `parts`."""
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
