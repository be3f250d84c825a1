"""What an entry is called: the names that tell it from others, and the id that it gets from us. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable
from hashlib import blake2b
from typing import NamedTuple

from aggregator import urls
from aggregator.model import Entry, Feed, Source
from aggregator.normalise import text
from aggregator.normalise.links import page_links, shown

# What validators and readers take for an id beside URLs: tag: (RFC 4151) and urn: (RFC 8141).
_TAG = re.compile(
    r"tag:(?:[\w.-]+@)?[a-z0-9.-]+,\d{4}(?:-\d\d(?:-\d\d)?)?:(?:[\w;/?:@&=+$.\-!~*'(),]|%[0-9a-f]{2})*", re.A | re.I
)
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
_URN = re.compile(r"urn:(?!uuid:)[a-z0-9][a-z0-9-]{1,31}:(?:[\w()+,\-.:=@;$!*'/?]|%[0-9a-f]{2})+", re.A | re.I)


class Names(NamedTuple):
    """An entry's names; a key is None where several entries of the document share it."""

    guid: str | None  # as published, less the characters that no output may hold
    guid_key: str | None
    link: str  # canonical link as printed
    link_key: str | None


def names(feed: Feed, source: Source) -> tuple[Names, ...]:
    """The names of each entry of `feed`, in the document's order.

    A guid names its entry unless entries of the same guid differ in link or title; a link, unless entries of the same
    link differ in guid or title (some feeds give one guid, or their home page, to all).
    """
    links = page_links(feed, source)
    guids = tuple(text.scrub(entry.guid).strip() or None if entry.guid else None for entry in feed.entries)
    titles = tuple(map(_headline, feed.entries))
    shared_guids = _shared(
        zip(guids, ((link.url, title) for link, title in zip(links, titles, strict=True)), strict=True)
    )
    shared_links = _shared(zip((link.key for link in links), zip(guids, titles, strict=True), strict=True))
    return tuple(
        Names(guid, None if guid in shared_guids else guid, link.url, None if link.key in shared_links else link.key)
        for guid, link in zip(guids, links, strict=True)
    )


def article_id(source_id: int, known: Names, entry: Entry, title: str, body: str) -> str:
    """Our id of an article, 32 hexadecimal digits: of its strongest name in its source, so the same at every fetch."""
    if known.guid_key:
        name = f"guid\0{known.guid_key}"
    elif known.link_key:
        name = f"link\0{known.link_key}"
    else:
        name = f"text\0{title}\0{entry.published}\0{body}"
    return blake2b(f"{source_id}\0{name}".encode(errors="surrogatepass"), digest_size=16).hexdigest()


def public_id(known: Names, own_id: str) -> str:
    """The id in feeds that go out: the guid where it names one article and is a URL, tag: or urn:, else ours."""
    if known.guid_key and _is_public(known.guid_key):
        return known.guid_key
    return f"urn:uuid:{own_id[:8]}-{own_id[8:12]}-{own_id[12:16]}-{own_id[16:20]}-{own_id[20:]}"


def _headline(entry: Entry) -> str:
    """What stands over an entry, as published; a note without title is told from others by its text."""
    title = entry.title.value.strip() if entry.title else ""
    return title or "\n".join(content.value for content in entry.contents)


def _is_public(guid: str) -> bool:
    if guid.startswith("http") and urls.absolute(guid) == guid:
        return shown(guid, None) == urls.without_credentials(guid) == guid
    return any(pattern.fullmatch(guid) for pattern in (_TAG, _UUID, _URN))


def _shared(named: Iterable[tuple[str | None, tuple[str | None, str]]]) -> frozenset[str | None]:
    """The names that stand for several things."""
    things = defaultdict(set)
    for name, thing in named:
        things[name].add(thing)
    return frozenset(name for name, distinct in things.items() if len(distinct) > 1)
