"""Drafts of a document for each source that named its URL: parsed, normalised, with their keys. Pure.

One call computes all that depends on the document. Its arguments and result can cross to another process, since the
cost depends on the document too: it runs in the sandbox unless the document is cheap (`parse.is_cheap`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from msgspec.structs import replace

from aggregator.dedupe import guid_key, keyed
from aggregator.model import Entry, Failure, Feed, FeedDocument, FeedInfo, Keyed, Source, SourceContext
from aggregator.normalise import normalise
from aggregator.parse import DIGEST_BYTES, parse
from aggregator.secret_urls import without_secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A source that a document is read for, and the entries of its last document (`SourceState.seen`)."""

    source: SourceContext
    seen: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDrafts:
    """The drafts that a document gives for one source."""

    feed: Feed  # its entries hold nothing but their digest
    feed_info: FeedInfo
    keyed: tuple[Keyed, ...]  # of the new or changed entries
    still_listed: frozenset[str]  # as in `Normalised`
    deleted: Mapping[bytes, datetime] = field(default_factory=dict)  # times of deletion, by the key of the guid
    undeleted: frozenset[bytes] = frozenset()  # keys of the guids of all other entries; empty if `deleted` is


ReadResult = tuple[SourceDrafts, ...] | Failure  # of `read`


def subscriber(source: Source, seen: bytes) -> Subscriber:
    """Return `source` as a subscriber, without its secrets, which reading does not need."""
    settings = source.settings
    url = without_secrets(source.url)
    context = SourceContext(id=source.id, url=url, language=settings.language, remove=settings.remove)
    return Subscriber(source=context, seen=seen)


def read(document: FeedDocument, subscribers: Sequence[Subscriber], now: datetime, summary_words: int) -> ReadResult:
    """Return the drafts of `document` for each of `subscribers`, in their order, or the reason why it is no feed.

    `now`, in UTC, is the time of first sight of its entries; summaries have `summary_words` words.
    """
    feed = parse(document)
    if isinstance(feed, Failure):
        return feed
    bare = replace(feed, tombstones=(), entries=tuple(Entry(digest=entry.digest) for entry in feed.entries))
    return tuple(_drafts(feed, bare, subscriber, now, summary_words) for subscriber in subscribers)


def _drafts(feed: Feed, bare: Feed, subscriber: Subscriber, now: datetime, summary_words: int) -> SourceDrafts:
    seen = frozenset(
        subscriber.seen[start : start + DIGEST_BYTES] for start in range(0, len(subscriber.seen), DIGEST_BYTES)
    )
    normalised = normalise(feed, subscriber.source, now, seen=seen, summary_words=summary_words)
    undeleted = frozenset(guid_key(subscriber.source.id, guid) for guid in normalised.undeleted)
    deleted = {guid_key(subscriber.source.id, guid): when for guid, when in normalised.deleted.items()}
    return SourceDrafts(
        feed=bare,
        feed_info=normalised.feed_info,
        keyed=tuple(keyed(entry.draft, entry.text, entry.date) for entry in normalised.entries),
        still_listed=normalised.still_listed,
        deleted={digest: when for digest, when in deleted.items() if digest not in undeleted},
        undeleted=undeleted,
    )
