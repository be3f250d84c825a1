"""Recording of read documents: the queue, the batches, and the one transaction of each batch. Shell.

The writer thread records the documents that wait in batches: what two of them change in the database is mostly the
same pages, and a transaction writes each page once. In a burst, eight documents together cost half as much as one by
one. A document that comes alone is recorded alone, at once.
"""

import asyncio
import logging
from collections.abc import Sequence

from msgspec.structs import replace

from aggregator.app import App
from aggregator.dedupe import (
    dated_before,
    decide,
    kept_tombstones,
    known_entries,
    listed_articles,
    withdrawals,
    without_edits,
)
from aggregator.document import SourceDrafts
from aggregator.errors import AggregatorError, StoreBusyError
from aggregator.model import (
    BackfillStep,
    Carrier,
    Decision,
    Failure,
    Feed,
    FeedInfo,
    Keyed,
    New,
    RecordCounts,
    Source,
    SourceState,
    StoredSource,
    Updated,
)
from aggregator.names import counted
from aggregator.pipeline.new_limit import report_waiting, state_within_limit, within_limit
from aggregator.pipeline.read import ReceivedDocument, failure_of, read_cheap
from aggregator.pipeline.report import SourceOutcome, outcome_of
from aggregator.pipeline.rules import rulings_on_new, wanted_path, without_dropped
from aggregator.pipeline.withdraw import drafts_in_force, record_with_withdrawals
from aggregator.sandbox import Aborted
from aggregator.schedule.archive import first_step, next_step
from aggregator.schedule.due import due_without_push
from aggregator.schedule.state import after_feed, after_push
from aggregator.store import RacedError, Recording
from aggregator.websub import hub_topic

MAX_DOCUMENTS, MAX_BYTES = 8, 1_000_000  # of one batch: some 0.1 s, then publishing has its turn
RACES = 5  # another process may take an article's key first; deciding again settles it

Outcomes = tuple[SourceOutcome, ...] | Failure  # of a document's sources; its failure if it could not be read
_Waiting = tuple[ReceivedDocument, "asyncio.Future[Outcomes | AggregatorError]"]

log = logging.getLogger(__name__)


class RecordQueue:
    """Documents that wait for the writer thread, recorded one batch after the other."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._waiting: list[_Waiting] = []
        self._turn = asyncio.Lock()  # first come, first served, in the order of `_waiting`

    async def record(self, received: ReceivedDocument) -> Outcomes:
        """Record the document, perhaps with others that wait, and return the outcomes. Raises StoreError."""
        future: asyncio.Future[Outcomes | AggregatorError] = asyncio.get_running_loop().create_future()
        entry = received, future
        self._waiting.append(entry)
        try:
            async with self._turn:
                if not future.done():
                    await self._record_next_batch()
        except asyncio.CancelledError:
            if entry in self._waiting:
                self._waiting.remove(entry)
            raise
        result = await future
        if isinstance(result, AggregatorError):
            raise result
        return result

    async def _record_next_batch(self) -> None:
        count = size = 0
        for received, _ in self._waiting[:MAX_DOCUMENTS]:
            size += len(received.document.body)
            if count and size > MAX_BYTES:
                break
            count += 1
        batch, self._waiting[:count] = self._waiting[:count], []
        try:
            results = await self._app.in_writer(record_batch, self._app, [received for received, _ in batch])
            for (_, future), result in zip(batch, results, strict=True):
                future.set_result(result)
        finally:
            for _, future in batch:
                future.cancel()  # without a result, everything that waits for it is cancelled too


def record_batch(app: App, batch: Sequence[ReceivedDocument]) -> list[Outcomes | AggregatorError]:
    """Read the plain documents and record all of them: in one transaction, or one by one after an error.

    Returns for each document its outcomes, or the error that ends the cycle.
    """
    batch = [read_cheap(app, received) for received in batch]
    if len(batch) > 1 and app.store.has_one_writer:
        try:
            with app.store.together():
                return [_record(app, received, tries=1) for received in batch]
        except RacedError:
            pass  # another process took articles first: recording one by one tries that again
        except StoreBusyError as error:  # waiting once is enough
            return [error for _ in batch]
        except Exception as error:  # noqa: BLE001  # recording one by one shows which document it comes from
            log.debug("while recording %d documents: %s", len(batch), type(error).__name__)
    return [_record_alone(app, received) for received in batch]


def _record_alone(app: App, received: ReceivedDocument) -> Outcomes | AggregatorError:
    """Record one document; an internal error is the failure of its sources alone."""
    try:
        return _record(app, received, tries=RACES)
    except RacedError:
        message = f"{received.name}: other processes kept taking its articles first; it is tried again later"
        return StoreBusyError(message)
    except AggregatorError as error:
        return error
    except Exception as error:  # no document may stop the other sources
        log.debug("while recording %s", received.name, exc_info=True)
        return failure_of(Aborted(cause="error", detail=type(error).__name__), received.document)


def _record(app: App, received: ReceivedDocument, *, tries: int) -> Outcomes:
    assert received.result is not None
    if isinstance(received.result, Failure):
        return received.result
    return tuple(
        _record_source(app, received, stored, drafts, tries)
        for stored, drafts in zip(received.sources, received.result, strict=True)
    )


def _record_source(
    app: App, received: ReceivedDocument, stored: StoredSource, drafts: SourceDrafts, tries: int
) -> SourceOutcome:
    """Record a document's drafts for one source. Raises StoreError, RacedError after `tries` lost races."""
    feed = drafts.feed
    return replace(
        outcome_of(stored.source, "failed" if feed.problem else "fetched"),
        entries=len(feed.entries),
        recorded=_decide_and_write(app, received, stored, drafts, tries),
        failure=feed.problem,
    )


