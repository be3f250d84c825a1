"""Rate limits of each host and of the fetcher as a whole. Edge: it waits."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Literal

from aggregator.fetch.backlog import Backlog
from aggregator.settings import Fetch
from aggregator.urls import host_key, paced_host

Admit = Callable[[str], Awaitable[bool]]

STALL_TIMEOUT = 2.0  # seconds without a byte after which a request no longer counts towards `concurrency`
UNLIMITED = 1_000_000
MAX_IDLE_HOSTS = 1_000  # of which is remembered when they may be asked again; pages may lead to any number of hosts


class Slot:
    """One of the `concurrency` requests in flight. A stalled request loses it, so that it delays no other host."""

    def __init__(self, slots: asyncio.Semaphore) -> None:
        self._slots = slots
        self._loop = asyncio.get_running_loop()
        self._last_data = self._loop.time()
        self._timer: asyncio.TimerHandle | None = self._loop.call_later(STALL_TIMEOUT, self._check)

    def on_data(self) -> None:
        """Note that the server sent something."""
        self._last_data = self._loop.time()

    def release(self) -> None:
        """Let another request have the slot; a second call does nothing."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
            self._slots.release()

    def _check(self) -> None:
        stalled_at = self._last_data + STALL_TIMEOUT
        if self._loop.time() >= stalled_at:
            self.release()
        else:
            self._timer = self._loop.call_at(stalled_at, self._check)


class _Slots(asyncio.Semaphore):
    """The slots of all requests, counted."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.free, self.waiting = number, 0  # waiting: requests for a slot

    async def acquire(self) -> Literal[True]:
        self.waiting += 1
        try:
            await super().acquire()
        finally:
            self.waiting -= 1
        self.free -= 1
        return True

    def release(self) -> None:
        self.free += 1
        super().release()


class RateLimiter:
    """At most `per_host` requests in flight to each host, their starts `host_gap` apart, and `concurrency` in all.

    A request that waits for its host takes no slot. No request starts while the documents in flight are too many bytes.
    """

    def __init__(self, fetch: Fetch) -> None:
        self.backlog = Backlog(fetch.max_in_flight_bytes)
        self._slots = _Slots(fetch.concurrency)
        self._limits = fetch.per_host, fetch.host_gap.total_seconds()
        self._unpaced = frozenset(name.lower() for name in fetch.unpaced)
        self._unlimited = _HostLimit(UNLIMITED, 0.0)
        self._hosts: dict[str, _HostLimit] = {}
        self._max_hosts = MAX_IDLE_HOSTS

    @asynccontextmanager
    async def acquire(self, url: str, admit: Admit) -> AsyncIterator[Slot | None]:
        """Wait until `url` may be requested, and hold a slot; None if `admit` refused its host (`urls.host_key`)."""
        paced = paced_host(url, self._unpaced)
        limit = self._unlimited if paced is None else self._limit(paced)
        limit.users += 1
        try:
            async with limit.in_flight:
                slot = await self._start(paced or host_key(url), limit, admit)
                try:
                    yield slot
                finally:
                    if slot:
                        slot.release()
        finally:
            limit.users -= 1

    @property
    def free_slots(self) -> int:
        """Number of requests that could start now; negative if so many wait for the end of others."""
        return self._slots.free - self._slots.waiting

    def idle_hosts(self, hosts: Iterable[str]) -> tuple[str, ...]:
        """Return those of the hosts to which no request is in flight or waiting here."""
        return tuple(host for host in hosts if not ((limit := self._hosts.get(host)) and limit.users))

    def note_requests(self, ages: Mapping[str, timedelta]) -> None:
        """Keep the gap after requests that other processes sent; `ages` are the times since then, by host."""
        now = asyncio.get_running_loop().time()
        for host, age in ages.items():
            limit = self._limit(host)
            elapsed = max(age.total_seconds(), 0.0)  # negative if the clock was put back
            limit.next_start = max(limit.next_start, now + limit.gap - elapsed)

    @property
    def next_starts(self) -> Mapping[str, float]:
        """Earliest start of the next request to each host, in the event loop's time."""
        return {host: limit.next_start for host, limit in self._hosts.items()}

    def resume(self, next_starts: Mapping[str, float]) -> None:
        """Take over the `next_starts` of another limiter."""
        for host, start in next_starts.items():
            self._limit(host).next_start = start

    def _limit(self, host: str) -> "_HostLimit":
        if host not in self._hosts:
            if len(self._hosts) >= self._max_hosts:
                self._forget_idle()
            self._hosts[host] = _HostLimit(*self._limits)
        return self._hosts[host]

    def _forget_idle(self) -> None:
        """Forget the hosts that nobody asks and that may be asked at once, as if they never had been."""
        now = asyncio.get_running_loop().time()
        self._hosts = {name: limit for name, limit in self._hosts.items() if limit.users or limit.next_start > now}
        self._max_hosts = max(2 * len(self._hosts), MAX_IDLE_HOSTS)  # or each further host would look at all

    async def _start(self, host: str, limit: "_HostLimit", admit: Admit) -> Slot | None:
        loop = asyncio.get_running_loop()
        async with limit.starting:  # first come, first served
            if not await admit(host):  # before the gap, so that after a 429 the host's whole queue ends at once ...
                return None
            if (delay := limit.next_start - loop.time()) > 0:
                await asyncio.sleep(delay)
            await self.backlog.wait_for_room()
            await self._slots.acquire()
            slot = Slot(self._slots)
            if not await admit(host):  # ... and after it, because of responses that came meanwhile
                slot.release()
                return None
            limit.next_start = loop.time() + limit.gap
            return slot


class _HostLimit:
    """Rate limit of one host."""

    def __init__(self, per_host: int, gap: float) -> None:
        self.in_flight = asyncio.Semaphore(per_host)
        self.starting = asyncio.Lock()
        self.gap = gap  # seconds
        self.next_start = 0.0
        self.users = 0  # requests in flight or waiting
