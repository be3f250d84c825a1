"""The ticks, the fetches in flight, and the server. Shell."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, timedelta
from typing import Any

import uvicorn
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from starlette.types import Receive, Scope, Send

from aggregator.app import App, reconfigured
from aggregator.daemon.configuration import Configuration
from aggregator.daemon.hubs import Hubs
from aggregator.daemon.systemd import Supervisor
from aggregator.daemon.ticking import Every, keep_ticking
from aggregator.daemon.upkeep import Upkeep
from aggregator.errors import AggregatorError, StoreDamagedError
from aggregator.fetch import Fetcher
from aggregator.model import StoredSource
from aggregator.pipeline import LEASE, Hosts, Outcome, refresh, share_of_host
from aggregator.publish import publish_changed
from aggregator.serve import Health, Metrics, Work, connection_for, site
from aggregator.settings import Settings

TICK = timedelta(seconds=1)
SHORTEST_REST = 2.0  # seconds without fetching after what was fetched could not be recorded
DRAIN = 5.0  # seconds that fetches in flight get to end in, once they are to; publishing needs some too

log = logging.getLogger("aggregator")


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the daemon stops fetching first, then serving."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _TimedFetcher(Fetcher):
    """The fetcher, its time measured."""

    def __init__(self, app: App, metrics: Metrics) -> None:
        super().__init__(app.settings.fetch, app.clock, environ=app.environ)
        self._metrics = metrics

    async def fetch(self, *args: Any, **kwargs: Any) -> Any:
        with self._metrics.fetch_seconds.time():
            return await super().fetch(*args, **kwargs)


class Daemon:
    """What `aggregator run` is while it runs."""

    def __init__(self, app: App, configuration: Configuration, supervisor: Supervisor, *, unclean: bool) -> None:
        self._app, self._configuration, self._supervisor = app, configuration, supervisor
        self._health, self._metrics = Health(app.clock), Metrics()
        self._hubs = Hubs(lambda: self._app, self._open_now, self._watched, self._publish, self._metrics)
        self._site = site(app, self._health, self._metrics, self._hubs.inbox())
        self._fetches: set[asyncio.Task[None]] = set()
        self._in_flight = 0
        self._hosts = Hosts(app.store)
        self._fetcher: Fetcher | None = None
        self._open = AsyncExitStack()  # closes the fetcher
        self._stop = asyncio.Event()
        self._publish_next = self._claim_next = 0.0  # by the loop's clock: not before
        self._rest = 0.0  # seconds since a fetch could not be recorded
        self._told_time = app.clock()  # to see a clock that is put back
        self._damaged = False  # the database, when it was last asked
        self._upkeep = Upkeep(lambda: self._app, self._stop.is_set, unclean=unclean)

    async def run(self, listener: socket.socket) -> None:
        """Fetch, publish, and serve at `listener`, until told to stop."""
        self._heed_signals()
        server = _Server(_server_config(self._serve, connection_for(self._feed)))
        self._scheduler = scheduler = self._new_scheduler()
        async with self._open:
            await self._open_fetcher()
            await self._hubs.begin()
            scheduler.start()
            ticking = asyncio.create_task(keep_ticking(scheduler, TICK))
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            log.info("serving %s", self._app.settings.public_url)
            self._supervisor.ready()
            await asyncio.wait({serving, asyncio.create_task(self._stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
            self._supervisor.stopping()
            ticking.cancel()
            scheduler.pause()
            await asyncio.gather(self._drain(), self._hubs.finish())
            await self._publish()  # after what the ticks still had to do in the worker
            scheduler.shutdown(wait=False)  # not before: it cancels ticks under way, which may have claimed sources
            server.should_exit = True
            await serving

    def _heed_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told_to_stop, number)
        loop.add_signal_handler(signal.SIGHUP, self._configuration.ask)

    def _told_to_stop(self, number: int) -> None:
        if self._stop.is_set():
            # As safe as a kill. The signal itself would not end a process that is the first of its container.
            os._exit(128 + number)
        log.info("stopping; the same signal again does it at once")
        self._stop.set()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._site(scope, receive, send)

    def _feed(self, *request: Any) -> Any:
        return self._site.state.feeds.answer(*request)

    def _new_scheduler(self) -> AsyncIOScheduler:
        defaults = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=defaults)
        for job in (self._refresh, self._publish, self._look_after, self._hubs.tick):
            scheduler.add_job(job, Every(TICK))
        return scheduler

    async def _refresh(self) -> None:
        """Take up the configuration if it is another, and then fetch what is due: never both at once."""
        if self._configuration.is_due():
            self._supervisor.reloading()
            try:
                await self._reload()
            finally:
                self._supervisor.ready()
        if self._damaged:
            await self._return_to_database()
        if self._app.clock() < self._told_time:
            with self._watched("claim"):
                await self._app.in_worker(self._app.store.maintenance.reset_future_times, self._app.clock())
        self._told_time = self._app.clock()
        await self._claim()

    async def _reload(self) -> None:
        self._configuration.taken()
        with self._watched("reload"):
            settings = await self._app.in_worker(self._configuration.reread, self._app.settings)
            self._health.notice = self._configuration.notice
            try:
                if settings and settings != self._app.settings:
                    await self._take_up(settings)
            except AggregatorError:
                self._configuration.ask()
                raise

    async def _take_up(self, settings: Settings) -> None:
        """Go on with these settings; what is in flight ends by the old ones before."""
        await self._drain()
        before, self._app = self._app, await self._app.in_worker(reconfigured, self._app, settings)
        if settings.fetch != before.settings.fetch:  # else it stays: it knows when each host was asked last
            await self._hubs.pause()
            await self._open_fetcher()
            self._hubs.resume()
        await self._hubs.settle()
        self._site = site(self._app, self._health, self._metrics, self._hubs.inbox())
        log.info("%s is taken up as it is now: %d sources", self._configuration.path, len(self._app.sources))

    async def _return_to_database(self) -> None:
        """Go on if a copy was brought back, which may know other sources than the configuration."""
        self._damaged = False
        with self._watched("claim"):
            self._app = await self._app.in_worker(reconfigured, self._app, self._app.settings)

    async def _open_fetcher(self) -> None:
        """Fetch with the settings of now, by a client that takes the place of the one before."""
        before = self._fetcher
        await self._open.aclose()
        self._fetcher = await self._open.enter_async_context(_TimedFetcher(self._app, self._metrics))
        if before:
            self._fetcher.resume(before.next_starts)

    def _open_now(self) -> Fetcher:
        assert self._fetcher
        return self._fetcher

    async def _claim(self) -> None:
        """Claim what is due, as far as there is room, and fetch it beside what is still in flight."""
        app = self._app
        room = 2 * app.settings.fetch.concurrency - self._in_flight
        if room <= 0 or self._stop.is_set() or self._damaged or _now() < self._claim_next:
            return
        claimed: Sequence[StoredSource] = ()
        with self._watched("claim"):
            share = share_of_host(app.settings.fetch, TICK)
            claimed = await app.in_worker(app.store.sources.claim, app.clock(), limit=room, lease=LEASE, share=share)
        if self._stop.is_set():
            app.store.sources.release([one.source.id for one in claimed])
        elif claimed:
            task = asyncio.create_task(self._fetch(claimed))
            self._fetches.add(task)
            task.add_done_callback(self._fetches.discard)

    async def _fetch(self, claimed: Sequence[StoredSource]) -> None:
        left = len(claimed)
        self._in_flight += left

        def tell(outcome: Outcome) -> None:
            nonlocal left
            left -= 1
            self._in_flight -= 1
            self._metrics.count(outcome)
            _log(outcome)
            if outcome.recorded.rows and _now() >= self._publish_next:
                self._publish_next = _now() + TICK.total_seconds()
                self._scheduler.add_job(self._publish)  # at once: a burst waits for the tick, and is rendered together

        assert self._fetcher
        try:
            with self._watched("fetch"), self._metrics.cycle_seconds.time():
                await refresh(self._app, self._fetcher, claimed, tell, self._hosts)
        finally:
            self._in_flight -= left

    async def _publish(self) -> None:
        with self._watched("publish"), self._metrics.publish_seconds.time():
            published = await self._app.in_worker(publish_changed, self._app)
            if published.feeds:
                self._hubs.news()

    async def _look_after(self) -> None:
        for work, do in self._upkeep.due():
            with self._watched(work):
                await do()

    @contextmanager
    def _watched(self, work: Work) -> Iterator[None]:
        """Tell the health whether this work gets done; what stops it is logged once, and a later tick tries again."""
        try:
            yield
        except AggregatorError as error:
            self._damaged |= isinstance(error, StoreDamagedError)
            if work == "fetch":
                self._rest_from_fetching()
            if self._health.failed(work, str(error), error.cause):
                log.error("%s", error)
        except Exception as bug:
            self._health.failed(work, f"internal error ({type(bug).__name__}); the log has the details")
            raise
        else:
            self._health.done(work)
            if work == "fetch":
                self._rest = 0.0

    def _rest_from_fetching(self) -> None:
        """Claim nothing for a while, twice as long each time: who was asked in vain is due still."""
        if _now() >= self._claim_next:
            longest = self._app.settings.fetch.min_interval.total_seconds()
            self._rest = min(max(2 * self._rest, SHORTEST_REST), longest)
            self._claim_next = _now() + self._rest

    async def _drain(self) -> None:
        if self._fetches:
            _, late = await asyncio.wait(self._fetches, timeout=DRAIN)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _log(outcome: Outcome) -> None:
    if outcome.failure:
        log.warning("%s: %s", outcome.source, outcome.failure)
    elif outcome.recorded.new or outcome.recorded.updated:
        log.info("%s: %d new, %d updated", outcome.source, outcome.recorded.new, outcome.recorded.updated)


def _server_config(
    served: Callable[[Scope, Receive, Send], Awaitable[None]], connection: type[asyncio.Protocol]
) -> uvicorn.Config:
    return uvicorn.Config(
        served,
        http=connection,
        ws="none",
        interface="asgi3",  # a bound method is not recognised as such
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
