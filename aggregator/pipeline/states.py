"""The writer of states of sources that had nothing new, and of hosts. Shell."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import datetime

from msgspec.structs import replace

from aggregator.app import App
from aggregator.errors import StoreBusyError
from aggregator.model import Failure, NotModified, SourceState, StoredSource
from aggregator.pipeline import leases
from aggregator.pipeline.fetch import Held, NoDocument, SameTruncated
from aggregator.pipeline.host_states import HostStates
from aggregator.pipeline.report import OutcomeKind, SourceOutcome, failed, outcome_of
from aggregator.schedule.state import after_failure, after_not_modified, after_same_truncated
from aggregator.secret_urls import masked_url
from aggregator.settings import Fetch

INTERVAL = 0.5  # seconds between two writes


class StateWriter:
    """Writes the states of claimed sources in batches, and extends the leases of those that are not finished."""

    def __init__(self, app: App, hosts: HostStates, claimed: Iterable[StoredSource]) -> None:
        self._app, self._hosts = app, hosts
        self._states: list[tuple[int, SourceState]] = []  # not stored yet
        self._unfinished = {stored.source.id for stored in claimed}

    @property
    def unfinished(self) -> frozenset[int]:
        """Ids of the sources that are still leased: neither recorded nor their state stored."""
        return frozenset(self._unfinished)

    def add(self, stored: StoredSource, answer: NoDocument, now: datetime) -> SourceOutcome:
        """Have the state of a source written that had nothing new at `now`, and return its outcome."""
        state, outcome = _settle(answer, stored, self._app.settings.fetch, now)
        if isinstance(answer, Failure) and answer.is_unreachable:
            self._states += self._hosts.outage.states_after(stored, state, now)
        else:
            self._states.append((stored.source.id, state))
        return outcome

    def recorded(self, sources: Iterable[StoredSource]) -> None:
        """Note that these sources were recorded with their document, which ended their leases."""
        self._unfinished.difference_update(stored.source.id for stored in sources)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write at intervals within the context, and the rest at its end. Raises StoreError at the end."""
        stop = asyncio.Event()
        writing = asyncio.create_task(self._run(stop))
        try:
            yield
        finally:
            stop.set()  # not cancelled: states that wait for the thread would be lost
            await writing

    async def _run(self, stop: asyncio.Event) -> None:
        clock = asyncio.get_running_loop().time
        extended = clock()
        while not stop.is_set():
            with suppress(TimeoutError):  # the interval is over
                await asyncio.wait_for(stop.wait(), INTERVAL)
            await self._write()
            if self._unfinished and clock() - extended >= leases.EXTEND:
                extended = clock()
                with suppress(StoreBusyError):  # the lease lasts for some more attempts
                    extend = self._app.store.leases.extend
                    await self._app.in_writer(extend, self.unfinished, self._app.clock(), leases.LEASE)
        await self._write()  # states that were added during the write before

    async def _write(self) -> None:
        states, self._states = self._states, []
        hosts = self._hosts.changes()
        if states or hosts:
            await self._app.in_writer(self._app.store.sources.record_states, states, hosts)
            self._hosts.stored(hosts)
        self._unfinished.difference_update(source_id for source_id, _ in states)


def _settle(answer: NoDocument, stored: StoredSource, fetch: Fetch, now: datetime) -> tuple[SourceState, SourceOutcome]:
    """Return the source's state and outcome after a result without a new document."""
    source, state = stored.source, stored.state
    match answer:
        case Failure():
            return after_failure(answer, state, source, fetch, now), failed(source, answer)
        case NotModified():  # a 200 with last time's bytes counts as fetched
            kind: OutcomeKind = "not_modified" if answer.status == 304 else "fetched"
            return after_not_modified(answer, state, source, fetch, now), outcome_of(source, kind)
        case SameTruncated(document=document):
            subject = masked_url(document.final_url)
            failure = Failure(stage="parse", subject=subject, reason=state.error or "")
            outcome = replace(failed(source, failure), entries=state.entries)
            return after_same_truncated(document, state, source, fetch, now), outcome
        case Held(until=until, redirected_at=redirected_at, is_leased=is_leased):
            if redirected_at and not is_leased:
                until = max(until, redirected_at + fetch.min_interval)
            due = max(until, state.next_fetch or until)
            last = redirected_at or state.last_fetch
            state = replace(state, last_fetch=last, next_fetch=due, due_reason="retry-after")
            return state, outcome_of(source, "skipped")
