"""Pictures at their sources: requests under limits of their own, so that they never delay a poll. Shell.

They go through the client of feeds, with its guard on each hop, but another instance of it: with other slots, other
connections and no gap between requests. A host that asks to be left alone is: by its answer to a picture, or to a feed.
"""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

from aggregator.app import App
from aggregator.fetch import Fetcher
from aggregator.model import Failure, HostState, Page
from aggregator.schedule.state import host_after
from aggregator.settings import Fetch
from aggregator.urls import host_key

LIMITS = {
    "concurrency": 16,
    "per_host": 4,
    "host_gap": timedelta(0),
    "unpaced": (),
    "max_bytes": 5_000_000,
    "max_in_flight_bytes": 20_000_000,
}
REST = timedelta(minutes=1)  # of a host that asked to be left alone, if it does not say for how long


class PictureHeldError(Exception):
    """The picture cannot be had at present; `wait` says when to ask again."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__()
        self.wait = wait


class PictureSource:
    """Client of pictures for one app; its connections are opened with the first request."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._fetcher: Fetcher | None = None
        self._stack = AsyncExitStack()
        self._hosts: dict[str, HostState] = {}  # those that refused us, by their answers to requests for pictures

    async def fetch(self, url: str) -> Page | Failure:
        """Request a picture. Raises PictureHeldError if its host, or one of a redirect, asked to be left alone."""
        if self._fetcher is None:
            settings: Fetch = self.app.settings.fetch.model_copy(update=LIMITS)
            self._fetcher = Fetcher(settings, self.app.clock)
            await self._stack.enter_async_context(self._fetcher)
        answer = await self._fetcher.fetch_picture(url, admit=self._admits, permit=self._permit)
        if answer is None:
            raise PictureHeldError(self._wait(host_key(url)) or REST)
        if isinstance(answer, Failure) and (answer.status == 429 or (answer.status == 503 and answer.retry_after)):
            host = answer.host or host_key(url)
            self._hosts = {name: state for name, state in self._hosts.items() if self._wait(name)}
            self._hosts[host] = host_after(answer, self._hosts.get(host, HostState()), self.app.clock())
            raise PictureHeldError(self._wait(host) or REST)
        return answer

    async def close(self) -> None:
        """Close all connections."""
        await self._stack.aclose()
        self._fetcher = None

    async def _admits(self, host: str) -> bool:
        return not self._wait(host)

    def _wait(self, host: str) -> timedelta | None:
        """Return the time for which the host has to be left alone because of a picture, None if it has not."""
        now, until = self.app.clock(), self._hosts.get(host, HostState()).not_before
        return until - now if until and until > now else None

    async def _permit(self, url: str) -> None:
        """Return if the host may be asked as far as feeds are concerned. Raises PictureHeldError."""
        host = host_key(url)
        stored = await asyncio.to_thread(self.app.store.sources.hosts, {host})
        until, now = stored.get(host, HostState()).not_before, self.app.clock()
        if until and until > now:
            raise PictureHeldError(until - now)
