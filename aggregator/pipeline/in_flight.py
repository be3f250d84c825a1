"""Requests for pages that are under way, and which of those that are due may join them. Shell."""

import asyncio
from collections import Counter
from collections.abc import Collection, Coroutine, Iterable, Sequence
from datetime import timedelta
from typing import Generic, TypeVar

from aggregator.pipeline.leases import share_of_host
from aggregator.settings import Fetch
from aggregator.urls import host_key

TICK = timedelta(seconds=1)  # between two looks for due pages

T = TypeVar("T")
Id = TypeVar("Id", int, str)


class InFlight(Generic[T]):
    """Tasks, and the claimed page that each of them is about."""

    def __init__(self) -> None:
        self._pages: dict[asyncio.Task[None], T] = {}

    @property
    def pages(self) -> Collection[T]:
        """The pages that are under way."""
        return self._pages.values()

    def start(self, work: Coroutine[None, None, None], page: T) -> None:
        """Start the task for a page."""
        self._pages[asyncio.create_task(work)] = page

    def collect(self) -> None:
        """Forget what is done. Raises the StoreError that it ended with."""
        for task in [task for task in self._pages if task.done()]:
            del self._pages[task]
            task.result()

    async def wait(self, *, until_first: bool = False) -> None:
        """Wait until everything is done, or with `until_first` something."""
        if self._pages:
            how = asyncio.FIRST_COMPLETED if until_first else asyncio.ALL_COMPLETED
            await asyncio.wait(self._pages, return_when=how)

    async def drain(self, seconds: float) -> Sequence[T]:
        """Give what is under way so many seconds to end, then cancel it; return the pages that were cancelled."""
        if not self._pages:
            return ()
        _, late = await asyncio.wait(self._pages, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*self._pages, return_exceptions=True)
        unfinished = [self._pages[task] for task in late]
        self._pages.clear()
        return unfinished


def within_pace(due: Iterable[tuple[Id, str]], in_flight: Iterable[str], fetch: Fetch, room: int) -> list[Id]:
    """Return the ids of up to `room` due pages to ask for next: of each host no more than its pace needs.

    `due` are ids with URLs, `in_flight` the URLs of pages that are under way.
    """
    share, counts = share_of_host(fetch, TICK), Counter(map(host_key, in_flight))
    chosen: list[Id] = []
    for page_id, url in due:
        host = host_key(url)
        if len(chosen) < room and counts[host] < share:
            counts[host] += 1
            chosen.append(page_id)
    return chosen
