"""`aggregator worker`: it fetches and publishes by rows, and needs no file."""

import signal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from aggregator.store import Store
from aggregator.store.schema import VERSION
from tests.clusters import Cluster, rows
from tests.commands import aggregator, configure, until, working
from tests.newsroom import item, rss
from tests.servers import Server

FAILING = "SELECT name, error FROM source WHERE failures > 0"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A worker's folder, with no configuration in it."""
    path = tmp_path / "worker"
    path.mkdir()
    return path


def feed(folder: Path, name: str) -> str:
    path = folder.parent / "storage" / "feeds" / name
    return path.read_text() if path.exists() else ""


def test_it_works_by_rows_and_follows_what_is_stored(
    tmp_path: Path, folder: Path, server: Server, postgresql: Cluster
) -> None:
    database = postgresql.database()
    server.put("/paper", rss(item(1)))
    server.put("/other", rss(item(2)))
    sources: list[dict[str, Any]] = [
        {"name": "paper", "url": server.url("/paper?key=${KEY}"), "headers": {"X-Token": "${TOKEN}"}},
        {"name": "lacking", "url": server.url("/paper"), "headers": {"X-Token": "${ABSENT}"}},
    ]
    configure(tmp_path, database=database, title="Mine", sources=sources)
    aggregator("sync", cwd=tmp_path)
    variables = {"KEY": "key-of-worker", "TOKEN": "token-of-worker"}
    with working(folder, AGGREGATOR_DATABASE=database, AGGREGATOR_FETCH__PER_HOST="1", **variables) as worker:
        until(lambda: "Story number 1" in feed(folder, "paper.rss"))
        assert "Mine" in feed(folder, "paper.rss")
        (asked,) = server.asked("/paper")
        assert (asked.target, asked.header("X-Token")) == ("/paper?key=key-of-worker", "token-of-worker")
        until(lambda: bool(rows(database, FAILING)))
        ((name, error),) = rows(database, FAILING)
        assert name == "lacking"
        assert "`${ABSENT}` is not in the environment; set ABSENT there" in error

        added = {"name": "other", "url": server.url("/other")}
        configure(tmp_path, database=database, title="New name", sources=[sources[0], added])
        aggregator("sync", cwd=tmp_path)
        until(lambda: "Story number 2" in feed(folder, "other.rss"))
        until(lambda: "New name" in feed(folder, "paper.rss"))
        assert len(worker.said("the stored settings were taken over")) == 1

        worker.process.terminate()
        assert worker.process.wait(60) == 0
        log = "\n".join(worker.said())
        assert "Traceback" not in log
        assert not any(value in log for value in variables.values())
    assert not (folder / "storage").exists()


def test_a_setting_that_cannot_be_used_changes_nothing(
    tmp_path: Path, folder: Path, server: Server, postgresql: Cluster
) -> None:
    database = postgresql.database()
    server.put("/paper", rss(item(1)))
    source = {"name": "paper", "url": server.url("/paper")}
    configure(tmp_path, database=database, sources=[source])
    aggregator("sync", cwd=tmp_path)
    with working(folder, AGGREGATOR_DATABASE=database) as worker:
        configure(tmp_path, database=database, storage="elsewhere", sources=[source])
        aggregator("sync", cwd=tmp_path)
        until(lambda: bool(worker.said("storage cannot change while a worker runs; restart it for that")))
        until(lambda: "Story number 1" in feed(folder, "paper.rss"))
        assert worker.process.poll() is None


def test_a_second_signal_stops_at_once(tmp_path: Path, folder: Path, server: Server, postgresql: Cluster) -> None:
    database = postgresql.database()
    server.put("/hangs", hang=True)
    configure(tmp_path, database=database, sources=[server.url("/hangs")])
    aggregator("sync", cwd=tmp_path)
    with working(folder, AGGREGATOR_DATABASE=database) as worker:
        until(lambda: bool(server.asked("/hangs")))
        worker.process.terminate()
        until(lambda: bool(worker.said("the same signal again stops at once")))
        worker.process.terminate()
        assert worker.process.wait(60) == 128 + signal.SIGTERM


def test_a_worker_that_is_older_than_the_tables_stops(
    tmp_path: Path, folder: Path, server: Server, postgresql: Cluster
) -> None:
    database = postgresql.database()
    configure(tmp_path, database=database, sources=[{"url": server.url("/paper"), "enabled": False}])
    aggregator("sync", cwd=tmp_path)
    with working(folder, AGGREGATOR_DATABASE=database) as worker:
        _change(database, "UPDATE alembic_version SET version_num = '9999'")
        assert worker.process.wait(20) == 1
        assert "A newer aggregator made this database" in worker.said()[-1]
    failed = aggregator("worker", cwd=folder, status=1, AGGREGATOR_DATABASE=database)
    assert failed.stderr.startswith("aggregator: A newer aggregator made this database")


def test_without_what_it_needs_it_says_in_one_sentence_what_to_do(
    tmp_path: Path, folder: Path, postgresql: Cluster
) -> None:
    database = postgresql.database()

    def sentence(status: int = 1, **environ: str) -> str:
        failed = aggregator("worker", cwd=folder, status=status, **environ)
        assert failed.stderr.count("\n") == 1
        return failed.stderr

    assert "AGGREGATOR_DATABASE is not set" in sentence(status=2)
    assert "workers share PostgreSQL" in sentence(status=2, AGGREGATOR_DATABASE=f"sqlite:///{tmp_path}/x.db")
    assert "run `aggregator sync`" in sentence(AGGREGATOR_DATABASE=database)
    Store.open(database).close()
    assert "holds no settings; run `aggregator sync`" in sentence(AGGREGATOR_DATABASE=database)
    _change(database, f"UPDATE alembic_version SET version_num = '{int(VERSION) - 1:04}'")
    assert "has not the tables of this version" in sentence(AGGREGATOR_DATABASE=database)
    assert "cannot be reached" in sentence(AGGREGATOR_DATABASE="postgresql://postgres@127.0.0.1:9/none")


def _change(database: str, statement: str) -> None:
    engine = create_engine(database.replace("postgresql:", "postgresql+psycopg:", 1))
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
