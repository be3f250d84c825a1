"""Jobs of a cluster, done by real engines on PostgreSQL."""

import asyncio
import re
import socket
import socketserver
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url, text

from aggregator.app import App
from aggregator.errors import AggregatorError, StoreBusyError
from aggregator.jobs import is_pooled
from aggregator.pipeline import run_cycle
from aggregator.publish import Published
from aggregator.store import Store
from tests.cluster.publishers import jobs_of
from tests.clusters import Cluster, execute, rows
from tests.commands import Running, aggregator, configure, running, until, working
from tests.full_text.pages import PARAGRAPHS, html
from tests.newsroom import Newsroom, item, newsroom, rss
from tests.normalise.rendering import Page
from tests.servers import Server
from tests.thorough import THOROUGH

QUEUED = "SELECT queueing_lock, status FROM procrastinate_jobs ORDER BY id"
END_TURN = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
    AND state = 'idle in transaction' AND query LIKE '%pg_try_advisory%' AND pid != pg_backend_pid()"""
CATEGORIES = [f"category:{name}" for name in ("all", "news")]


@pytest.fixture
def room(tmp_path: Path, server: Server, postgresql: Cluster) -> Newsroom:
    server.put("/feed", rss(*map(item, range(5))))
    source = {"name": "paper", "url": server.url("/feed"), "category": "news"}
    return newsroom(tmp_path, [source], database=postgresql.database())


def do_jobs(app: App) -> list[Published]:
    """Record what is due, and do jobs until there are none."""
    published: list[Published] = []
    jobs = jobs_of(app, report=lambda each, _: published.append(each))

    async def run() -> None:
        await run_cycle(app, lambda _: None, everything=True)
        stopping = asyncio.Event()
        running = asyncio.create_task(jobs.run(stopping))
        while app.store.jobs.counts().todo == 0:  # until it has begun
            await asyncio.sleep(0.01)
        await jobs.finish(30)
        stopping.set()
        await running

    asyncio.run(run())
    return published


def files(published: list[Published]) -> tuple[int, int]:
    return sum(each.articles for each in published), sum(each.feeds for each in published)


def test_jobs_publish_what_is_recorded_and_nothing_where_nothing_is_new(room: Newsroom) -> None:
    with room.opened() as app:
        first, second = do_jobs(app), do_jobs(app)
    assert files(first) == (5, 6)
    assert len(room.articles()) == 5
    assert b"number 2" in room.feed("news.atom")
    assert second == [Published()]  # of the look whether the form changed: no feed is rendered
    assert rows(str(room.configuration["database"]), QUEUED) == []


def test_jobs_of_dead_workers_are_done_by_others(room: Newsroom) -> None:
    """Of two stalled jobs one is queued anew: it is over; the other one is done again."""
    with room.opened() as app:
        do_jobs(app)
        feeds = [room.storage / "feeds" / f"{name}.atom" for name in ("all", "news")]
        for path in feeds:
            path.unlink()
        with app.store.database.writing() as connection:
            app.store.outbox.mark_categories((), names=("all", "news"))
        with app.store.database.writing() as connection:
            connection.execute(text("INSERT INTO procrastinate_workers (last_heartbeat) VALUES ('2026-01-01')"))
            connection.execute(
                text(
                    "UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT max(id) FROM"
                    " procrastinate_workers) WHERE queueing_lock LIKE 'category:%'"
                )
            )
        app.store.outbox.mark_categories((), names=("news",))
        queued = rows(str(room.configuration["database"]), QUEUED)
        assert [row for row in queued if row[0] in CATEGORIES] == [
            ("category:all", "doing"),
            ("category:news", "doing"),
            ("category:news", "todo"),
        ]
        assert app.store.jobs.counts().stalled == 2
        published = do_jobs(app)
    assert all(path.exists() for path in feeds)
    assert files(published) == (0, 2)
    assert rows(str(room.configuration["database"]), QUEUED) == []


def test_files_that_were_written_in_a_lost_turn_are_compared(room: Newsroom) -> None:
    """Another process may have had the turn meanwhile, and have written newer ones."""
    database = str(room.configuration["database"])

    def end_a_turn() -> None:
        with psycopg.connect(database, autocommit=True) as connection:
            while not connection.execute(END_TURN).fetchall():
                pass

    async def run(app: App) -> None:
        await run_cycle(app, lambda _: None, everything=True)
        stopping, compared = asyncio.Event(), asyncio.Event()

        async def mend() -> None:
            compared.set()

        jobs = jobs_of(app, watched=lambda _: suppress(AggregatorError), work={"mend": mend})
        running = asyncio.create_task(jobs.run(stopping))
        await asyncio.to_thread(end_a_turn)
        await asyncio.wait_for(compared.wait(), 60)
        stopping.set()
        await running

    with room.opened() as app:
        asyncio.run(run(app))


class Pooler(socketserver.ThreadingTCPServer):
    """A pooler before PostgreSQL's socket, as far as it can be told: the handshake names another process."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, database: str) -> None:
        super().__init__(("127.0.0.1", 0), _Pooled)
        self._real = make_url(database)
        self.path = f"{self._real.query['host']}/.s.PGSQL.5432"

    @property
    def url(self) -> str:
        host, port = str(self.server_address[0]), int(self.server_address[1])
        url = self._real.set(host=host, port=port, query={"sslmode": "disable"})
        return url.render_as_string(hide_password=False)


