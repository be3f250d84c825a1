"""The buffer between the callbacks that receive pushes and the task that records them. Pure but for waiting."""

import asyncio

from aggregator.model import Push

MAX_PUSHES, MAX_BYTES = 200, 50_000_000  # beyond them a hub is told to send again


class PushBuffer:
    """Pushes that wait to be recorded, first in, first out, with bounds."""

    def __init__(self) -> None:
        self._pushes: asyncio.Queue[Push] = asyncio.Queue(MAX_PUSHES)
        self._bytes = 0
        self.is_closed = False

    def offer(self, push: Push) -> bool:
        """Take a push, or return False if there is no room."""
        is_full = self._pushes.full() or (self._bytes and self._bytes + len(push.body) > MAX_BYTES)
        if self.is_closed or is_full:
            return False
        self._bytes += len(push.body)
        self._pushes.put_nowait(push)
        return True

    async def next(self) -> Push:
        """Wait for the first push and return it; `done` must be called once it was recorded."""
        return await self._pushes.get()

    def done(self, push: Push) -> None:
        """Free the room of a push."""
        self._bytes -= len(push.body)
        self._pushes.task_done()

    @property
    def is_empty(self) -> bool:
        """True if no push waits."""
        return self._pushes.empty()

    async def join(self) -> None:
        """Wait until all pushes were recorded."""
        await self._pushes.join()
