"""Documents, taken to their end: read, decided and recorded. Shell; runs in the worker thread.

Reading is the part that a hostile document can make expensive; documents that are not plain are read in the sandbox.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial

from aggregator.app import App
from aggregator.dedupe import decide
from aggregator.document import ReadResult, SourceDrafts, Subscriber, read, subscriber
from aggregator.errors import AggregatorError, StoreBusyError
from aggregator.model import Failure, FeedDocument, Keyed, RecordCounts, Source, SourceState, StoredSource
from aggregator.pipeline.failures import failure_of
from aggregator.pipeline.queue import Fetched, Outcomes
from aggregator.pipeline.report import Outcome, outcome_of, outcome_without_document
from aggregator.render import article_path
from aggregator.sandbox import Aborted
from aggregator.schedule import after_failure, after_feed, after_push
from aggregator.store import RacedError
from aggregator.urls import without_credentials

RACES = 5  # another process may take an article's key first; deciding again settles it

log = logging.getLogger(__name__)

Work = tuple[FeedDocument, tuple[Subscriber, ...], datetime, int]  # the arguments of `read`


def work(app: App, same: Sequence[StoredSource], document: FeedDocument, now: datetime) -> Work:
    """What has to be read of a document for every source that named its URL: no secret of theirs is in it."""
    bare = replace(document, url=without_credentials(document.url), final_url=without_credentials(document.final_url))
    return bare, tuple(subscriber(one.source, one.state.seen) for one in same), now, app.settings.articles.summary_words


def take(app: App, batch: Sequence[Fetched]) -> list[Outcomes]:
    """Read what nobody read yet, and record all: in one transaction if nothing goes wrong, else one by one.

    Gives for each document the outcomes of its sources, or the error that ends the cycle.
    """
    documents = [(fetched, _found(app, fetched)) for fetched in batch]
    for fetched, found in documents:
        _say(fetched, found)
    if len(documents) > 1 and app.store.has_one_writer:
        try:
            with app.store.together():
                return [_outcomes(app, fetched, found, _decide_once) for fetched, found in documents]
        except RacedError:
            pass
        except StoreBusyError as error:  # one wait is enough
            return [error for _ in documents]
        except Exception as error:  # noqa: BLE001  # whose it is, is seen when each is recorded by itself
            log.debug("while taking %d documents: %s", len(documents), type(error).__name__)
    return [_alone(app, fetched, found) for fetched, found in documents]


def _found(app: App, fetched: Fetched) -> ReadResult | Aborted:
    """What is in the document; it is read here if it was not before."""
    if fetched.found is not None:
        return fetched.found
    try:
        return read(*work(app, fetched.same, fetched.document, fetched.now))
    except Exception as bug:  # whatever one document provokes must not stop the other sources
        log.debug("while reading %s", fetched.same[0].source.name, exc_info=True)
        return Aborted(cause="error", detail=type(bug).__name__)


def _say(fetched: Fetched, found: ReadResult | Aborted) -> None:
    """Log what was odd about a document."""
    name = fetched.same[0].source.name
    if isinstance(found, Aborted) and found.trace:
        log.debug("while reading %s: %s", name, found.trace)
    if isinstance(found, tuple) and (left_out := found[0].feed.left_out):
        log.warning("%s: its document is too long; entries left out at its end: %d", name, left_out)


def _alone(app: App, fetched: Fetched, found: ReadResult | Aborted) -> Outcomes:
    """Record one document; a bug met on the way is the failure of its sources and of nothing else."""
    try:
        try:
            return _outcomes(app, fetched, found, _decide)
        except AggregatorError:
            raise
        except Exception as bug:  # as above
            log.debug("while taking %s", fetched.same[0].source.name, exc_info=True)
            failed = Aborted(cause="error", detail=type(bug).__name__)
            return _outcomes(app, fetched, failed, _decide)
    except AggregatorError as error:
        return error


def _outcomes(app: App, fetched: Fetched, found: ReadResult | Aborted, settle: "Settle") -> tuple[Outcome, ...]:
    """Record what was found in a document, for each of its sources, or that it could not be read."""
    if isinstance(found, Failure | Aborted):
        return tuple(_fail(app, one, failure_of(found, one.source), fetched) for one in fetched.same)
    return tuple(_record(app, one, fetched, said, settle) for one, said in zip(fetched.same, found, strict=True))


def _record(app: App, one: StoredSource, fetched: Fetched, said: SourceDrafts, settle: "Settle") -> Outcome:
    feed, now = said.feed, fetched.now
    state = after_feed(fetched.document, feed, said.feed_info, one.state, one.source, app.settings.fetch, now)
    return replace(
        outcome_of(one.source, "failed" if feed.problem else "fetched"),
        entries=len(feed.entries),
        recorded=settle(app, one, state, said, now),
        failure=feed.problem,
    )


def record_push(app: App, one: StoredSource, found: ReadResult | Aborted, now: datetime) -> Outcome:
    """Record what was read of a document that a hub pushed; one that could not be read changes nothing.

    Raises StoreError.
    """
    if isinstance(found, Failure | Aborted):
        return outcome_without_document(one.source, failure_of(found, one.source))
    (said,) = found
    return replace(
        outcome_of(one.source, "failed" if said.feed.problem else "fetched"),
        entries=len(said.feed.entries),
        recorded=_decide(app, one, after_push(said.feed, one.state), said, now, pushed=True),
        failure=said.feed.problem,
    )


def _decide(
    app: App, one: StoredSource, state: SourceState, said: SourceDrafts, now: datetime, *, pushed: bool = False
) -> RecordCounts:
    for _ in range(RACES):
        with suppress(RacedError):
            return _decide_once(app, one, state, said, now, pushed=pushed)
    raise StoreBusyError(f"{one.source.name}: other processes kept taking its articles first; it is tried again later")


def _decide_once(
    app: App, one: StoredSource, state: SourceState, said: SourceDrafts, now: datetime, *, pushed: bool = False
) -> RecordCounts:
    near = app.settings.dedupe == "near"
    digests = {key.digest for candidate in said.candidates for key in candidate.keys}
    known = app.store.articles.lookup(digests) if digests else {}
    decisions = decide(said.candidates, known, still_listed=said.still_listed, near_duplicates=near)
    return app.store.articles.record(
        one.source.id, state, decisions, now, name=partial(_path, app, one.source), pushed=pushed
    )


Settle = Callable[[App, StoredSource, SourceState, SourceDrafts, datetime], RecordCounts]


def _path(app: App, source: Source, keyed: Keyed) -> str:
    return article_path(keyed.draft, keyed.id, source, app.settings.articles.name)


def _fail(app: App, one: StoredSource, failure: Failure, fetched: Fetched) -> Outcome:
    answered = replace(failure, status=fetched.document.status)
    state = after_failure(answered, one.state, one.source, app.settings.fetch, fetched.now)
    app.store.sources.record_states(((one.source.id, state),), {})
    return outcome_without_document(one.source, failure)
