"""Documents to feeds. Pure; tolerates anything; never raises on bytes, unless memory ends.

What is a feed shows in its content alone: names and media types lie. Everything in a Feed is as published: no guid
joined to a URL, no date read, no HTML cleaned, no field of the feed lent to its entries.
"""

from dataclasses import replace
from urllib.parse import urldefrag

from aggregator.model import Failure, Feed, FeedDocument
from aggregator.parse.digest import DIGEST_BYTES
from aggregator.parse.encoding import characters
from aggregator.parse.fast import quick_reading
from aggregator.parse.jsonfeed import is_json, json_feed
from aggregator.parse.not_a_feed import failure, is_page, refusal
from aggregator.parse.plain import is_plain
from aggregator.parse.rss_atom import feed
from aggregator.urls import without_credentials

__all__ = ["DIGEST_BYTES", "is_plain", "parse"]


def parse(document: FeedDocument, *, max_entries: int = 10_000) -> Feed | Failure:
    """The feed that `document` is (RSS 0.9x, 1.0, 2.0, Atom 0.3, 1.0, JSON Feed 1.0, 1.1), else why it is none.

    Entries beyond `max_entries` are left out and counted; those without title, link and text are dropped. A document
    that was cut off gives the entries before the cut, and `problem` says so. Links of the HTTP header go before the
    document's own: of two hubs or selves the header's counts (WebSub, 4).
    """
    found = _parsed(document, max_entries)
    if isinstance(found, Failure) or not document.links:
        return found
    return replace(found, links=(*document.links, *found.links))


def _parsed(document: FeedDocument, max_entries: int) -> Feed | Failure:
    url = urldefrag(without_credentials(document.final_url)).url
    if quick := quick_reading(document.body, url, max_entries):
        return feed(quick, url)
    return with_care(document, url, max_entries)


def with_care(document: FeedDocument, url: str, max_entries: int) -> Feed | Failure:
    """The same for any document whatever: of a listed one it says what `quick_reading` says, and takes longer."""
    text = characters(document.body, document.content_type)
    if is_json(text):
        return json_feed(text, url, max_entries)
    if is_page(text) or "<" not in text:
        return refusal(url, text)
    from aggregator.parse.reading import reading  # feedparser: 40 ms and 6 MB, which most runs can spare

    try:
        read = reading(text, url, max_entries)
    except MemoryError:
        raise
    except Exception as fault:  # noqa: BLE001  # feedparser promises nothing about what it raises on strangers' bytes
        cause = " ".join(f"{type(fault).__name__}: {fault}".split())[:200]
        return failure(url, f"feedparser cannot read the document ({cause})")
    return feed(read, url) if read.said.is_feed else refusal(url, text)
