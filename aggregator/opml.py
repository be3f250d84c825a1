"""The feeds that go out as an OPML 2.0 subscription list. Pure."""

from collections.abc import Sequence
from email.utils import format_datetime

from lxml.etree import Element, SubElement, tostring

from aggregator.model import CategoryFeed
from aggregator.names import ALL, feed_title, feed_url, page_url
from aggregator.settings import Settings

PREFERENCE = ("rss", "atom", "json")  # some readers know no Atom, and more know no JSON Feed


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
