"""One document, taken to its end: read, decided and recorded. Shell; runs in the worker thread.

Reading is the part that strangers can make dear: what is not plain is read in another process before it comes here.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial

from aggregator.apart import Stopped
from aggregator.app import App
from aggregator.cycle.report import Outcome, outcome_of, outcome_without_document
from aggregator.cycle.stopped import failure_of
from aggregator.dedupe import decide
from aggregator.errors import AggregatorError, StoreBusyError
from aggregator.model import Article, Claimed, Failure, FeedDocument, Recorded, SourceState
from aggregator.read import Found, Reading, Taker, read, taker
from aggregator.render import article_path
from aggregator.schedule import after_failure, after_feed, after_push
from aggregator.store import RacedError
from aggregator.urls import without_credentials

RACES = 5  # another process may take an article's key first; deciding again settles it

log = logging.getLogger(__name__)

Work = tuple[FeedDocument, tuple[Taker, ...], datetime, int]  # the arguments of `read`


def work(app: App, same: Sequence[Claimed], document: FeedDocument, now: datetime) -> Work:
    """What has to be read of a document for every source that named its URL: no secret of theirs is in it."""
    bare = replace(document, url=without_credentials(document.url), final_url=without_credentials(document.final_url))
    return bare, tuple(taker(one.source, one.state.seen) for one in same), now, app.settings.articles.summary_words


def take(app: App, same: Sequence[Claimed], document: FeedDocument, now: datetime) -> tuple[Outcome, ...]:
    """Read a plain document and record it for every source that named its URL. Raises StoreError."""
    found: Found | Stopped
    try:
        found = read(*work(app, same, document, now))
    except Exception as bug:  # whatever one document provokes must not stop the other sources
        log.debug("while reading %s", same[0].source.name, exc_info=True)
        found = Stopped(why="bug", what=type(bug).__name__)
    return record(app, same, document, found, now)


def record(
    app: App,
    same: Sequence[Claimed],
    document: FeedDocument,
    found: Found | Stopped,
    now: datetime,
) -> tuple[Outcome, ...]:
    """Record what was read of a document, for each of `same`, or that it could not be read.

    A bug met on the way is the failure of these sources and of nothing else. Raises StoreError.
    """
    if isinstance(found, Stopped) and found.trace:
        log.debug("while reading %s: %s", same[0].source.name, found.trace)
    try:
        if isinstance(found, Failure | Stopped):
            return tuple(_fail(app, one, failure_of(found, one.source), document, now) for one in same)
        return tuple(_record(app, one, document, said, now) for one, said in zip(same, found, strict=True))
    except AggregatorError:
        raise
    except Exception as bug:  # as above
        log.debug("while taking %s", same[0].source.name, exc_info=True)
        failed = Stopped(why="bug", what=type(bug).__name__)
        return tuple(_fail(app, one, failure_of(failed, one.source), document, now) for one in same)


def _record(app: App, one: Claimed, document: FeedDocument, said: Reading, now: datetime) -> Outcome:
    feed = said.feed
    if feed.left_out:
        log.warning("%s: its document is too long; the last %d entries were left out", one.source.name, feed.left_out)
    state = after_feed(document, feed, said.facts, one.state, one.source, app.settings.fetch, now)
    return replace(
        outcome_of(one.source, "failed" if feed.problem else "fetched"),
        entries=len(feed.entries),
        recorded=_decide(app, one, state, said, now),
        failure=feed.problem,
    )


def record_push(app: App, one: Claimed, found: Found | Stopped, now: datetime) -> Outcome:
    """Record what was read of a document that a hub pushed; one that could not be read changes nothing.

    Raises StoreError.
    """
    if isinstance(found, Failure | Stopped):
        return outcome_without_document(one.source, failure_of(found, one.source))
    (said,) = found
    return replace(
        outcome_of(one.source, "failed" if said.feed.problem else "fetched"),
        entries=len(said.feed.entries),
        recorded=_decide(app, one, after_push(said.feed, one.state), said, now, pushed=True),
        failure=said.feed.problem,
    )


def _decide(
    app: App, one: Claimed, state: SourceState, said: Reading, now: datetime, *, pushed: bool = False
) -> Recorded:
    near = app.settings.dedupe == "near"
    digests = {key.digest for candidate in said.candidates for key in candidate.keys}
    for _ in range(RACES):
        known = app.store.known(digests) if digests else {}
        decisions = decide(said.candidates, known, present=said.standing, near_duplicates=near)
        with suppress(RacedError):
            return app.store.record(one.source.id, state, decisions, now, name=partial(_path, app), pushed=pushed)
    raise StoreBusyError(f"{one.source.name}: other processes kept taking its articles first; it is tried again later")


def _path(app: App, article: Article) -> str:
    return article_path(article, app.settings.articles.name)


def _fail(app: App, one: Claimed, failure: Failure, document: FeedDocument, now: datetime) -> Outcome:
    answered = replace(failure, status=document.status)
    state = after_failure(answered, one.state, one.source, app.settings.fetch, now)
    app.store.record_states(((one.source.id, state),), {}, now)
    return outcome_without_document(one.source, failure)
