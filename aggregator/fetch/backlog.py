"""Bound on the documents that are fetched but not yet recorded. Edge: it waits.

Fetching is faster than recording. Without a bound a round over many sources would hold all of their documents at once.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

MAX_PENDING_BYTES = 3_000_000  # requests already in flight may exceed it


class Backlog:
    """Size of the documents that wait to be recorded, in bytes."""

    def __init__(self, max_bytes: int = MAX_PENDING_BYTES) -> None:
        self._max_bytes, self._pending_bytes = max_bytes, 0
        self._has_room = asyncio.Event()
        self._has_room.set()

    async def wait_for_room(self) -> None:
        """Wait until another document may be requested."""
        await self._has_room.wait()

    @contextmanager
    def hold(self, size: int) -> Iterator[None]:
        """Count a document of `size` bytes as pending while the context is open."""
        self._add(size)
        try:
            yield
        finally:
            self._add(-size)

    def _add(self, size: int) -> None:
        self._pending_bytes += size
        if self._pending_bytes >= self._max_bytes:
            self._has_room.clear()
        else:
            self._has_room.set()
