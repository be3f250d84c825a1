"""A document to what it says to each source that named its URL: parsed, normalised and named. Pure.

All that is computed of a document, in one call whose arguments and result can cross to another process: what it costs
depends on strangers, so that it runs where it can be stopped unless the document is plain (`parse.is_plain`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from aggregator.dedupe import keyed
from aggregator.model import Article, Entry, Failure, Feed, FeedDocument, FeedFacts, Keyed, Source
from aggregator.normalise import normalise
from aggregator.parse import DIGEST_BYTES, parse
from aggregator.urls import without_credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class Taker:
    """A source that a document is read for, and the entries of its last document (`SourceState.seen`)."""

    source: Source
    seen: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a document says to one source."""

    feed: Feed  # its entries have nothing but their digest left
    facts: FeedFacts
    candidates: tuple[Keyed, ...]  # entries that are new or changed, as articles
    standing: frozenset[str]  # as in `Normalised`


Found = tuple[Reading, ...] | Failure  # what `read` gives


def taker(source: Source, seen: bytes) -> Taker:
    """`source`, without the secrets that nobody needs for reading."""
    return Taker(source=replace(source, headers=(), url=without_credentials(source.url)), seen=seen)


def read(document: FeedDocument, takers: Sequence[Taker], now: datetime, summary_words: int) -> Found:
    """What `document` says to each of `takers`, in their order, else why it is no feed.

    `now`, in UTC, is when its entries are first seen; their summaries have `summary_words` words.
    """
    feed = parse(document)
    if isinstance(feed, Failure):
        return feed
    bare = replace(feed, entries=tuple(Entry(digest=entry.digest) for entry in feed.entries))
    return tuple(_reading(feed, bare, one, now, summary_words) for one in takers)


def _reading(feed: Feed, bare: Feed, one: Taker, now: datetime, summary_words: int) -> Reading:
    kept = normalise(feed, one.source, now, seen=_digests(one.seen), summary_words=summary_words)
    candidates = tuple(map(_keyed, kept.articles))
    return Reading(feed=bare, facts=kept.facts, candidates=candidates, standing=kept.standing)


def _keyed(article: Article) -> Keyed:
    """The article with its names, without the plain text, which has served: a third of what would have to cross."""
    named = keyed(article)
    return replace(named, article=replace(article, text=""))


def _digests(seen: bytes) -> frozenset[bytes]:
    return frozenset(seen[start : start + DIGEST_BYTES] for start in range(0, len(seen), DIGEST_BYTES))
