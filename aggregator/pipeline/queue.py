"""Documents that wait for the worker go there several at a time. Shell.

What two of them change in the database is mostly the same pages, and a transaction writes each page once: in a burst,
eight documents together cost half as much as one by one. Who comes alone goes alone, at once.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from aggregator.app import App
from aggregator.errors import AggregatorError
from aggregator.model import FeedDocument, StoredSource
from aggregator.pipeline.report import Outcome

if TYPE_CHECKING:
    from aggregator.document import ReadResult
    from aggregator.sandbox import Aborted

MOST, MOST_BYTES = 8, 1_000_000  # of one batch; some 0.1 s of the worker, then publishing has its turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A document that came at `now` for every source that named its URL; `found` in it, None where nobody read it."""

    same: tuple[StoredSource, ...]
    document: FeedDocument
    now: datetime
    found: "ReadResult | Aborted | None" = None


Outcomes = tuple[Outcome, ...] | AggregatorError  # of one document: those of its sources, or what ends the cycle
_Waiting = tuple[Fetched, "asyncio.Future[Outcomes]"]


class Batches:
    """What one cycle has for the worker, one batch after the other."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._waiting: list[_Waiting] = []
        self._turn = asyncio.Lock()  # first come, first served, as `_waiting` is

    async def taken(self, fetched: Fetched) -> Sequence[Outcome]:
        """The outcomes of this document, which is recorded then, perhaps with others that waited. Raises StoreError."""
        mine: _Waiting = fetched, asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        try:
            async with self._turn:
                if not mine[1].done():
                    await self._take(self._next())
        except asyncio.CancelledError:
            if mine in self._waiting:
                self._waiting.remove(mine)
            raise
        outcomes = await mine[1]
        if isinstance(outcomes, AggregatorError):
            raise outcomes
        return outcomes

    def _next(self) -> list[_Waiting]:
        count = size = 0
        for fetched, _ in self._waiting[:MOST]:
            size += len(fetched.document.body)
            if count and size > MOST_BYTES:
                break
            count += 1
        batch, self._waiting[:count] = self._waiting[:count], []
        return batch

    async def _take(self, batch: Sequence[_Waiting]) -> None:
        from aggregator.pipeline.record import (
            take,  # not before: a round of nothing but 304s does without reader and writer
        )

        try:
            found = await self._app.in_worker(take, self._app, [fetched for fetched, _ in batch])
            for (_, future), outcomes in zip(batch, found, strict=True):
                future.set_result(outcomes)
        finally:
            for _, future in batch:
                future.cancel()  # where there is no result: whoever waits for it is cancelled too
