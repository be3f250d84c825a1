"""The buffer between the callbacks that receive pushes and the task that records them. Pure but for waiting."""

import asyncio

from aggregator.model import Push

MAX_PUSHES, MAX_BYTES = 200, 50_000_000  # beyond them a hub is told to send again


class PushBuffer(asyncio.Queue[Push]):
    """Pushes that wait to be recorded, first in, first out, with bounds."""

    def __init__(self) -> None:
        super().__init__(MAX_PUSHES)
        self._bytes = 0
        self.is_closed = False

    def offer(self, push: Push) -> bool:
        """Take a push, or return False if there is no room."""
        if self.is_closed or self.full() or (self._bytes and self._bytes + len(push.body) > MAX_BYTES):
            return False
        self._bytes += len(push.body)
        self.put_nowait(push)
        return True

    def done(self, push: Push) -> None:
        """Free the room of a push that `get` returned."""
        self._bytes -= len(push.body)
        self.task_done()
