"""The poller: claims due sources tick by tick, and refreshes them beside those in flight. Shell."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Literal

from aggregator.app import App
from aggregator.errors import AggregatorError
from aggregator.fetch import Fetcher
from aggregator.model import Selection, StoredSource
from aggregator.pipeline import leases
from aggregator.pipeline.host_states import HostStates
from aggregator.pipeline.leases import share_of_host
from aggregator.pipeline.refresh import Refresher
from aggregator.pipeline.report import SourceOutcome

MIN_REST = 2.0  # seconds without a claim after a refresh could not be recorded

Watch = Callable[[Literal["claim", "fetch"]], AbstractContextManager[None]]


class Poller:
    """Claims sources as far as there is room for them, until `stop` is set.

    `watch` wraps each claim and each refresh, and handles the AggregatorErrors of both; a failed refresh is followed by
    a rest, since what could not be recorded is due again at once. `report` gets the outcome of each source.
    """

    def __init__(
        self, app: App, report: Callable[[SourceOutcome], None], watch: Watch, stop: asyncio.Event, tick: timedelta
    ) -> None:
        self._report, self._watch, self._stop, self._tick = report, watch, stop, tick
        self.hosts = HostStates(app.store)
        self._refreshes: set[asyncio.Task[None]] = set()
        self._in_flight = 0  # sources that are claimed
        self._ended, self._rate = 0, 0  # sources that were done with since the last tick, and of late in one tick
        self._rest = 0.0  # seconds; 0 after a success
        self._claim_at = 0.0  # by the event loop's clock: no claim before
        self._polled_at = app.clock()

    @property
    def is_stopped(self) -> bool:
        """The process is to end, and begins nothing any more."""
        return self._stop.is_set()

    async def poll(self, app: App, fetcher: Fetcher) -> None:
        """Claim what is due and start to refresh it; to be called once a tick."""
        now = app.clock()
        if now < self._polled_at:  # the system's clock was put back: due times would lie far ahead
            with self._watch("claim"):
                await app.in_writer(app.store.maintenance.reset_future_times, now)
        self._polled_at = now
        self._ended, self._rate = 0, max(self._ended, self._rate // 2)
        concurrency = app.settings.fetch.concurrency
        room = min(2 * concurrency - self._in_flight, fetcher.limiter.free_slots + queue_for(concurrency, self._rate))
        if room <= 0 or self._stop.is_set() or _loop_time() < self._claim_at or not self.hosts.outage.allows(now):
            return
        room = 1 if self.hosts.outage.is_on else room
        claimed: Sequence[StoredSource] = ()
        with self._watch("claim"):
            share = share_of_host(app.settings.fetch, self._tick)
            claim, lease = app.store.leases.claim, leases.LEASE
            claimed = await app.in_writer(claim, app.clock(), limit=room, lease=lease, share=share)
        if self._stop.is_set() or _loop_time() < self._claim_at:  # told to stop, or a refresh failed meanwhile
            with self._watch("claim"):
                await app.in_writer(app.store.leases.release, [stored.source.id for stored in claimed])
        elif claimed:
            task = asyncio.create_task(self._refresh(app, fetcher, claimed))
            self._refreshes.add(task)
            task.add_done_callback(self._refreshes.discard)

    async def drain(self, seconds: float) -> None:
        """Give the refreshes in flight so many seconds to end, then cancel them: their sources are released."""
        if self._refreshes:
            _, late = await asyncio.wait(self._refreshes, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _refresh(self, app: App, fetcher: Fetcher, claimed: Sequence[StoredSource]) -> None:
        unfinished = len(claimed)
        self._in_flight += unfinished

        def report(outcome: SourceOutcome) -> None:
            nonlocal unfinished
            unfinished -= 1
            self._in_flight -= 1
            self._ended += 1
            self._report(outcome)

        try:
            with self._watch("fetch"):
                try:
                    await Refresher(app, fetcher, self.hosts, report).refresh(claimed, Selection())
                except AggregatorError:
                    self._start_rest(app.settings.fetch.min_interval.total_seconds())
                    raise
                self._rest = 0.0
        finally:
            self._in_flight -= unfinished

    def _start_rest(self, longest: float) -> None:
        """Claim nothing for a while, twice as long after each failure in a row."""
        if _loop_time() >= self._claim_at:
            self._rest = min(max(2 * self._rest, MIN_REST), longest)
            self._claim_at = _loop_time() + self._rest


def queue_for(concurrency: int, rate: int) -> int:
    """Return how many sources may wait for a slot if `rate` of them were done with in the last tick.

    As many as can start within two ticks: what waits here for longer could be asked by another process.
    """
    return min(max(2 * rate, concurrency // 4), concurrency)


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
