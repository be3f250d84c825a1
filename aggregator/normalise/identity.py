"""What an entry is called: the names that tell it from others, and the id that it gets from us. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from aggregator.characters import strip_unsafe
from aggregator.model import Entry, Feed, SourceContext
from aggregator.normalise.links import page_links


class Names(NamedTuple):
    """An entry's names; a key is None where several entries of the document share it."""

    guid: str | None  # as published, less the characters that no output may hold
    guid_key: str | None
    link: str  # canonical link as printed
    link_key: str | None


def names(feed: Feed, source: SourceContext) -> tuple[Names, ...]:
    """The names of each entry of `feed`, in the document's order.

    A guid names its entry unless entries of the same guid differ in link or title; a link, unless entries of the same
    link differ in guid or title (some feeds give one guid, or their home page, to all).
    """
    links = page_links(feed, source)
    guids = tuple(strip_unsafe(entry.guid).strip() or None if entry.guid else None for entry in feed.entries)
    titles = tuple(map(_headline, feed.entries))
    shared_guids = _shared(
        zip(guids, ((link.url, title) for link, title in zip(links, titles, strict=True)), strict=True)
    )
    shared_links = _shared(zip((link.key for link in links), zip(guids, titles, strict=True), strict=True))
    return tuple(
        Names(guid, None if guid in shared_guids else guid, link.url, None if link.key in shared_links else link.key)
        for guid, link in zip(guids, links, strict=True)
    )


def _headline(entry: Entry) -> str:
    """What stands over an entry, as published; a note without title is told from others by its text."""
    title = entry.title.value.strip() if entry.title else ""
    return title or "\n".join(content.value for content in entry.contents)


def _shared(named: Iterable[tuple[str | None, tuple[str | None, str]]]) -> frozenset[str | None]:
    """The names that stand for several things."""
    things = defaultdict(set)
    for name, thing in named:
        things[name].add(thing)
    return frozenset(name for name, distinct in things.items() if len(distinct) > 1)