def _decide_and_write(
    app: App, received: ReceivedDocument, stored: StoredSource, drafts: SourceDrafts, tries: int
) -> RecordCounts:
    source, now, in_force = stored.source, received.now, drafts_in_force(app, stored.source, drafts)
    entries, still_listed = in_force.keyed, drafts.still_listed
    if received.page:
        entries = dated_before(entries, app.store.backfills.oldest(source.id))
    state = unlimited = _state_after(app, received, stored, drafts.feed_info, in_force.feed)
    digests = {key.digest for keyed in entries for key in keyed.keys} | drafts.deleted.keys() | drafts.undeleted
    links = {key.digest for keyed in entries for key in keyed.keys if key.rule == "link"}
    carrier = Carrier.of(source.id, source.ordinal, source.url, state.feed_info.link)
    hub = hub_topic(state.feed_info, state.moved_to or source.url)
    unpushed = due_without_push(source, state, app.settings.fetch, now)
    step = _step_after(app, received, source, drafts.feed, entries)
    while True:
        tries -= 1
        matches = app.store.articles.lookup(digests, source.id, links) if digests else {}
        if received.page:
            still_listed |= known_entries(matches, source.id)
        decisions = decide(entries, matches, still_listed=still_listed, carrier=carrier)
        if received.page:
            decisions = without_edits(decisions, matches, source.id)
        elif stored.state.is_read_otherwise:
            decisions = tuple(map(_without_edit, decisions))
        rulings = rulings_on_new(app, source, decisions)
        within = within_limit(app, received, stored, decisions, rulings)
        state, decisions = state_within_limit(received, drafts, unlimited, within), within.decisions
        new = (decision.keyed for decision in decisions if isinstance(decision, New))
        recording = Recording(
            source_id=source.id,
            state=state,
            decisions=decisions,
            paths={keyed.id: wanted_path(app, source, keyed, rulings.get(keyed.id)) for keyed in new},
            now=now,
            dropped=frozenset(article_id for article_id, ruling in rulings.items() if ruling.dropped),
            pushed=received.is_pushed,
            is_limited=stored.state.has_document and not received.page,
            hub=hub,
            due_without_push=unpushed,
            page=received.page,
            step=step,
        )
        try:
            listed = listed_articles(drafts.undeleted, matches, decisions)
            withdrawn = withdrawals(in_force.unremembered, matches, source.id, listed)
            kept = kept_tombstones(in_force.unremembered, matches, listed)
            counts = record_with_withdrawals(app, source.name, recording, {**in_force.deleted, **kept}, withdrawn)
        except RacedError:
            if not tries:
                raise
        else:
            report_waiting(stored, state, within)
            _report_step(source, step)
            return without_dropped(app, counts, decisions, rulings)


def _state_after(
    app: App, received: ReceivedDocument, stored: StoredSource, feed_info: FeedInfo, feed: Feed
) -> SourceState:
    """Return the source's state after the document; a page of its archive says nothing of it."""
    if received.page:
        return stored.state
    if received.is_pushed:
        return after_push(feed, stored.state)
    fetch = app.settings.fetch
    return after_feed(received.document, feed, feed_info, stored.state, stored.source, fetch, received.now)


def _step_after(
    app: App, received: ReceivedDocument, source: Source, feed: Feed, entries: Sequence[Keyed]
) -> BackfillStep | None:
    """Return the place in the source's archive after the document, None if no archive is to be read."""
    if received.page:
        newest = max((keyed.draft.published for keyed in entries), default=received.now)
        retention = app.settings.retention
        is_outdated = retention is not None and newest < received.now - retention
        return next_step(feed, received.page, is_outdated=is_outdated)
    step = None if received.is_pushed else first_step(feed, source)
    return step if step and not app.store.backfills.has_begun(source.id) else None


def _report_step(source: Source, step: BackfillStep | None) -> None:
    """Log the end of the source's archive."""
    if step and step.problem:
        log.warning("%s: its archive is not read further: %s; pages read: %d", source.name, step.problem, step.pages)
    elif step and not step.url:
        log.info("%s: its archive was read: %s", source.name, counted(step.pages, "page"))


def _without_edit(decision: Decision) -> Decision:
    """Return the decision on an entry that a new version of the program reads otherwise: an upgrade is not an edit."""
    return replace(decision, is_edit=False) if isinstance(decision, Updated) else decision
