"""From claimed sources to recorded articles: fetch, read, record. Shell."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING

from msgspec.structs import replace

from aggregator.app import App
from aggregator.errors import AggregatorError
from aggregator.fetch import Fetcher
from aggregator.model import Failure, FeedDocument, Selection, StoredSource
from aggregator.pipeline.fetch import (
    Held,
    NoDocument,
    SameTruncated,
    SourceGroup,
    fetch_group,
    group_by_request,
    load_hosts,
    request_url,
    without_move,
)
from aggregator.pipeline.host_states import HostStates
from aggregator.pipeline.report import SourceOutcome
from aggregator.pipeline.states import StateWriter
from aggregator.schedule.state import asks_own_url
from aggregator.secret_urls import masked_url
from aggregator.urls import host_key

if TYPE_CHECKING:
    from aggregator.pipeline.record import Outcomes, RecordQueue

log = logging.getLogger(__name__)


class Refresher:
    """Takes claimed sources through the pipeline; `report` gets the outcome of each source as it is done.

    `hosts` is shared by all refreshers of a process. `first_seen` is the time of first sight of all new entries; None:
    the time when their document came.
    """

    def __init__(
        self,
        app: App,
        fetcher: Fetcher,
        hosts: HostStates,
        report: Callable[[SourceOutcome], None],
        *,
        first_seen: datetime | None = None,
    ) -> None:
        self._app, self._fetcher, self._hosts, self._report = app, fetcher, hosts, report
        self._first_seen = first_seen
        self._queue: RecordQueue | None = None

    async def refresh(self, claimed: Sequence[StoredSource], selection: Selection) -> None:
        """Fetch the claimed sources and record what came.

        A URL of several sources is fetched once for all of them as soon as one is selected. Raises StoreError;
        sources that were not finished by then are released, and their hosts left alone for the length of a gap.
        """
        app, now = self._app, self._app.clock()

        def is_selected(stored: StoredSource) -> bool:
            if selection.everything:
                return True
            if selection.names:
                return stored.source.name in selection.names
            return (stored.state.next_fetch or now) <= now

        groups = [group for group in group_by_request(claimed) if any(map(is_selected, group))]
        states = StateWriter(app, self._hosts, claimed)
        try:
            await load_hosts(app, self._fetcher, self._hosts, {host_key(request_url(group[0])) for group in groups})
            async with states.running(), task_group() as tasks:
                for group in groups:
                    tasks.create_task(self._refresh_group(group, states))
        finally:
            if states.unfinished:  # in the thread: a locked database must not stop the event loop
                gap = app.settings.fetch.host_gap
                await app.in_writer(app.store.leases.release, states.unfinished, app.clock(), gap)

    async def _refresh_group(self, group: SourceGroup, states: StateWriter) -> None:
        """Fetch the group's URL, and record its document or its sources' states. Raises StoreError."""
        started = monotonic()
        answer = await self._fetch_and_record(group)
        if isinstance(answer, Failure) and asks_own_url(group[0].state):
            group, answer = await self._at_own_url(group, answer)
        if isinstance(answer, tuple):
            states.recorded(group)
            outcomes = answer
        else:
            now, status = self._app.clock(), _http_status(answer)
            outcomes = tuple(replace(states.add(stored, answer, now), status=status) for stored in group)
        for outcome in outcomes:
            self._report(replace(outcome, seconds=round(monotonic() - started, 3)))

    async def _at_own_url(
        self, group: SourceGroup, failure: Failure
    ) -> tuple[SourceGroup, tuple[SourceOutcome, ...] | NoDocument]:
        """Ask sources that moved at their own URL, too; return them without their move if their feed is there again."""
        own = without_move(group)
        answer = await self._fetch_and_record(own, is_leased=False)
        if isinstance(answer, Failure | Held):
            return group, failure
        for stored in own:
            log.info("%s: %s; its feed is at its own URL again", stored.source.name, failure)
        return own, answer

    async def _fetch_and_record(
        self, group: SourceGroup, *, is_leased: bool = True
    ) -> tuple[SourceOutcome, ...] | NoDocument:
        """Fetch the group's URL; return the outcomes of its document once that is recorded, else what came."""
        try:
            document = await fetch_group(self._app, self._fetcher, self._hosts, group, is_leased=is_leased)
            if not isinstance(document, FeedDocument):
                return document
            with self._fetcher.limiter.backlog.hold(len(document.body)):
                outcomes = await self._read_and_record(group, document, self._app.clock())
        except AggregatorError:
            raise
        except Exception as error:  # no source may stop the others, and be asked again at once
            log.debug("while refreshing %s", group[0].source.name, exc_info=True)
            return Failure(
                stage="fetch",
                subject=masked_url(request_url(group[0])),
                reason=f"internal error ({type(error).__name__}); the other sources go on",
                advice="please report it; --debug shows where",
            )
        if isinstance(outcomes, Failure):
            return replace(outcomes, status=document.status)
        return tuple(replace(outcome, status=document.status) for outcome in outcomes)

    async def _read_and_record(self, group: SourceGroup, document: FeedDocument, now: datetime) -> "Outcomes":
        # Imported with the first document: a round of nothing but 304s loads no parser, cleaner or renderer.
        from aggregator.pipeline.read import ReceivedDocument, read_expensive
        from aggregator.pipeline.record import RecordQueue

        self._queue = self._queue or RecordQueue(self._app)
        received = ReceivedDocument(sources=group, document=document, now=now, first_seen=self._first_seen)
        return await self._queue.record(await read_expensive(self._app, received))


def _http_status(answer: NoDocument) -> int | None:
    match answer:
        case SameTruncated(document=document):
            return document.status
        case Held():
            return None
    return answer.status


@asynccontextmanager
async def task_group() -> AsyncIterator[asyncio.TaskGroup]:
    """Run tasks until all are done; raise the first AggregatorError itself instead of a group of exceptions."""
    try:
        async with asyncio.TaskGroup() as tasks:
            yield tasks
    except* AggregatorError as errors:
        raise errors.exceptions[0] from None
