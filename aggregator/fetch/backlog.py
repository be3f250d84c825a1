"""Bounds on the bytes of documents that are being received, or wait to be recorded. Edge: it waits.

Fetching is faster than recording. Without a bound a round over many sources would hold all of their documents at once,
and hostile ones could hold as many bodies as there are requests.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from aggregator.fetch.failures import ResponseError

MAX_PENDING_BYTES = 3_000_000  # that wait to be recorded; requests already in flight may exceed it
SMALL_BODY = 250_000  # bytes: so much of a body is read in any case; 95 % of feeds are smaller
PATIENCE = 5.0  # seconds above the bound after which the largest body is aborted


class Body:
    """A body that is being received; `size` is that of its decompressed bytes so far."""

    def __init__(self, backlog: "Backlog") -> None:
        self._backlog = backlog
        self.size = 0
        self.scope = asyncio.timeout(None)  # ends early if the body is aborted

    async def grow(self, size: int) -> None:
        """Count `size` more bytes, and wait until the body may be read on."""
        self.size += size
        await self._backlog.counted(self, size)


class Backlog:
    """Bytes of all documents in flight: received so far, waiting, or being recorded.

    No request starts while too many bytes wait, or while all together exceed `max_bytes`; if they do for 5 s, the
    largest body is aborted. From half of that on, of the bodies that are not small only the largest is read on: so 200
    that hang after 10 MB each neither reach the bound nor hold up a small one.
    """

    def __init__(self, max_bytes: int, max_pending_bytes: int = MAX_PENDING_BYTES) -> None:
        self._max_bytes, self._max_pending_bytes = max_bytes, max_pending_bytes
        self._bytes = self._pending_bytes = 0
        self._bodies: set[Body] = set()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._changed = asyncio.Event()  # replaced with each change
        self._timer: asyncio.TimerHandle | None = None

    async def wait_for_room(self) -> None:
        """Wait until another document may be requested."""
        await self._has_room.wait()

    @contextmanager
    def hold(self, size: int) -> Iterator[None]:
        """Count a document of `size` bytes as waiting while the context is open."""
        self._add(size, pending=size)
        try:
            yield
        finally:
            self._add(-size, pending=-size)

    @asynccontextmanager
    async def receive(self) -> AsyncIterator[Body]:
        """Give a body to count while the context is open. Raises ResponseError if it is aborted."""
        body = Body(self)
        self._bodies.add(body)
        try:
            async with body.scope:
                yield body
        except TimeoutError:
            if not body.scope.expired():
                raise
            reason = f"all bodies in flight held more than {self._max_bytes:,} bytes for {PATIENCE:g} s"
            advice = "fetch.max_in_flight_bytes is the limit"
            raise ResponseError(f"{reason}, and this one was the largest", advice, 200) from None
        finally:
            self._bodies.discard(body)
            self._add(-body.size)

    async def counted(self, body: Body, size: int) -> None:
        """Count more bytes of `body`, and wait until it may be read on."""
        self._add(size)
        while self._bytes > self._max_bytes // 2 and body.size > SMALL_BODY and body is not self._largest:
            await self._changed.wait()

    @property
    def _is_full(self) -> bool:
        return self._bytes > self._max_bytes

    @property
    def _largest(self) -> Body:
        return max(self._bodies, key=lambda body: body.size)

    def _add(self, size: int, *, pending: int = 0) -> None:
        self._bytes += size
        self._pending_bytes += pending
        if self._is_full or self._pending_bytes >= self._max_pending_bytes:
            self._has_room.clear()
        else:
            self._has_room.set()
        if size < 0:
            self._changed.set()
            self._changed = asyncio.Event()
        if not self._is_full:
            self._stop_timer()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PATIENCE, self._abort_largest)

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _abort_largest(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(PATIENCE, self._abort_largest)
        if self._bodies:  # else all of the bytes wait to be recorded
            self._largest.scope.reschedule(loop.time())
