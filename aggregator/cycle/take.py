"""One document, taken to its end: parsed, normalised, decided and recorded. Shell; runs in the worker thread."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial

from aggregator.app import App
from aggregator.cycle.report import Outcome, outcome_of, outcome_without_document
from aggregator.dedupe import decide, keyed
from aggregator.errors import AggregatorError, StoreBusyError
from aggregator.model import Article, Claimed, Failure, Feed, FeedDocument, Recorded, SourceState
from aggregator.normalise import Normalised, normalise
from aggregator.parse import parse
from aggregator.render import article_path
from aggregator.schedule import after_failure, after_feed
from aggregator.store import RacedError
from aggregator.urls import without_credentials

RACES = 5  # another process may take an article's key first; deciding again settles it
DIGEST_BYTES = 8  # of an entry, in `SourceState.seen`

log = logging.getLogger(__name__)


def take(app: App, same: Sequence[Claimed], document: FeedDocument, now: datetime) -> tuple[Outcome, ...]:
    """Record a document for every source that named its URL; it is parsed once for them all.

    A bug met on the way is the failure of these sources and of nothing else. Raises StoreError.
    """
    try:
        feed = parse(document)
        if isinstance(feed, Failure):
            return tuple(_fail(app, one, feed, document, now) for one in same)
        return tuple(_take_feed(app, one, document, feed, now) for one in same)
    except AggregatorError:
        raise
    except Exception as bug:  # whatever one document provokes must not stop the other sources
        log.debug("while taking %s", same[0].source.name, exc_info=True)
        return tuple(_fail(app, one, _unexpected(one, bug), document, now) for one in same)


def _take_feed(app: App, one: Claimed, document: FeedDocument, feed: Feed, now: datetime) -> Outcome:
    if feed.left_out:
        log.warning("%s: its document is too long; the last %d entries were left out", one.source.name, feed.left_out)
    words = app.settings.articles.summary_words
    kept = normalise(feed, one.source, now, seen=_digests(one.state.seen), summary_words=words)
    state = after_feed(document, feed, kept.facts, one.state, one.source, app.settings.fetch, now)
    recorded = _record(app, one, state, kept, now)
    return replace(
        outcome_of(one.source, "failed" if feed.problem else "fetched"),
        entries=len(feed.entries),
        recorded=recorded,
        failure=feed.problem,
    )


def _record(app: App, one: Claimed, state: SourceState, kept: Normalised, now: datetime) -> Recorded:
    near = app.settings.dedupe == "near"
    candidates = tuple(map(keyed, kept.articles))
    digests = {key.digest for candidate in candidates for key in candidate.keys}
    for _ in range(RACES):
        known = app.store.known(digests) if digests else {}
        decisions = decide(candidates, known, present=kept.standing, near_duplicates=near)
        with suppress(RacedError):
            return app.store.record(one.source.id, state, decisions, now, name=partial(_path, app))
    raise StoreBusyError(f"{one.source.name}: other processes kept taking its articles first; it is tried again later")


def _path(app: App, article: Article) -> str:
    return article_path(article, app.settings.articles.name)


def _fail(app: App, one: Claimed, failure: Failure, document: FeedDocument, now: datetime) -> Outcome:
    answered = replace(failure, status=document.status)
    state = after_failure(answered, one.state, one.source, app.settings.fetch, now)
    app.store.record_states(((one.source.id, state),), {}, now)
    return outcome_without_document(one.source, failure)


def _unexpected(one: Claimed, bug: Exception) -> Failure:
    return Failure(
        stage="normalise",
        subject=without_credentials(one.source.url),
        reason=f"an error of ours ({type(bug).__name__}) stopped this document; the other sources go on",
        advice="please report it with the document; --debug shows where",
    )


def _digests(seen: bytes) -> frozenset[bytes]:
    return frozenset(seen[start : start + DIGEST_BYTES] for start in range(0, len(seen), DIGEST_BYTES))
