"""One host's pace, and the fetcher's: who may ask now. Edge: it waits."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

from aggregator.fetch.backlog import Backlog
from aggregator.settings import Fetch
from aggregator.urls import host_key, paced_host

Admit = Callable[[str], bool]

SILENCE = 2.0  # seconds without a byte after which a request no longer counts among `concurrency`
NO_LIMIT = 1_000_000


class Place:
    """A place among the requests in flight. A silent request gives it up, so that hosts that hang slow no other."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places = places
        self._loop = asyncio.get_running_loop()
        self._heard = self._loop.time()
        self._timer: asyncio.TimerHandle | None = self._loop.call_later(SILENCE, self._listen)

    def heard(self) -> None:
        """Note that the server said something."""
        self._heard = self._loop.time()

    def give_up(self) -> None:
        """Let another request have the place; does nothing the second time."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
            self._places.release()

    def _listen(self) -> None:
        silent_at = self._heard + SILENCE
        if self._loop.time() >= silent_at:
            self.give_up()
        else:
            self._timer = self._loop.call_at(silent_at, self._listen)


class Hosts:
    """At most `per_host` requests in flight to each host, their starts `host_gap` apart; `concurrency` over all.

    Who waits for its host holds no place among `concurrency`. Nobody starts while too much of what came waits.
    """

    def __init__(self, fetch: Fetch) -> None:
        self.backlog = Backlog()
        self._places = asyncio.Semaphore(fetch.concurrency)
        self._paced = fetch.per_host, fetch.host_gap.total_seconds()
        self._unpaced = frozenset(name.lower() for name in fetch.unpaced)
        self._free = _Pace(NO_LIMIT, 0.0)
        self._paces: dict[str, _Pace] = {}

    @asynccontextmanager
    async def turn(self, url: str, admit: Admit) -> AsyncIterator[Place | None]:
        """Wait until `url` may be asked, and hold its turn. None: by then `admit` said no to its host (`host_key`)."""
        paced = paced_host(url, self._unpaced)
        pace = self._free if paced is None else self._pace(paced)
        with pace.used():
            async with pace.in_flight:
                place = await self._start(paced or host_key(url), pace, admit)
                try:
                    yield place
                finally:
                    if place:
                        place.give_up()

    def idle(self, keys: Iterable[str]) -> tuple[str, ...]:
        """Those of these hosts (`host_key`) that nobody here asks, nor waits to ask."""
        return tuple(key for key in keys if not ((pace := self._paces.get(key)) and pace.users))

    def asked(self, since: Mapping[str, timedelta]) -> None:
        """Keep the gap to what others asked these hosts so long ago."""
        now = asyncio.get_running_loop().time()
        for key, ago in since.items():
            pace = self._pace(key)
            past = max(ago.total_seconds(), 0.0)  # a clock that was turned back makes no longer gap than there is
            pace.next_start = max(pace.next_start, now + pace.gap - past)

    @property
    def next_starts(self) -> Mapping[str, float]:
        """When each host may be asked next, in the loop's time."""
        return {key: pace.next_start for key, pace in self._paces.items()}

    def follow(self, next_starts: Mapping[str, float]) -> None:
        """Go on where another `Hosts` stopped."""
        for key, start in next_starts.items():
            self._pace(key).next_start = start

    def _pace(self, key: str) -> "_Pace":
        return self._paces.get(key) or self._paces.setdefault(key, _Pace(*self._paced))

    async def _start(self, key: str, pace: "_Pace", admit: Admit) -> Place | None:
        loop = asyncio.get_running_loop()
        async with pace.starting:  # first come, first served
            if not admit(key):  # asked before the gap, so that a host's whole queue learns at once of a 429 ...
                return None
            if (wait := pace.next_start - loop.time()) > 0:
                await asyncio.sleep(wait)
            await self.backlog.room()
            await self._places.acquire()
            place = Place(self._places)
            if not admit(key):  # ... and after it, for the answers that came meanwhile
                place.give_up()
                return None
            pace.next_start = loop.time() + pace.gap
            return place


class _Pace:
    def __init__(self, per_host: int, gap: float) -> None:
        self.in_flight = asyncio.Semaphore(per_host)
        self.starting = asyncio.Lock()
        self.gap = gap
        self.next_start = 0.0
        self.users = 0  # that hold a turn, or wait for one

    @contextmanager
    def used(self) -> Iterator[None]:
        self.users += 1
        try:
            yield
        finally:
            self.users -= 1
