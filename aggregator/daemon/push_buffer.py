"""The buffer between the callbacks that receive pushes and the task that records them. Pure but for waiting."""

import asyncio

from aggregator.model import Push
from aggregator.serve.callbacks import Offer

MAX_PUSHES, MAX_BYTES = 200, 50_000_000  # beyond them a hub is told to send again


class PushBuffer:
    """Pushes that wait to be recorded, first in, first out, with bounds: the newest of each subscription."""

    def __init__(self) -> None:
        self._tokens = asyncio.Queue[str](MAX_PUSHES)  # of the subscriptions with a push in `_waiting`
        self._waiting: dict[str, Push] = {}
        self._bytes = 0  # of the bodies that wait or are being recorded
        self.is_closed = False

    def offer(self, push: Push) -> Offer:
        """Take a push if there is room, in place of the one of its subscription that waits."""
        replaced = self._waiting.get(push.token)
        freed = len(replaced.body) if replaced else 0
        remaining = self._bytes - freed
        if (
            self.is_closed
            or (not replaced and self._tokens.full())
            or (remaining and remaining + len(push.body) > MAX_BYTES)
        ):
            return "refused"
        self._bytes = remaining + len(push.body)
        self._waiting[push.token] = push
        if replaced:
            return "replaced"
        self._tokens.put_nowait(push.token)
        return "accepted"

    async def get(self) -> Push:
        """Return the push that waits longest; `done` has to follow."""
        return self._waiting.pop(await self._tokens.get())

    def done(self, push: Push) -> None:
        """Free the room of a push that `get` returned."""
        self._bytes -= len(push.body)
        self._tokens.task_done()

    def empty(self) -> bool:
        """Return True if no push waits."""
        return not self._waiting

    async def join(self) -> None:
        """Wait until every push is done."""
        await self._tokens.join()
