"""Jobs of a cluster, done by real engines on PostgreSQL."""

import asyncio
from contextlib import nullcontext
from pathlib import Path

import pytest
from sqlalchemy import text

from aggregator.app import App
from aggregator.jobs import Jobs
from aggregator.pipeline import run_cycle
from aggregator.publish import Published
from tests.clusters import Cluster, rows
from tests.newsroom import Newsroom, item, newsroom, rss
from tests.servers import Server

QUEUED = "SELECT queueing_lock, status FROM procrastinate_jobs ORDER BY id"
CATEGORIES = [f"category:{name}" for name in ("all", "news")]


@pytest.fixture
def room(tmp_path: Path, server: Server, postgresql: Cluster) -> Newsroom:
    server.put("/feed", rss(*map(item, range(5))))
    source = {"name": "paper", "url": server.url("/feed"), "category": "news"}
    return newsroom(tmp_path, [source], database=postgresql.database())


def do_jobs(app: App) -> list[Published]:
    """Record what is due, and do jobs until there are none."""
    published: list[Published] = []
    jobs = Jobs(lambda: app, lambda _: nullcontext(), lambda each, _: published.append(each))

    async def run() -> None:
        await run_cycle(app, lambda _: None, everything=True)
        stopping = asyncio.Event()
        running = asyncio.create_task(jobs.run(stopping))
        while app.store.jobs.counts(jobs.stalled).todo == 0:  # until it has begun
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
        assert app.store.jobs.counts(Jobs.stalled).stalled == 2
        published = do_jobs(app)
    assert all(path.exists() for path in feeds)
    assert files(published) == (0, 2)
    assert rows(str(room.configuration["database"]), QUEUED) == []