class _Pooled(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Pooler)
        with socket.socket(socket.AF_UNIX) as upstream:
            upstream.connect(self.server.path)
            threading.Thread(target=self.forward, args=(self.request, upstream), daemon=True).start()
            self.forward(upstream, self.request)

    @staticmethod
    def forward(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(re.sub(rb"(?s)K\0\0\0\x0c.{4}", b"K\0\0\0\x0c\0\0\0\1", data, count=1))
            target.shutdown(socket.SHUT_WR)


def test_behind_a_pooler_jobs_are_looked_for_and_nobody_listens(room: Newsroom) -> None:
    database = str(room.configuration["database"])
    with Pooler(database) as pooler:
        threading.Thread(target=pooler.serve_forever, daemon=True).start()
        assert asyncio.run(is_pooled(pooler.url))
        assert not asyncio.run(is_pooled(database))
        room.configuration["database"] = pooler.url
        with room.opened() as app:
            assert files(do_jobs(app)) == (5, 6)
        pooler.shutdown()


def test_time_is_limited_in_each_session_or_behind_a_pooler_in_each_transaction(postgresql: Cluster) -> None:
    names = ("lock_timeout", "idle_in_transaction_session_timeout", "statement_timeout")
    query = "SELECT " + ", ".join(f"current_setting('{name}')" for name in names)

    def limits(url: str, *, is_shared: bool) -> tuple[list[str], list[str]]:
        """Limits of a transaction, and those that its session keeps; one that is shared prepares no statements."""
        with Store.open(url) as store, closing(store.database.engine.raw_connection()) as session:
            with store.database.reading() as connection:
                in_transaction = connection.execute(text(query)).one()
            driver_connection = session.driver_connection
            assert driver_connection is not None
            assert (driver_connection.prepare_threshold is None) == is_shared
            cursor = session.cursor()
            cursor.execute(query)
            return list(in_transaction), list(cursor.fetchone() or ())

    database = postgresql.database()
    expected = ["30s", "1min", "10min"]
    assert limits(database, is_shared=False) == (expected, expected)
    with Pooler(database) as pooler:
        threading.Thread(target=pooler.serve_forever, daemon=True).start()
        assert limits(pooler.url, is_shared=True) == (expected, ["0"] * 3)
        pooler.shutdown()


def test_a_process_that_stops_within_a_transaction_loses_it(postgresql: Cluster) -> None:
    with Store.open(postgresql.database()) as store:

        def write() -> None:
            with store.database.writing() as connection:
                connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 50"))
                time.sleep(1)
                connection.execute(text("SELECT 1"))

        with pytest.raises(StoreBusyError, match="ended a transaction that took too long"):
            write()
        assert store.meta.get("anything") is None  # by another connection


# ------------------------------------------------------------------------------------------------------------- daemons

QUICK = {"allow_private": ["127.0.0.1/32"], "host_gap": "0s", "timeout": "60s", "interval": "1s", "min_interval": "1s"}
LAST_WORDS = Page(PARAGRAPHS[3]).words[:40]
IN_WORK = "SELECT task_name, status FROM procrastinate_jobs WHERE task_name != 'sweep' ORDER BY id"


def served(daemon: Running, title: str) -> bool:
    return title in daemon.get("feeds/news.atom").text


def test_the_jobs_of_a_killed_daemon_are_done_by_the_next(tmp_path: Path, server: Server, postgresql: Cluster) -> None:
    """The request of a hub was under way, and the next one queued: both end, and nothing else waits for them."""
    database = postgresql.database()
    server.put("/feed", rss(item(1)))
    server.put("/hub", b"", pause=60)
    source = {"name": "paper", "url": server.url("/feed"), "category": "news"}
    configure(tmp_path, database=database, fetch=QUICK, feeds={"hub": server.url("/hub")}, sources=[source])
    with running(tmp_path) as daemon:
        until(lambda: bool(server.asked("/hub")), 60)
        server.put("/feed", rss(item(1), item(2)))
        until(lambda: served(daemon, "Story number 2"), 60)
        until(lambda: rows(database, IN_WORK) == [("hubs", "doing"), ("hubs", "todo")], 60)
    server.put("/hub", b"", status=204)
    if not THOROUGH:  # else the sweep finds it silent in its own time
        execute(database, "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
    with running(tmp_path) as daemon:
        until(lambda: rows(database, IN_WORK) == [], 60)
        until(lambda: daemon.figure('aggregator_hub_pings_total{outcome="accepted"}') == 6, 60)
        assert not daemon.said("internal error")
        assert not daemon.said("Traceback")


def test_a_second_server_serves_what_the_first_publishes_and_full_text_too(
    tmp_path: Path, server: Server, postgresql: Cluster
) -> None:
    database, url = postgresql.database(), server.url("/stories/1")
    server.put("/feed", rss(item(1, link=url, description="A teaser.")))
    server.put("/stories/1", html(), headers={"Content-Type": "text/html; charset=utf-8"})
    source = {"name": "paper", "url": server.url("/feed"), "category": "news", "full_text": True}
    configure(tmp_path, database=database, fetch=QUICK, sources=[source])
    beside = tmp_path / "beside"
    beside.mkdir()
    configure(beside, database=database, storage=str(tmp_path / "storage"), fetch=QUICK, sources=[source])
    with running(tmp_path) as first, running(beside, "--no-fetch") as second:
        until(lambda: served(first, LAST_WORDS) and served(second, LAST_WORDS), 60)
        server.put("/feed", rss(item(1, link=url, description="A teaser."), item(2)))
        until(lambda: served(first, "Story number 2") and served(second, "Story number 2"), 60)
        etag = first.get("feeds/news.atom").headers["ETag"]
        assert second.get("feeds/news.atom").headers["ETag"] == etag


def test_a_postgresql_server_that_dies_loses_no_process_and_no_article(
    tmp_path: Path, server: Server, postgresql: Cluster
) -> None:
    """Amid polls and jobs of two workers and a server; for 10 s in `make cluster`."""
    database, papers = postgresql.database(), range(1, 31 if THOROUGH else 13)
    for number in papers:
        server.put(f"/{number}", rss(item(number)), pause=3 * number / len(papers))
    sources = [{"name": f"p{number}", "url": server.url(f"/{number}"), "category": "news"} for number in papers]
    configure(tmp_path, database=database, fetch=QUICK | {"interval": "1h"}, feeds={"limit": 100}, sources=sources)
    aggregator("sync", cwd=tmp_path)
    folders = [tmp_path / name for name in ("first", "second")]
    for folder in folders:
        folder.mkdir()

    def published() -> set[str]:
        return {path.name for path in (tmp_path / "storage/articles").rglob("*.md")}

    with (
        running(tmp_path, "--no-fetch") as daemon,
        working(folders[0], AGGREGATOR_DATABASE=database) as first,
        working(folders[1], AGGREGATOR_DATABASE=database) as second,
    ):
        until(lambda: bool(published()), 60)
        postgresql.stop()
        time.sleep(10 if THOROUGH else 4)
        postgresql.start()
        until(lambda: len(published()) == len(papers), 120)
        until(lambda: daemon.get("feeds/news.json").text.count('"id"') == len(papers), 60)
        until(lambda: rows(database, IN_WORK) == [], 60)
        for process in (daemon, first, second):
            assert process.process.poll() is None
            assert [line for line in process.said() if "Traceback" in line or "internal error" in line] == []
            assert len(process.said("cannot be reached")) <= 1, process.said()
    assert [count for (count,) in rows(database, "SELECT count(*) FROM article GROUP BY link")] == [1] * len(papers)


def test_what_changes_of_form_is_written_again_by_jobs(tmp_path: Path, server: Server, postgresql: Cluster) -> None:
    database = postgresql.database()
    server.put("/feed", rss(*map(item, range(5))))
    source = {"name": "paper", "url": server.url("/feed"), "category": "news"}
    configure(tmp_path, database=database, fetch=QUICK, sources=[source])
    with running(tmp_path) as daemon:
        until(lambda: served(daemon, "Story number 2"), 60)
        configure(tmp_path, database=database, fetch=QUICK, title="Another title", sources=[source])
        until(lambda: served(daemon, "Another title"), 60)


def test_commands_work_beside_workers(tmp_path: Path, server: Server, postgresql: Cluster) -> None:
    """Commands wait for the jobs under way, and then do all that there is to do."""
    database = postgresql.database()
    server.put("/feed", rss(*map(item, range(5))))
    source = {"name": "paper", "url": server.url("/feed"), "category": "news"}
    configure(tmp_path, database=database, fetch=QUICK, sources=[source], retention="9000d")
    aggregator("sync", cwd=tmp_path)
    folder = tmp_path / "worker"
    folder.mkdir()
    with working(folder, AGGREGATOR_DATABASE=database) as worker:
        for number in range(5, 8):
            server.put("/feed", rss(*map(item, range(number + 1))))
            aggregator("once", "--all", cwd=tmp_path)
            aggregator("publish", cwd=tmp_path)
            aggregator("prune", cwd=tmp_path)
        until(lambda: rows(database, IN_WORK) == [], 60)
        aggregator("verify", cwd=tmp_path)
        assert worker.process.poll() is None
        assert [line for line in worker.said() if " error " in line] == []
    assert len(list((tmp_path / "storage/articles").rglob("*.md"))) == 8


def test_an_engine_that_does_not_reach_the_database_is_told_and_tried_again(
    tmp_path: Path, server: Server, postgresql: Cluster
) -> None:
    server.put("/feed", rss(item(1)))
    source = {"name": "paper", "url": server.url("/feed"), "category": "news"}
    configure(tmp_path, database=postgresql.database(), fetch=QUICK, sources=[source])
    with running(tmp_path, AGGREGATOR_DATABASE_DIRECT="postgresql://u:secret@127.0.0.1:1/none") as daemon:
        until(lambda: daemon.get("healthz").status_code == 503, 60)
        assert "AGGREGATOR_DATABASE_DIRECT" in daemon.get("healthz").text
        (line,) = daemon.said("Jobs cannot be done")
        assert "secret" not in line
