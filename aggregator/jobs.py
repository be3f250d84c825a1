"""Jobs of a cluster, done by procrastinate on PostgreSQL. Edge: nobody else but `worker` imports the engine.

A job says that there is work on its subject; what is to be done stands in marks of the database. So a job may be done
twice or be lost: the sweep queues one for each mark that has none. The engine queues, shares and starts them; that two
processes never write one subject is the turn's part (`store.jobs`), which also commands take, and which ends with the
process that has it.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import AbstractContextManager, suppress
from functools import partial
from typing import Any, Self, cast

import procrastinate
import psycopg
from procrastinate import exceptions, jobs
from procrastinate.worker import Worker
from sqlalchemy import make_url

from aggregator.app import App
from aggregator.errors import UNREACHABLE, AggregatorError, StoreError
from aggregator.model import Job, RequestTask, Task
from aggregator.publish import Published, UnwrittenError, foreign_settings, publish_subject
from aggregator.serve import Work
from aggregator.store import RacedError
from aggregator.store.job_tables import PRIORITIES, PUBLISH, REQUESTS
from aggregator.store.jobs import STALLED
from aggregator.store.time_limits import client_limits

CONCURRENCY = {PUBLISH: 2, REQUESTS: 3}  # jobs at a time; what they compute shares one thread
HEARTBEAT = 5.0  # seconds between two signs of a worker
GRACE = 5.0  # seconds for jobs to end at a stop, in which the worker gives no sign; with HEARTBEAT less than STALLED
SWEEP = "* * * * * */5"  # each five seconds, with the seconds last
# Seconds between two looks at a queue. One that is listened to is looked at too: the engine may miss what is queued
# while it looks.
POLL = {PUBLISH: 1.0, REQUESTS: 5.0}
POLL_WITHOUT_LISTEN = 1.0
RETRY = 1.0  # seconds until the engine is started again after it lost the database
CONNECT = 5.0  # seconds for a connection
CONNECTIONS = 6
DIRECT = "AGGREGATOR_DATABASE_DIRECT"  # variable with the URL of the database past a pooler

_LOST = (exceptions.ProcrastinateException, psycopg.Error)

log = logging.getLogger("aggregator")

Watched = Callable[[Work], AbstractContextManager[None]]
TaskFunctions = Mapping[RequestTask, Callable[[], Awaitable[None]]]
ReportPublished = Callable[[Published, float], None]  # what was published, and in how many seconds


class Jobs:
    """Does jobs in this process. `app` gives the app in use, `watched` takes failures, `report` what was published.

    `work` are the functions of the tasks that this process does beside publishing; `due` gives those that are due.
    `count_joined` gets the numbers of new articles that turned out to be another source's.
    """

    def __init__(
        self,
        app: Callable[[], App],
        watched: Watched,
        work: TaskFunctions,
        due: Callable[[], Awaitable[Collection[RequestTask]]],
        report: ReportPublished,
        count_joined: Callable[[int], None],
    ) -> None:
        self._app, self._watched, self._report, self._count_joined = app, watched, report, count_joined
        self._work, self._due = work, due
        self._is_connected = False  # the engine, to the database
        self._unsure: set[Job] = set()  # of which another process may have had the turn at the same time
        for name in ("procrastinate", "psycopg"):  # which log what follows from a failure of ours, with tracebacks
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)

    async def run(self, stopping: asyncio.Event, concurrency: Mapping[str, int] = CONCURRENCY) -> None:
        """Do jobs until told to stop, and give those under way GRACE seconds to end.

        Neither an outage of the database nor an error of the engine ends them.
        """
        await self.restyle()
        while not stopping.is_set():
            try:
                with self._watched("jobs"):
                    try:
                        await self._run_worker(concurrency, stopping)
                    except _LOST as error:
                        if not self._is_connected:
                            raise _unreached(error) from error
                        # The engine notices late that a server went, which may be back: the next attempt shows it.
                        self._is_connected = False
                        log.debug("the engine of jobs lost its connection: %s", error)
            except Exception as error:  # without the engine nothing would be published any more
                log.debug("the engine of jobs ended", exc_info=True)
                log.error("internal error (%s) in the engine of jobs; it is started again", type(error).__name__)
            if not stopping.is_set():
                with suppress(TimeoutError):  # the time is over
                    await asyncio.wait_for(stopping.wait(), RETRY)

    async def finish(self, seconds: float) -> None:
        """Wait until everything is published, but at most so many seconds: others, or the next start, do the rest."""
        with suppress(TimeoutError, AggregatorError):  # the next start finds what is left
            async with asyncio.timeout(seconds):
                while await self._in_writer(self._is_publishing):
                    await asyncio.sleep(0.1)

    def _is_publishing(self) -> bool:
        counts = self._app().store.jobs.counts(PUBLISH)
        return bool(counts.todo or counts.doing)

    async def restyle(self) -> None:
        """Have everything written again if its form changed: this process may bring other settings, or be newer."""
        with self._watched("publish"):
            await self._in_writer(self._app().store.jobs.defer, [Job("restyle"), Job("sweep")])

    async def defer(self, task: Task) -> None:
        """Queue a job for any process."""
        with self._watched("publish"):
            await self._in_writer(self._app().store.jobs.defer, [Job(task)])

    async def _run_worker(self, concurrency: Mapping[str, int], stopping: asyncio.Event) -> None:
        """Do jobs until told to stop, or until the engine stops because it lost the database. Raises _LOST."""
        url = self._app().environ.get(DIRECT) or self._app().store.database.url
        listens = not await is_pooled(url)
        connector = procrastinate.PsycopgConnector(
            conninfo=url,
            min_size=1,
            max_size=CONNECTIONS,
            timeout=CONNECT,
            # behind a pooler the next statement may come to another session
            kwargs=client_limits(make_url(url).query) | ({} if listens else {"prepare_threshold": None}),
        )
        engine = procrastinate.App(connector=connector)
        self._register(engine)
        async with engine.open_async():
            self._is_connected = True
            with self._watched("jobs"):  # it works again
                pass
            workers = [
                _EngineWorker.of(
                    engine, queue, count, self._writes_files if queue == PUBLISH else None, listens=listens
                )
                for queue, count in concurrency.items()
            ]
            working = [asyncio.create_task(worker.work()) for worker in workers]
            told_to_stop = asyncio.create_task(stopping.wait())
            await asyncio.wait({*working, told_to_stop}, return_when=asyncio.FIRST_COMPLETED)
            told_to_stop.cancel()
            for worker in workers:
                worker.end()
            for ended in await asyncio.gather(*working, return_exceptions=True):
                if isinstance(ended, BaseException):
                    raise ended

    def _register(self, engine: procrastinate.App) -> None:
        for task in PRIORITIES:
            is_sweep = task == "sweep"
            registered = engine.task(
                name=task,
                queue=PUBLISH,
                priority=PRIORITIES[task],
                queueing_lock=Job(task).name if is_sweep else None,  # else they heap up while no process takes them
            )(_task(task, partial(self._sweep, engine) if is_sweep else self._publish))
            if is_sweep:
                engine.periodic(cron=SWEEP)(registered)
        for name in self._work:
            engine.task(name=name, queue=REQUESTS)(_task(name, self._do))

    # ---------------------------------------------------------------------------------------------------------- work

    async def _publish(self, job: Job) -> None:
        """Publish the subject; what cannot be written stays marked, and the sweep queues it again."""
        with self._watched("publish"):
            joined, started = list[int](), time.perf_counter()
            try:
                published = await self._in_writer(publish_subject, self._app(), job, joined.append)
            except UnwrittenError as error:
                self._report(error.published, time.perf_counter() - started)
                raise
            except RacedError as error:  # its marks are left, and queued again
                log.debug("job %s: %s", job.name, error)
                return
            except StoreError:
                self._unsure.add(job)
                raise
            finally:
                if joined:
                    self._count_joined(sum(joined))
            if published:
                self._report(published, time.perf_counter() - started)

    async def _writes_files(self) -> bool:
        """Return False while others write the files: what this process took would wait for the next sweep."""
        return not await self._in_writer(foreign_settings, self._app())

    async def _do(self, job: Job) -> None:
        await self._work[cast("RequestTask", job.task)]()

    async def _sweep(self, engine: procrastinate.App, _: Job) -> None:
        """Have the jobs of dead workers done again, and queue those that are due, and those of marks that have none."""
        await free_stalled(engine)
        with self._watched("jobs"):  # its success says nothing of the files
            store = self._app().store
            await self._in_writer(store.jobs.delete_ended)
            if self._unsure:
                await self._in_writer(store.jobs.defer, [Job("mend")])
                self._unsure.clear()
            await self._in_writer(store.jobs.defer_marked)
            await self._in_writer(store.jobs.defer, [Job(task) for task in await self._due()])

    async def _in_writer(self, work: Callable[..., Any], *args: Any) -> Any:
        return await self._app().in_writer(work, *args)


class _EngineWorker(Worker):
    """Worker of the engine that starts anew when it could not note the end of a job: the job would be its for ever."""

    _may_take: Callable[[], Awaitable[bool]] | None

    @classmethod
    def of(
        cls,
        engine: procrastinate.App,
        queue: str,
        concurrency: int,
        may_take: Callable[[], Awaitable[bool]] | None,
        *,
        listens: bool,
    ) -> Self:
        """Return a worker for this queue, which takes no job while `may_take` returns False."""
        worker = cls(
            app=engine,
            queues=[queue],
            name=None,
            concurrency=concurrency,
            install_signal_handlers=False,
            listen_notify=listens,
            fetch_job_polling_interval=POLL[queue] if listens else POLL_WITHOUT_LISTEN,
            delete_jobs=jobs.DeleteJobCondition.SUCCESSFUL,
            shutdown_graceful_timeout=GRACE,
            update_heartbeat_interval=HEARTBEAT,
            stalled_worker_timeout=STALLED.total_seconds(),
        )
        worker._may_take = may_take
        return worker

    async def work(self) -> None:
        """Do jobs until `end`, or until the database is lost."""
        await self.run()  # type: ignore[no-untyped-call]  # the engine does not say what it returns

    def end(self) -> None:
        """Take no job any more."""
        self.stop()  # type: ignore[no-untyped-call]  # the same

    async def _fetch_and_process_jobs(self) -> None:
        if self._may_take is not None and not await self._may_take():
            self._new_job_event.clear()  # as a look for jobs does; else the next look would follow at once
        else:
            await super()._fetch_and_process_jobs()  # type: ignore[no-untyped-call]  # the same

    async def _persist_job_status(self, *args: Any, **kwargs: Any) -> None:
        try:
            await super()._persist_job_status(*args, **kwargs)
        except _LOST:
            self.end()


def _unreached(error: BaseException) -> StoreError:
    """Return an error with the reason for which the engine does not reach the database."""
    reason = str(error.__cause__ or error).strip().partition("\n")[0]
    advice = f"see that the database can be reached there, or that {DIRECT} names it"
    return StoreError(
        f"Jobs cannot be done, as their engine lost its connection ({reason}); {advice}", cause=UNREACHABLE
    )


def _task(task: Task, function: Callable[[Job], Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Return the function that the engine calls. Nothing is raised in it: the engine would log a traceback."""

    async def do(subject: str = "", **_: object) -> None:
        try:
            await function(Job(task, subject))
        except _LOST as error:
            log.debug("job %s: %s", task, error)
        except Exception as error:  # raised, it would end in a traceback of the engine's
            log.debug("job %s %s", task, subject, exc_info=True)
            log.error("internal error (%s) in the job %s; it is done again", type(error).__name__, task)

    return do


async def free_stalled(engine: procrastinate.App) -> None:
    """Have the jobs that dead workers were doing done again, each by itself.

    Where one of the same name is queued meanwhile, the stalled one is over: it only kept that one from its turn.
    """
    manager, seconds = engine.job_manager, STALLED.total_seconds()
    await manager.prune_stalled_workers(seconds)
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=seconds):
        try:
            await manager.retry_job(job)
        except (exceptions.UniqueViolation, AssertionError):  # the latter where the server does not speak English
            with suppress(exceptions.ConnectorException):  # another sweep was first
                await manager.finish_job(job, jobs.Status.FAILED, delete_job=True)
        except exceptions.ConnectorException as error:
            log.debug("job %s: %s", job.id, error)


async def is_pooled(url: str) -> bool:
    """Return True if a pooler stands between us and the database: it hands out other sessions' connections."""
    async with await psycopg.AsyncConnection.connect(url, connect_timeout=int(CONNECT)) as connection:
        row = await (await connection.execute("SELECT pg_backend_pid()")).fetchone()
        return row is not None and row[0] != connection.info.backend_pid
