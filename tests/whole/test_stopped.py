"""`once` that is told to stop, whatever it is at: one line, exit status 130, leases given back, marks kept."""

import fcntl
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from aggregator.publish import Published, publish_changed
from tests.commands import aggregator, begun, forked, until
from tests.forks import Process
from tests.newsroom import Newsroom, item, newsroom, rss
from tests.servers import Server

SIGNALS = [signal.SIGTERM, signal.SIGINT]


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Newsroom:
    server.put("/feed", rss(item(1), item(2)))
    room = newsroom(tmp_path, [{"name": "paper", "url": server.url("/feed")}])
    with room.opened():
        pass
    return room


def has_open(process: subprocess.Popen[str] | Process, path: Path) -> Callable[[], bool]:
    """Whether the process has that file open."""

    def look() -> bool:
        for descriptor in Path(f"/proc/{process.pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed since
                if descriptor.readlink() == path:
                    return True
        return False

    return look


def assert_stopped(process: subprocess.Popen[str] | Process) -> None:
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (130, ""), errors
    (line,) = errors.splitlines()
    assert "interrupted" in line


def is_leased(room: Newsroom) -> bool:
    """Return True if the source's host is leased, and so kept from other processes."""
    with closing(sqlite3.connect(room.storage / "aggregator.db")) as database:
        (until,) = database.execute("SELECT coalesce(max(lease_until), 0) FROM host").fetchone()
    return bool(until > (time.time() + 5) * 1_000_000)


@pytest.mark.parametrize("number", SIGNALS)
def test_while_it_opens_the_database(room: Newsroom, number: signal.Signals) -> None:
    database = room.storage / "aggregator.db"
    configuration = (room.root / "feeds.yaml").read_text().replace("name: paper", "name: gazette")
    (room.root / "feeds.yaml").write_text(configuration)  # so that it has something to write
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        with begun("once", cwd=room.root) as process:
            until(has_open(process, database), 60)
            process.send_signal(number)
            connection.execute("ROLLBACK")
            assert_stopped(process)
    assert not is_leased(room)


@pytest.mark.parametrize("number", SIGNALS)
def test_while_it_fetches(room: Newsroom, server: Server, number: signal.Signals) -> None:
    server.put("/feed", hang=True)
    with forked("once", cwd=room.root) as process:
        until(lambda: bool(server.requests), 60)
        assert is_leased(room)
        process.send_signal(number)
        assert_stopped(process)
    assert not is_leased(room)


@pytest.mark.parametrize("number", SIGNALS)
def test_while_it_publishes(room: Newsroom, number: signal.Signals) -> None:
    lock = room.storage / ".publishing.lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with forked("once", cwd=room.root) as process:
            until(has_open(process, lock), 60)
            process.send_signal(number)
            assert_stopped(process)
    assert room.articles() == {}
    assert not is_leased(room)
    with room.opened() as app:
        assert publish_changed(app) == Published(articles=2, feeds=6)
    assert len(room.articles()) == 2


def test_while_it_loads_its_libraries(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    done = aggregator("check", cwd=tmp_path, status=130, PYTHONPATH=str(tmp_path))
    assert (done.stdout, done.stderr) == ("", "")
