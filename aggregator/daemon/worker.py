"""A process of the newsroom while it runs: ticks, polling, publishing, reloading. Shell."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Protocol

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from aggregator.app import ADDRESS, App, reconfigured
from aggregator.daemon.after import AfterArticles
from aggregator.daemon.following import FollowingRequests
from aggregator.daemon.hubs import Hubs, subscribes
from aggregator.daemon.presence import Presence, process_name
from aggregator.daemon.systemd import Supervisor
from aggregator.daemon.ticks import RunningJobs, TickTrigger, keep_ticking
from aggregator.daemon.upkeep import Upkeep
from aggregator.errors import AggregatorError, OutdatedError, StoreDamagedError
from aggregator.fetch import Fetcher
from aggregator.model import RequestTask
from aggregator.names import counted
from aggregator.pipeline import SourceOutcome
from aggregator.pipeline.poller import Poller
from aggregator.publish import Published, UnwrittenError, publish_changed
from aggregator.serve import Health, Metrics, Work
from aggregator.settings import Settings

if TYPE_CHECKING:  # its engine is loaded where the database has jobs
    from aggregator.jobs import Jobs

TICK = timedelta(seconds=1)
MEASURE_SECONDS = 60.0  # at least, from one count of what is stored to the next; the longer it takes, the rarer
FINISH_SECONDS = 2.0  # for the jobs of what was recorded last; others do what is left
DRAIN_SECONDS = 5.0  # for fetches in flight to end before a stop or a reload; publishing needs some time too

log = logging.getLogger("aggregator")


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties:
    """Work that a process does; the rest is done by other processes, or by none."""

    fetches: bool = True
    publishes: bool = True
    keeps: bool = False  # the settings, which it reads from a file
    name: str = ""  # under which others see it; its host and process id if left out


class Configuration(Protocol):
    """The settings that a process goes by: a file, or what another process stored."""

    @property
    def name(self) -> str:
        """Name of the configuration for messages."""

    @property
    def notice(self) -> str:
        """Sentence for readers about faults that `reread` met last, "" for none."""

    def request(self) -> None:
        """Have it read again, changed or not."""

    def is_due(self) -> bool:
        """Return whether it is to be read. To be called once a tick."""

    def begin(self) -> None:
        """Note that it is being dealt with, and is not due any more."""

    def reread(self, running: Settings) -> Settings | None:
        """Return the settings to go on with; log each new fault and return None if there are any."""

    def note_version(self, version: int) -> None:
        """Note the version of the stored settings."""


class _TimedFetcher(Fetcher):
    """Fetcher whose time goes into the metrics."""

    def __init__(self, app: App, metrics: Metrics) -> None:
        super().__init__(app.settings.fetch, app.clock, environ=app.environ)
        self._metrics = metrics

    async def fetch(self, *args: Any, **kwargs: Any) -> Any:
        started = time.perf_counter()
        answer = await super().fetch(*args, **kwargs)
        if answer is not None:  # else its host is held off, and nothing was sent
            self._metrics.fetch_seconds.observe(time.perf_counter() - started)
        return answer


class Worker:
    """Process that fetches and publishes by its settings, and reads them again when they change."""

    _fetcher: Fetcher

    def __init__(
        self, app: App, configuration: Configuration, supervisor: Supervisor, duties: Duties, *, unclean: bool = False
    ) -> None:
        self._app, self._configuration, self._supervisor, self._duties = app, configuration, supervisor, duties
        self._health, self._metrics = Health(app.clock), Metrics()
        self._hubs = Hubs(lambda: self._app, lambda: self._fetcher, self._watched, self._publish, self._metrics)
        self._stop = asyncio.Event()
        self._poller = Poller(app, self._report, self._watched_poll, self._stop, TICK)
        self._after = AfterArticles(lambda: self._app)
        self._following = FollowingRequests(
            lambda: self._app, lambda: self._fetcher, self._poller, self._watched, self._report_page
        )
        self._jobs = self._new_jobs() if duties.publishes and app.store.jobs.are_shared else None
        self._is_unclean = unclean  # and any process may mend it
        self._upkeep = Upkeep(lambda: self._app, self._stop.is_set, unclean=unclean and not self._jobs)
        is_alone = app.store.has_one_writer
        name = duties.name or (process_name() if duties.fetches else "")
        self._presence = (
            None if is_alone else Presence(lambda: self._app, name, keeps=duties.keeps, writes=duties.publishes)
        )
        self._outdated: OutdatedError | None = None  # the program, since a newer one migrated the database
        self._fetcher_stack = AsyncExitStack()  # closes the fetcher
        self._publish_at = 0.0  # by the event loop's clock: no publishing between two ticks before
        self._measure_at = 0.0  # by the same clock
        self._is_damaged = False  # the database, at its last use
        defaults = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=defaults)
        self._running = RunningJobs()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Do what is due at each tick until the end of the block, and end what is under way by then."""
        self._handle_signals()
        by_ticks = () if self._jobs else (self._publish, self._hubs.tick)
        works = (self._poll, *by_ticks, self._run_upkeep, self._after.tick)
        for work in works if self._presence is None else (*works, self._show_presence):
            self._scheduler.add_job(self._running.tracked(work), TickTrigger(TICK))
        async with self._fetcher_stack:
            await self._open_fetcher()
            await self._hubs.start(requests=self._duties.fetches)
            self._scheduler.start()
            ticking = asyncio.create_task(keep_ticking(self._scheduler, TICK))
            jobs_stop = asyncio.Event()
            doing_jobs = asyncio.create_task(self._jobs.run(jobs_stop)) if self._jobs else None
            if self._jobs and self._is_unclean:
                await self._jobs.defer("mend")
            yield
            self._supervisor.stopping()
            ticking.cancel()
            self._scheduler.pause()
            await asyncio.gather(self._drain(), self._hubs.finish(), self._after.stop())
            await self._publish()  # after what the ticks still had to do in the writer thread
            if self._jobs and doing_jobs:
                await self._jobs.finish(0.0 if self._outdated else FINISH_SECONDS)
                jobs_stop.set()
                await doing_jobs
            await self._running.wait()  # a tick may have claimed sources, and gives them back
            self._scheduler.shutdown(wait=False)
            if self._presence and not self._outdated:
                with self._watched("reload"):
                    await self._app.in_writer(self._presence.end)
        if self._outdated:
            raise self._outdated

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._handle_stop, number)
        loop.add_signal_handler(signal.SIGHUP, self._configuration.request)

    def _handle_stop(self, number: int) -> None:
        if self._stop.is_set():
            # As safe as a kill. The signal itself would not end a process that is the first of its container.
            os._exit(128 + number)
        log.info("stopping; the same signal again stops at once")
        self._stop.set()

    # --------------------------------------------------------------------------------------------------------- ticks

    async def _poll(self) -> None:
        """Reload the configuration if it changed, then fetch what is due: never both at once."""
        if self._configuration.is_due():
            self._supervisor.reloading()
            try:
                await self._reload()
            finally:
                self._supervisor.ready()
        if self._is_damaged:  # a copy may have been restored, which may have other sources than the configuration
            self._is_damaged = False
            with self._watched("claim"):
                self._app = await self._app.in_writer(self._reconfigured, self._app.settings)
                await self._app.in_writer(self._app.store.leases.end_lost)
        if not self._duties.fetches:
            with self._watched("serve"):
                await self._app.in_writer(self._app.store.meta.get, ADDRESS)
        elif not self._is_damaged:
            await self._poller.poll(self._app, self._fetcher)
            await self._following.start_due()

    async def _show_presence(self) -> None:
        """Tell the others that this process works, and see what they changed; stop once a newer version migrated."""
        if self._presence and not self._stop.is_set():
            with self._watched("reload"):
                try:
                    version = await self._presence.show()
                except OutdatedError as error:
                    self._outdated = error
                    self._stop.set()
                else:
                    self._configuration.note_version(version)

    async def _drain(self) -> None:
        """Let the requests in flight end, or cancel them."""
        with self._watched("complete"):
            await asyncio.gather(self._poller.drain(DRAIN_SECONDS), self._following.drain(DRAIN_SECONDS))

    def _new_jobs(self) -> "Jobs":
        from aggregator.jobs import Jobs

        work: Mapping[RequestTask, Callable[[], Awaitable[None]]] = {
            "hubs": self._hubs.work_off,
            "prune": partial(self._do_upkeep, "prune"),
            "mend": partial(self._do_upkeep, "mend"),
            "verify": partial(self._do_upkeep, "verify"),
        }
        app = lambda: self._app  # noqa: E731 - a reload replaces it
        return Jobs(app, self._watched, work, self._due_tasks, self._note_published, self._count_joined)

    async def _due_tasks(self) -> list[RequestTask]:
        """Return the tasks for which there may be work: the first thing that each does is to look."""
        app = self._app
        has_work: dict[RequestTask, bool] = {
            "hubs": subscribes(app.settings) or app.settings.feeds.hub is not None,
            "prune": await self._upkeep.is_prune_due(),
            "verify": await self._upkeep.is_verify_due(),
        }
        return [task for task, is_due in has_work.items() if is_due]

    async def _do_upkeep(self, work: Literal["prune", "mend", "verify"]) -> None:
        upkeep = {"prune": self._upkeep.prune, "mend": self._upkeep.repair, "verify": self._upkeep.verify}
        with self._watched(work):
            await upkeep[work]()

    def _count_joined(self, joined: int) -> None:
        self._metrics.count_new(joined=joined)

    async def _publish(self) -> None:
        """Publish what is marked; where there are jobs, they do."""
        if self._jobs or self._outdated or not self._duties.publishes:
            return
        joined: list[int] = []
        with self._watched("publish"):
            started = time.perf_counter()
            try:
                waits = not self._stop.is_set()  # nobody may come after this process
                published = await self._app.in_writer(publish_changed, self._app, joined.append, waits=waits)
            except UnwrittenError as error:
                self._note_published(error.published, time.perf_counter() - started)
                raise
            finally:
                if joined:
                    self._count_joined(sum(joined))
            self._note_published(published, time.perf_counter() - started)

    def _note_published(self, published: Published, seconds: float) -> None:
        self._metrics.last_publish.set(self._app.clock().timestamp())
        if published.articles or published.feeds:
            self._metrics.publish_seconds.observe(seconds)
        if published.feeds and not self._jobs:
            self._hubs.feeds_changed()

    async def _run_upkeep(self) -> None:
        for work, run in self._upkeep.due(publishes=self._duties.publishes and not self._jobs):
            with self._watched(work):
                await run()
        clock = asyncio.get_running_loop().time
        if (started := clock()) >= self._measure_at:
            with self._watched("count"):
                self._metrics.note_size(await self._app.in_writer(self._app.store.maintenance.size))
                self._measure_at = clock() + max(MEASURE_SECONDS, 1_000 * (clock() - started))

    def _report(self, outcome: SourceOutcome) -> None:
        """Count and log the outcome of a source, and publish at once what it brought."""
        self._metrics.count(outcome)
        counts, now = outcome.recorded, asyncio.get_running_loop().time()
        if outcome.failure:
            log.warning("%s: %s", outcome.source, outcome.failure, extra=outcome.log_fields())
        elif counts.new or counts.updated:
            log.info("%s: %d new, %d updated", outcome.source, counts.new, counts.updated, extra=outcome.log_fields())
        if counts.rows and now >= self._publish_at:  # a burst waits for the tick, and is rendered together
            self._publish_at = now + TICK.total_seconds()
            self._scheduler.add_job(self._running.tracked(self._publish))

    def _report_page(self, outcome: SourceOutcome) -> None:
        """Count and log what a page of a source's archive brought."""
        self._metrics.count_articles(outcome)
        if outcome.recorded.new:
            fields = outcome.log_fields("backfill")
            log.info("%s: %d new from its archive", outcome.source, outcome.recorded.new, extra=fields)

    # -------------------------------------------------------------------------------------------------------- reload

    async def _reload(self) -> None:
        self._configuration.begin()
        with self._watched("reload"):
            settings = await self._app.in_writer(self._configuration.reread, self._app.settings)
            self._health.notice = self._configuration.notice
            try:
                if settings and settings != self._app.settings:
                    await self._apply(settings)
            except AggregatorError:
                self._configuration.request()
                raise

    async def _apply(self, settings: Settings) -> None:
        """Go on with these settings; fetches in flight end by the previous ones before."""
        await self._drain()
        before, self._app = self._app, await self._app.in_writer(self._reconfigured, settings)
        if settings.fetch != before.settings.fetch:  # else the fetcher stays: it knows when each host was asked last
            await self._hubs.pause()
            next_starts = self._fetcher.limiter.next_starts
            await self._open_fetcher()
            self._fetcher.limiter.resume(next_starts)
            self._hubs.resume()
        await self._hubs.apply_settings()
        await self._apply_elsewhere(before.settings)
        if self._jobs:
            await self._jobs.restyle()
        self._log_reload()

    def _reconfigured(self, settings: Settings) -> App:
        """Return the app with these settings, and the store in step. Raises StoreError."""
        return reconfigured(self._app, settings)

    def _log_reload(self) -> None:
        log.info("%s was reloaded: %s", self._configuration.name, counted(len(self._app.sources), "source"))

    async def _apply_elsewhere(self, before: Settings) -> None:
        """Go on with the present settings, in place of those `before`, in what a subclass adds."""

    async def _open_fetcher(self) -> None:
        """Replace the fetcher by one with the present settings."""
        await self._fetcher_stack.aclose()
        self._fetcher = await self._fetcher_stack.enter_async_context(_TimedFetcher(self._app, self._metrics))

    # -------------------------------------------------------------------------------------------------------- health

    @contextmanager
    def _watched(self, work: Work) -> Iterator[None]:
        """Note in the health whether `work` succeeds; an AggregatorError is logged once, and a later tick retries."""
        try:
            yield
        except AggregatorError as error:
            self._is_damaged |= isinstance(error, StoreDamagedError)
            if self._health.failed(work, str(error), error.cause):
                log.error("%s", error)
        except Exception as error:
            self._health.failed(work, f"internal error ({type(error).__name__}); the log has the details")
            raise
        else:
            self._health.done(work)

    @contextmanager
    def _watched_poll(self, work: Literal["claim", "fetch"]) -> Iterator[None]:
        with self._watched(work), self._metrics.cycle_seconds.time() if work == "fetch" else nullcontext():
            yield
