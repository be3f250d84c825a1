"""Identity of an entry: its guid and its link, and whether they identify it alone. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from hashlib import blake2b
from typing import NamedTuple

from aggregator.characters import strip_unsafe
from aggregator.model import Entry, Feed, SourceContext
from aggregator.normalise.links import entry_links

MAX_GUID = 4000  # characters


class EntryIdentity(NamedTuple):
    """Guid and link of an entry; a key is None if several entries of the document share it."""

    guid: str | None  # as published, less the characters that no output may hold
    guid_key: str | None
    link: str  # canonical link as printed
    link_key: str | None


def identities(feed: Feed, source: SourceContext) -> tuple[EntryIdentity, ...]:
    """Return the identity of each entry of `feed`, in the document's order.

    A guid identifies its entry unless entries of the same guid differ in link or title; a link, unless entries of the
    same link differ in guid or title (some feeds give the same guid, or their home page, to all).
    """
    links = entry_links(feed, source)
    guids = tuple(printable_guid(entry.guid) if entry.guid else None for entry in feed.entries)
    titles = tuple(map(_headline, feed.entries))
    shared_guids = _shared(
        zip(guids, ((link.url, title) for link, title in zip(links, titles, strict=True)), strict=True)
    )
    shared_links = _shared(zip((link.key for link in links), zip(guids, titles, strict=True), strict=True))
    return tuple(
        EntryIdentity(
            guid, None if guid in shared_guids else guid, link.url, None if link.key in shared_links else link.key
        )
        for guid, link in zip(guids, links, strict=True)
    )


def printable_guid(published: str) -> str | None:
    """Return a guid that can be stored and printed, a digest of it if it is endless, None if nothing is left."""
    guid = strip_unsafe(published).strip()
    if len(guid) > MAX_GUID:
        return f"blake2b:{blake2b(guid.encode(errors='surrogatepass'), digest_size=16).hexdigest()}"
    return guid or None


def _headline(entry: Entry) -> str:
    """Return the title as published, or the text of an entry without one, which tells such entries apart."""
    title = entry.title.value.strip() if entry.title else ""
    return title or "\n".join(content.value for content in entry.contents)


def _shared(keyed: Iterable[tuple[str | None, tuple[str | None, str]]]) -> frozenset[str | None]:
    """Return the keys that stand beside different values."""
    values = defaultdict(set)
    for key, value in keyed:
        values[key].add(value)
    return frozenset(key for key, distinct in values.items() if len(distinct) > 1)
