"""How much was fetched and waits to be recorded. Edge: it waits.

Fetching is faster than recording. Without a bound a round over many sources would hold all of their documents at once.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

MOST = 3_000_000  # bytes; what is in flight when it is reached still comes


class Backlog:
    """The documents that wait, in bytes."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self._held = most, 0
        self._room = asyncio.Event()
        self._room.set()

    async def room(self) -> None:
        """Wait until another document may be asked for."""
        await self._room.wait()

    @contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """Within it a document of `size` bytes waits."""
        self._change(size)
        try:
            yield
        finally:
            self._change(-size)

    def _change(self, size: int) -> None:
        self._held += size
        if self._held >= self._most:
            self._room.clear()
        else:
            self._room.set()
