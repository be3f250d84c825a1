"""Documents to feeds. Pure; tolerates anything; never raises on bytes, unless memory ends.

A feed is recognised by its content alone: names and media types are often wrong. Everything in a Feed is as published:
no guid joined to a URL, no date read, no HTML cleaned, no field of the feed lent to its entries.
"""

import re
from contextlib import suppress
from urllib.parse import urldefrag

from msgspec.structs import replace

from aggregator.model import Failure, Feed, FeedDocument
from aggregator.parse.cost import is_cheap
from aggregator.parse.digest import DIGEST_BYTES
from aggregator.parse.encoding import decode
from aggregator.parse.fast import Unsupported, read_fast
from aggregator.parse.jsonfeed import json_feed
from aggregator.parse.not_a_feed import is_web_page, not_a_feed, parse_failure
from aggregator.parse.rss_atom import to_feed
from aggregator.urls import without_credentials

__all__ = ["DIGEST_BYTES", "is_cheap", "parse"]

_TAG = re.compile(r"<[\w:]")  # of any element


def parse(document: FeedDocument, *, max_entries: int = 10_000) -> Feed | Failure:
    """Return the feed in `document` (RSS 0.9x, 1.0, 2.0, Atom 0.3, 1.0, JSON Feed 1.0, 1.1), or why there is none.

    Entries beyond `max_entries` are left out and counted; those without title, link and text are dropped. A truncated
    document gives the entries before the cut, and `problem` says so. Links of the HTTP header come before the
    document's own: of two hubs or self links the header's counts (WebSub, 4).
    """
    url = urldefrag(without_credentials(document.final_url)).url
    text = decode(document.body, document.content_type)
    raw = None
    with suppress(Unsupported):  # feedparser reads it
        raw = read_fast(text, url, max_entries)
    feed = to_feed(raw, url) if raw else parse_slowly(text, url, max_entries)
    if isinstance(feed, Failure) or not document.links:
        return feed
    return replace(feed, links=(*document.links, *feed.links))


def parse_slowly(text: str, url: str, max_entries: int) -> Feed | Failure:
    """Return the feed in any document `text`; the same as by `read_fast` in those which that supports."""
    if text.lstrip().startswith(("{", "[")):
        return json_feed(text, url, max_entries)
    if is_web_page(text) or not _TAG.search(text):  # feedparser takes 4 s for a megabyte of "<"
        return not_a_feed(url, text)
    from aggregator.parse.with_feedparser import read_with_feedparser  # 40 ms and 6 MB, which most runs save

    try:
        raw = read_with_feedparser(text, url, max_entries)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  # feedparser may raise anything on malformed input
        cause = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        return parse_failure(url, f"feedparser cannot read the document ({cause})")
    return to_feed(raw, url) if raw else not_a_feed(url, text)
