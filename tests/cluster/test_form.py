"""Processes with different settings on one database: none has the files of all others written anew at its start."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from aggregator.app import App
from aggregator.pipeline import run_cycle
from tests.cluster.publishers import jobs_of
from tests.clusters import Cluster, rows
from tests.commands import aggregator, configure, running, until, working
from tests.newsroom import item, newsroom, rss
from tests.servers import Server

STYLE = "SELECT value FROM note WHERE name = 'style'"
QUEUED = "SELECT id FROM procrastinate_jobs WHERE task_name <> 'sweep' AND queue_name = 'publish' ORDER BY id"
SWEEPS = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'sweep'"
PENDING = "SELECT count(*) FROM article WHERE pending"


@pytest.fixture
def settings(server: Server, postgresql: Cluster) -> dict[str, Any]:
    server.put("/feed", rss(*map(item, range(5))))
    source = {"name": "paper", "url": server.url("/feed"), "category": "news"}
    return {"database": postgresql.database(), "sources": [source]}


def files(folder: Path) -> dict[str, float]:
    """Times at which the files of articles were written, by path."""
    return {str(path): path.stat().st_mtime for path in (folder / "storage/articles").rglob("*.md")}


def feed(folder: Path) -> str:
    path = folder / "storage/feeds/news.rss"
    return path.read_text() if path.exists() else ""


def test_another_path_of_the_storage_writes_nothing_anew(folders: list[Path], settings: dict[str, Any]) -> None:
    first, second = folders
    for folder in folders:
        configure(folder, **settings)
    (first / "storage").mkdir()
    (second / "storage").symlink_to(first / "storage")
    with running(first):
        until(lambda: len(files(first)) == 5 and bool(rows(settings["database"], STYLE)))
        before, style = files(first), rows(settings["database"], STYLE)
        for _ in range(2):
            with running(second) as daemon:
                until(lambda: len(daemon.get("status.json").json()["workers"]) >= 2)
                until(lambda: not any(daemon.get("status.json").json()["queue"].values()))
                daemon.process.terminate()
                assert daemon.process.wait(20) == 0
    assert rows(settings["database"], STYLE) == style
    assert rows(settings["database"], PENDING) == [(0,)]
    assert files(first) == before


def test_a_daemon_of_another_form_starts_when_the_one_before_has_ended(
    folders: list[Path], settings: dict[str, Any]
) -> None:
    first, second = folders
    configure(first, **settings, title="One")
    configure(second, **settings, storage=str(first / "storage"), title="Two")
    with running(first) as daemon:
        until(lambda: "One" in feed(first))
        refused = aggregator("run", "--port", "0", cwd=second, status=1)
        assert "goes by other settings, with the same database: title; use the same" in refused.stderr
        assert refused.stderr.count("\n") == 1
        assert "One" in feed(first)
        daemon.process.terminate()
        assert daemon.process.wait(20) == 0
    with running(second):
        until(lambda: "Two" in feed(first))


def test_a_worker_whose_environment_gives_another_form_writes_no_files_and_says_why(
    folders: list[Path], settings: dict[str, Any], tmp_path: Path
) -> None:
    first, second = folders
    configure(tmp_path, **settings, title="One")
    aggregator("sync", cwd=tmp_path)
    with working(first, AGGREGATOR_DATABASE=settings["database"], AGGREGATOR_TITLE="Two") as worker:
        until(lambda: bool(worker.said("this process writes no files, as `title` would give them another form")), 30)
        assert feed(tmp_path) == ""
        until(lambda: bool(rows(settings["database"], QUEUED)))
        queued = rows(settings["database"], QUEUED)
        time.sleep(6)  # a sweep would queue again what was taken and left
        assert rows(settings["database"], QUEUED) == queued
        assert rows(settings["database"], SWEEPS) == [(1,)]
        with working(second, AGGREGATOR_DATABASE=settings["database"]):
            until(lambda: "One" in feed(tmp_path), 30)


def test_a_process_that_writes_no_files_waits_between_two_looks(
    tmp_path: Path, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that it left kept it looking thousands of times a second."""
    looks: list[App] = []

    def foreign(app: App) -> list[str]:
        looks.append(app)
        return ["title"]

    async def run(app: App) -> None:
        stopping = asyncio.Event()
        working = asyncio.create_task(jobs_of(app).run(stopping))
        while not looks:
            await asyncio.sleep(0.01)
        await run_cycle(app, lambda _: None, everything=True)  # which notifies it of jobs
        await asyncio.sleep(2)
        stopping.set()
        await working

    monkeypatch.setattr("aggregator.jobs.foreign_settings", foreign)
    with newsroom(tmp_path, **settings).opened() as app:
        asyncio.run(run(app))
    assert rows(settings["database"], QUEUED)
    assert len(looks) < 20  # by notifications, and one a second
