"""Order in which the pages of a source's archive are read (RFC 5005), and where it ends. Pure.

A source may name pages without end, pages of others, or the same ones again and again.
"""

from hashlib import blake2b

from aggregator.model import BackfillStep, ClaimedBackfill, Feed, Source
from aggregator.settings.references import referenced_names
from aggregator.urls import is_http, registrable_name

MAX_PAGES = 1000  # of one archive
MAX_URL = 2000  # characters
DIGEST_BYTES = 8
_RELATIONS = ("prev-archive", "next")  # of an archive, and of a feed in pages


def first_step(feed: Feed, source: Source) -> BackfillStep | None:
    """Return where the archive of the source starts, None if it is not to be read, or its document names none.

    URLs that refer to the environment have none: those of their pages may hold the secret, and they are stored.
    """
    if source.settings.backfill == "none" or referenced_names(source.url) or _next_url(feed) is None:
        return None
    seen = _digest(source.url) + _digest(feed.url) + _entries_digest(feed)
    return _step(feed, source, BackfillStep(url=None, seen=seen))


def next_step(feed: Feed, claimed: ClaimedBackfill, *, is_outdated: bool = False) -> BackfillStep:
    """Return the place in the archive after a page; one that `is_outdated` has nothing that is kept, nor any behind."""
    entries = _entries_digest(feed)
    read_before = _digests(claimed.seen)
    step = BackfillStep(url=None, pages=claimed.pages + 1, seen=claimed.seen + _digest(feed.url) + entries)
    if entries in read_before:
        return _ended(step, "a page has the entries of an earlier one")
    if is_outdated and _next_url(feed):
        return _ended(step, "the other pages are older than `retention`")
    if step.pages >= MAX_PAGES and _next_url(feed):
        return _ended(step, f"{MAX_PAGES} pages were read, and more are not")
    return _step(feed, claimed.stored.source, step)


def is_of_site(url: str, *site_urls: str) -> bool:
    """Return True if the host of `url` and that of one of `site_urls` have one owner."""
    return registrable_name(url) in set(map(registrable_name, site_urls))


def _step(feed: Feed, source: Source, step: BackfillStep) -> BackfillStep:
    url = _next_url(feed)
    if url is None:
        return step
    if not is_of_site(url, source.url, feed.url):
        return _ended(step, "its next page is on another host")
    if _digest(url) in _digests(step.seen):
        return _ended(step, "a page names an earlier one as the next")
    return BackfillStep(url=url, pages=step.pages, seen=step.seen + _digest(url))


def _ended(step: BackfillStep, problem: str) -> BackfillStep:
    return BackfillStep(url=None, pages=step.pages, seen=step.seen, problem=problem)


def _next_url(feed: Feed) -> str | None:
    """Return the URL of the page behind this document, if it names one that can be asked for."""
    for relation in _RELATIONS:
        for link in feed.links:
            url = link.href.partition("#")[0]
            if link.rel == relation and is_http(url) and len(url) <= MAX_URL:
                return url
    return None


def _digest(text: str) -> bytes:
    return blake2b(text.partition("#")[0].encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).digest()


def _entries_digest(feed: Feed) -> bytes:
    """Return the digest of the document's entries, b"" if it has none."""
    digests = b"".join(entry.digest for entry in feed.entries)
    return blake2b(digests, digest_size=DIGEST_BYTES).digest() if digests else b""


def _digests(seen: bytes) -> frozenset[bytes]:
    return frozenset(seen[start : start + DIGEST_BYTES] for start in range(0, len(seen), DIGEST_BYTES))
