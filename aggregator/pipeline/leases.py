"""Leases of sources, beside other processes that may work on the same hosts. Shell."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Self

from aggregator.app import App
from aggregator.errors import StoreError
from aggregator.fetch import Fetcher
from aggregator.model import Selection, StoredSource
from aggregator.pipeline.host_states import HostStates
from aggregator.settings import Fetch

LEASE = timedelta(seconds=60)  # after this a host is free that was leased by a process that died
EXTEND = 20.0  # seconds between two extensions of the leases for what takes longer
RETRY = 0.5  # seconds between two attempts to claim sources of hosts that another process works on
QUIET = 30.0  # seconds of waiting for another process before the log says so

log = logging.getLogger(__name__)


async def claim_in_parts(app: App, selection: Selection) -> AsyncGenerator[Sequence[StoredSource]]:
    """Yield the selected sources, each once: first the free ones, then those that other processes release.

    Ends when none is left, or when no other process released one for longer than a lease.
    """
    seen: set[str] = set()
    # Longer than a lease, or one that a process got just before it was killed would end between two attempts.
    clock, patience = asyncio.get_running_loop().time, LEASE.total_seconds() + 2 * RETRY
    deadline, log_at = clock() + patience, clock() + QUIET
    while clock() < deadline:
        claimed = await _claim(app, selection, seen)
        if claimed:
            deadline = clock() + patience
            seen.update(stored.source.name for stored in claimed)
            yield claimed
        wanted = app.store.leases.wanted(app.clock(), selection) - seen
        if not wanted:
            return
        if selection.everything or selection.names is not None:
            selection = Selection(names=wanted)
        if clock() >= log_at:
            log.info("waiting for another process that works on the hosts of %s", _abridged(wanted))
            log_at = deadline + patience
        await asyncio.sleep(RETRY)
    log.warning(
        "left out, since another process goes on working on their hosts: %s; try again later", _abridged(wanted)
    )


async def _claim(app: App, selection: Selection, seen: Collection[str]) -> Sequence[StoredSource]:
    """Return the free ones of the selected sources, without those that this cycle has seen."""
    claim = app.in_writer(app.store.leases.claim, app.clock(), selection, limit=len(app.sources), lease=LEASE)
    claiming = asyncio.ensure_future(claim)
    try:
        claimed = await asyncio.shield(claiming)
    except asyncio.CancelledError:  # the thread goes on claiming
        await app.in_writer(app.store.leases.release, [stored.source.id for stored in await claiming])
        raise
    if surplus := [stored.source.id for stored in claimed if stored.source.name in seen]:
        await app.in_writer(app.store.leases.release, surplus)
    return [stored for stored in claimed if stored.source.name not in seen]


@asynccontextmanager
async def renewed(renew: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Call `renew` during the block as often as leases need it."""

    async def go_on() -> None:
        while True:
            await asyncio.sleep(EXTEND)
            with suppress(StoreError):  # the lease lasts for some more attempts
                await renew()

    renewing = asyncio.create_task(go_on())
    try:
        yield
    finally:
        renewing.cancel()


class HostVisits:
    """Leases of the hosts that one request asks beside those of claimed sources, until its end."""

    def __init__(self, app: App, fetcher: Fetcher) -> None:
        self._app, self._fetcher = app, fetcher
        self._hosts: list[str] = []
        self.free_at: datetime | None = None  # when another process's lease ends that stopped the request

    async def begin(self, host: str) -> bool:
        """Lease the host; return False if another process has it leased. Raises StoreError."""
        app = self._app
        if host in self._hosts or host in app.store.sources.unpaced:
            return True
        wait, asked = await app.in_writer(self._visit, host)
        if wait is not None:
            self.free_at = app.clock() + wait
            return False
        self._hosts.append(host)
        if asked:
            self._fetcher.note_requests({host: asked})
        return True

    def _visit(self, host: str) -> tuple[timedelta | None, datetime | None]:
        """Lease the host, in the writer thread; return how long it is leased, or when another process asked it."""
        leases = self._app.store.leases
        wait = leases.visit(host, self._app.clock(), LEASE)
        return wait, leases.asked_before(host) if wait is None else None

    async def end(self) -> None:
        """Give the hosts back with the next write of this process."""
        if self._hosts:
            await self._app.in_writer(self._app.store.leases.leave, self._hosts, self._app.clock())


class PageVisits(HostVisits):
    """Leases of the hosts that the request for one page asks, from robots.txt to the last redirect."""

    def __init__(self, app: App, fetcher: Fetcher, hosts: HostStates) -> None:
        super().__init__(app, fetcher)
        self._states = hosts
        self._leased = ""  # the host that stopped the request, as another process has it leased

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.end()
        if self._hosts:
            await self._app.in_writer(self._app.store.leases.end_unused)

    async def admit(self, host: str) -> bool:
        """Return True if the host may be asked, and lease it. Raises StoreError."""
        if self.held_until(host) is not None:
            return False
        if not await self.begin(host):
            self._leased = host
            return False
        return True

    def held_until(self, host: str) -> datetime | None:
        """Return until when the host is to be left alone, or is leased by another process; None if it is free."""
        return self.free_at or self._states.held_until(host, self._app.clock())

    def due_again(self, host: str, rest: timedelta) -> datetime:
        """Return when a page of this host that was not asked for is due: when its host is free, or after `rest`.

        Where several processes look for pages, they pass over those of leased hosts: such a page is due at once, as its
        lease may end in a second. The end of the lease counts for other hosts, to which a page is redirected.
        """
        now = self._app.clock()
        is_passed_over = self._leased == host and self._app.store.jobs.are_shared
        return now if is_passed_over else self.held_until(host) or now + rest


def _abridged(names: Collection[str]) -> str:
    """Return a few of the names, and how many more there are."""
    first = ", ".join(sorted(names)[:3])
    return f"{first} and {len(names) - 3} more" if len(names) > 3 else first


def share_of_host(fetch: Fetch, tick: timedelta) -> int:
    """Return how many sources of one host to hold claimed if one can claim again at each `tick`.

    As many as can be in flight or start within two ticks, so that the host's queue never runs dry; for a host without a
    gap, as many as leave room for other hosts.
    """
    most = max(fetch.concurrency // 2, fetch.per_host)
    if not fetch.host_gap:
        return most
    starts = -(-tick // fetch.host_gap)  # rounded up
    return min(most, fetch.per_host + 2 * starts)
