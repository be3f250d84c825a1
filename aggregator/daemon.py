"""The daemon: fetch on schedule, publish, serve. Shell.

APScheduler only ticks, once a second; when a source is due is a column of its row, so a restart polls nothing early.
"""

import asyncio
import logging
import signal
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from starlette.types import ASGIApp

from aggregator import config
from aggregator.app import App, opened_with
from aggregator.cycle import LEASE, Outcome, refresh
from aggregator.errors import AggregatorError
from aggregator.fetch import Fetcher
from aggregator.model import Claimed
from aggregator.publish import publish_changed, publish_restyled, sweep
from aggregator.serve import Health, Metrics, Work, site

TICK = timedelta(seconds=1)
DRAIN = 5.0  # seconds that fetches in flight get to end in, once we were told to stop; publishing needs some too

log = logging.getLogger("aggregator")


async def run_daemon(path: Path, environ: Mapping[str, str], host: str, port: int) -> None:
    """Run until SIGTERM or SIGINT. Raises ConfigError, StoreError, FilesError, AggregatorError for a port in use."""
    settings = config.load(path, environ)
    with _listening(host, port) as listener:
        if settings.base_url is None:
            here = f"http://{_printed(listener)}/"
            settings = settings.model_copy(update={"base_url": here})
        with opened_with(settings) as app, app.store.fetching():
            sweep(app)
            await _Daemon(app).run(listener)


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen()  # who comes before the server runs waits for it
        except OSError as error:
            raise AggregatorError(
                f"cannot listen on {host}, port {port}: {error.strerror or error}; "
                "stop the program that holds it, or choose another with --host and --port"
            ) from None
        yield listener


def _printed(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not bound
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the daemon stops fetching first, then serving."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _TimedFetcher(Fetcher):
    """The fetcher, its time measured."""

    def __init__(self, app: App, metrics: Metrics) -> None:
        super().__init__(app.settings.fetch, app.clock)
        self._metrics = metrics

    async def fetch(self, *args: Any, **kwargs: Any) -> Any:
        with self._metrics.fetching():
            return await super().fetch(*args, **kwargs)


class _Daemon:
    """The ticks, the fetches in flight, and the server."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._health, self._metrics = Health(app.clock), Metrics()
        self._fetches: set[asyncio.Task[None]] = set()
        self._in_flight = 0
        self._stop = asyncio.Event()

    async def run(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        server = _Server(_server_config(site(self._app, self._health, self._metrics)))
        async with _TimedFetcher(self._app, self._metrics) as fetcher:
            scheduler = self._scheduler(fetcher)
            await self._app.in_worker(publish_restyled, self._app)
            scheduler.start()
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            log.info("serving %s", self._app.settings.public_url)
            await asyncio.wait({serving, asyncio.create_task(self._stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
            scheduler.pause()
            await self._drain()
        await self._publish()  # after what the ticks still had to do in the worker
        scheduler.shutdown(wait=False)  # not before: it cancels ticks under way, which may have claimed sources
        server.should_exit = True
        await serving

    def _scheduler(self, fetcher: Fetcher) -> AsyncIOScheduler:
        defaults = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=defaults)
        for job in (self._refresh, self._publish):
            arguments = (fetcher,) if job == self._refresh else ()
            scheduler.add_job(job, "interval", args=arguments, seconds=TICK.total_seconds())
        return scheduler

    async def _refresh(self, fetcher: Fetcher) -> None:
        """Claim what is due, as far as there is room, and fetch it beside what is still in flight."""
        app = self._app
        room = 2 * app.settings.fetch.concurrency - self._in_flight
        if room <= 0 or self._stop.is_set():
            return
        claimed: Sequence[Claimed] = ()
        with self._watched("claim"):
            claimed = await app.in_worker(app.store.claim, app.clock(), limit=room, lease=LEASE)
        if self._stop.is_set():
            app.store.release([one.source.id for one in claimed])
        elif claimed:
            task = asyncio.create_task(self._fetch(fetcher, claimed))
            self._fetches.add(task)
            task.add_done_callback(self._fetches.discard)

    async def _fetch(self, fetcher: Fetcher, claimed: Sequence[Claimed]) -> None:
        left = len(claimed)
        self._in_flight += left

        def tell(outcome: Outcome) -> None:
            nonlocal left
            left -= 1
            self._in_flight -= 1
            self._metrics.count(outcome)
            _log(outcome)

        try:
            with self._watched("fetch"), self._metrics.cycling():
                await refresh(self._app, fetcher, claimed, tell)
        finally:
            self._in_flight -= left

    async def _publish(self) -> None:
        with self._watched("publish"), self._metrics.publishing():
            await self._app.in_worker(publish_changed, self._app)

    @contextmanager
    def _watched(self, work: Work) -> Iterator[None]:
        """Tell the health whether this work gets done; what stops it is logged once, and a later tick tries again."""
        try:
            yield
        except AggregatorError as error:
            if self._health.failed(work, str(error)):
                log.error("%s", error)
        except Exception as bug:
            self._health.failed(work, f"an error of ours ({type(bug).__name__}); the log has the details")
            raise
        else:
            self._health.done(work)

    async def _drain(self) -> None:
        if self._fetches:
            _, late = await asyncio.wait(self._fetches, timeout=DRAIN)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


def _log(outcome: Outcome) -> None:
    if outcome.failure:
        log.warning("%s: %s", outcome.source, outcome.failure)
    elif outcome.recorded.new or outcome.recorded.updated:
        log.info("%s: %d new, %d updated", outcome.source, outcome.recorded.new, outcome.recorded.updated)


def _server_config(served: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        served, lifespan="off", log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=2
    )
