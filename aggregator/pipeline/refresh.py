"""From claimed sources to recorded articles: fetch, read, record. Shell."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from aggregator.app import App
from aggregator.errors import AggregatorError
from aggregator.fetch import Fetcher
from aggregator.model import Failure, FeedDocument, StoredSource
from aggregator.pipeline.fetch import SourceGroup, fetch_group, group_by_request, load_hosts
from aggregator.pipeline.host_states import HostStates
from aggregator.pipeline.report import SourceOutcome, outcome_without_document
from aggregator.pipeline.states import StateWriter

if TYPE_CHECKING:
    from aggregator.pipeline.record import Outcomes, RecordQueue

ReportOutcome = Callable[[SourceOutcome], None]


async def refresh(
    app: App,
    fetcher: Fetcher,
    claimed: Sequence[StoredSource],
    report: ReportOutcome,
    hosts: HostStates,
    *,
    names: Collection[str] | None = None,
    everything: bool = False,
) -> None:
    """Fetch the claimed sources and record what came; `report` gets the outcome of each source as it is done.

    A URL of several sources is fetched once for all of them as soon as one is due; `names` and `everything` overrule
    due times as they do in the claim. `hosts` is shared by all refreshes of a process. Raises StoreError; sources that
    were not finished by then are released, and their hosts left alone for the length of a gap.
    """
    now = app.clock()

    def is_wanted(stored: StoredSource) -> bool:
        return everything or (stored.source.name in names if names else (stored.state.next_fetch or now) <= now)

    groups = [group for group in group_by_request(claimed) if any(map(is_wanted, group))]
    states = StateWriter(app, hosts, claimed)
    job = _Refresh(app, fetcher, report, hosts, states)
    try:
        await load_hosts(app, fetcher, hosts, groups)
        async with states.running(), task_group() as tasks:
            for group in groups:
                tasks.create_task(job.refresh_group(group))
    finally:
        if states.unfinished:  # in the thread: a locked database must not stop the event loop
            end = app.clock() + app.settings.fetch.host_gap
            await app.in_writer(app.store.sources.release, states.unfinished, end)


@asynccontextmanager
async def task_group() -> AsyncIterator[asyncio.TaskGroup]:
    """Run tasks until all are done; raise the first AggregatorError itself instead of a group of exceptions."""
    try:
        async with asyncio.TaskGroup() as tasks:
            yield tasks
    except* AggregatorError as errors:
        raise errors.exceptions[0] from None


class _Refresh:
    """One refresh: each of its groups goes through the pipeline by itself."""

    def __init__(
        self, app: App, fetcher: Fetcher, report: ReportOutcome, hosts: HostStates, states: StateWriter
    ) -> None:
        self._app, self._fetcher, self._report, self._hosts, self._states = app, fetcher, report, hosts, states
        self._queue: RecordQueue | None = None

    async def refresh_group(self, group: SourceGroup) -> None:
        """Fetch the group's URL, and record its document or its sources' states. Raises StoreError."""
        answer = await fetch_group(self._app, self._fetcher, self._hosts, group)
        now = self._app.clock()
        if isinstance(answer, FeedDocument):
            with self._fetcher.limiter.backlog.hold(len(answer.body)):
                outcomes = await self._read_and_record(group, answer, now)
            if not isinstance(outcomes, Failure):
                self._states.recorded(group)
                for outcome in outcomes:
                    self._report(outcome)
                return
            answer = replace(outcomes, status=answer.status)
        for stored in group:
            self._states.add(stored, answer, now)
            self._report(outcome_without_document(stored, answer))

    async def _read_and_record(self, group: SourceGroup, document: FeedDocument, now: datetime) -> "Outcomes":
        # Imported with the first document: a round of nothing but 304s loads no parser, cleaner or renderer.
        from aggregator.pipeline.read import ReceivedDocument, read_expensive
        from aggregator.pipeline.record import RecordQueue

        self._queue = self._queue or RecordQueue(self._app)
        received = ReceivedDocument(sources=group, document=document, now=now)
        return await self._queue.record(await read_expensive(self._app, received))
