"""Pages that are due, asked for as far as there is room and each host's pace allows. Shell."""

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Coroutine, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from aggregator.app import App
from aggregator.fetch import Fetcher
from aggregator.pipeline import leases
from aggregator.pipeline.fetch import load_hosts
from aggregator.pipeline.host_states import HostStates
from aggregator.pipeline.leases import renewed, share_of_host
from aggregator.settings import Fetch
from aggregator.urls import host_key

LOOKED_AT = 1000  # pages among which those of free hosts are chosen
REST = timedelta(minutes=1)  # of a page whose host asked to be left alone, at least
TICK = timedelta(seconds=1)  # between two looks for due pages

Page = TypeVar("Page")
Id = TypeVar("Id", int, str)
Page_co = TypeVar("Page_co", covariant=True)
Id_contra = TypeVar("Id_contra", contravariant=True)


class PageMarks(Protocol[Page_co, Id_contra]):
    """Marks of such pages in the store, by id."""

    def claim(self, ids: Collection[Id_contra], now: datetime, lease: timedelta) -> Sequence[Page_co]:
        """Lease those of these marks that are still due and free."""

    def extend(self, ids: Collection[Id_contra], now: datetime, lease: timedelta) -> None:
        """Have the leases of these marks last for `lease` from now on."""

    def release(self, ids: Collection[Id_contra]) -> None:
        """End the leases of these marks."""


class DuePages(ABC, Generic[Page, Id]):
    """Asks for the pages of one kind that are due; what is under way is a task for each claimed page.

    `hosts` is shared with the refreshers of the process. Several processes may ask for pages at a time: a mark is
    leased, and so is each host, whose pages the others then leave alone.
    """

    def __init__(self, app: App, fetcher: Fetcher, hosts: HostStates) -> None:
        self._app, self._fetcher, self._hosts = app, fetcher, hosts
        self._under_way: dict[asyncio.Task[None], Page] = {}
        self._is_drained = False

    @abstractmethod
    def _due(self, now: datetime) -> Iterable[tuple[Id, str]]:
        """Return ids and URLs of pages that are due, up to LOOKED_AT, in the writer thread."""

    @property
    @abstractmethod
    def _marks(self) -> PageMarks[Page, Id]: ...

    @abstractmethod
    def _id(self, page: Page) -> Id: ...

    @abstractmethod
    def _url(self, page: Page) -> str: ...

    @abstractmethod
    def _work(self, claimed: Page) -> Coroutine[None, None, None]:
        """Ask for the page and record what comes. Raises StoreError."""

    async def start_due(self) -> bool:
        """Start to ask for what is due; return True if something is under way.

        Raises StoreError, also those that what was started before ended with.
        """
        self._collect()
        app, now = self._app, self._app.clock()
        room = app.settings.fetch.concurrency - len(self._under_way)
        if room > 0 and not self._hosts.outage.is_on:
            due = await app.in_writer(self._free, now)
            chosen = within_pace(due, map(self._url, self._under_way.values()), app.settings.fetch, room)
            pages = await app.in_writer(self._marks.claim, chosen, now, leases.LEASE)
            if pages:
                await load_hosts(app, self._fetcher, self._hosts, {host_key(self._url(page)) for page in pages})
            if self._is_drained:  # meanwhile, and nothing waits for what would start now
                await self._release(pages)
                return False
            for page in pages:
                self._under_way[asyncio.create_task(self._work_leased(page))] = page
        return bool(self._under_way)

    async def wait(self, *, until_first: bool = False) -> None:
        """Wait until everything that is under way is done, or with `until_first` something. Raises StoreError."""
        if self._under_way:
            how = asyncio.FIRST_COMPLETED if until_first else asyncio.ALL_COMPLETED
            await asyncio.wait(self._under_way, return_when=how)
        self._collect()

    async def drain(self, seconds: float) -> None:
        """Give what is under way so many seconds to end, then cancel it: its pages are released.

        Nothing starts any more. Raises StoreError.
        """
        self._is_drained = True
        if not self._under_way:
            return
        _, late = await asyncio.wait(self._under_way, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        unfinished = [self._under_way[task] for task in late]
        self._under_way.clear()
        await self._release(unfinished)

    async def _release(self, pages: Sequence[Page]) -> None:
        if pages:
            await self._app.in_writer(self._marks.release, list(map(self._id, pages)))

    def _free(self, now: datetime) -> Iterable[tuple[Id, str]]:
        """Return what is due, but not what is under way, or is on a host that another process asks."""
        under_way = set(map(self._id, self._under_way.values()))
        due = [(page_id, url) for page_id, url in self._due(now) if page_id not in under_way]
        busy = self._app.store.leases.busy({host_key(url) for _, url in due}) if due else ()
        return [(page_id, url) for page_id, url in due if host_key(url) not in busy]

    async def _work_leased(self, claimed: Page) -> None:
        async def renew() -> None:
            await self._app.in_writer(self._renew, [self._id(claimed)])

        async with renewed(renew):
            await self._work(claimed)

    def _renew(self, ids: Collection[Id]) -> None:
        now = self._app.clock()
        self._marks.extend(ids, now, leases.LEASE)
        self._app.store.leases.extend((), now, leases.LEASE)  # of the hosts that are asked

    def _collect(self) -> None:
        """Forget what is done. Raises the StoreError that it ended with."""
        for task in [task for task in self._under_way if task.done()]:
            del self._under_way[task]
            task.result()


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
