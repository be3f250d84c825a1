"""A real daemon process after a kill, over a damaged or locked database, a full disk: it says so, and heals."""

import os
import re
import resource
import shutil
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.commands import Running, aggregator, configure, make_due, running, until
from tests.newsroom import item, prose, rss
from tests.servers import Answer, Request, Server

QUICK = {"allow_private": ["127.0.0.1/32"], "host_gap": "0s", "timeout": "60s", "interval": "1s", "min_interval": "1s"}


@pytest.fixture
def paper(server: Server) -> dict[str, Any]:
    server.put("/paper", rss(item(1)))
    return {"name": "paper", "url": server.url("/paper"), "category": "news"}


@contextmanager
def database(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(folder / "storage/aggregator.db", isolation_level=None, timeout=60)) as connection:
        yield connection


def files(folder: Path) -> dict[str, bytes]:
    """Bytes of every article and feed by its path; not of what the daemon is writing."""
    roots = [folder / "storage/articles", folder / "storage/feeds"]
    paths = [path for root in roots for path in root.rglob("*.*") if not path.name.startswith(".")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def overwrite(folder: Path, place: int) -> None:
    """Put noise over a page of the database file."""
    with (folder / "storage/aggregator.db").open("r+b") as file:
        file.seek(place)
        file.write(os.urandom(4096))


def root_of(folder: Path, table: str) -> int:
    """Where the file has the first page of a table or index."""
    with database(folder) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", [table]).fetchone()
    return int(page - 1) * 4096


def address(folder: Path) -> str:
    """Where the daemon listens, whatever its `base_url`."""
    with database(folder) as connection:
        return str(connection.execute("SELECT value FROM note WHERE name = 'address'").fetchone()[0])


def figure(folder: Path, name: str) -> float:
    """A figure of `/metrics`."""
    (value,) = re.findall(rf"^{name} (\S+)$", httpx.get(address(folder) + "metrics", verify=False).text, re.MULTILINE)
    return float(value)


def until_published(folder: Path) -> None:
    """Wait until a round of publishing that begins from now on has ended: no mark is left."""
    for _ in range(2):
        before = figure(folder, "aggregator_last_publish_timestamp_seconds")
        until(lambda: figure(folder, "aggregator_last_publish_timestamp_seconds") > before, 60)  # noqa: B023 - until waits in this turn


def stop(daemon: Running) -> None:
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.process.wait(60) == 0


def test_files_that_a_power_cut_left_empty_are_mended_at_the_next_start(
    tmp_path: Path, server: Server, paper: dict[str, Any]
) -> None:
    server.put("/paper", rss(*map(item, range(5))))
    configure(tmp_path, sources=[paper], base_url="https://news.example/")  # not the port, another one each time
    with running(tmp_path) as daemon:
        until(lambda: files(tmp_path).get("storage/feeds/news.json", b"").count(b"Story number") >= 5, 60)
        until(lambda: (tmp_path / "storage/feeds/feeds.opml").exists(), 60)
        until_published(tmp_path)
        daemon.process.kill()  # -9
        daemon.process.wait()
    undamaged = files(tmp_path)
    articles = [path for path in undamaged if path.endswith(".md")]
    for path in (articles[0], "storage/feeds/news.rss"):
        (tmp_path / path).write_bytes(b"")
    (tmp_path / articles[1]).unlink()
    with running(tmp_path) as daemon:
        until(lambda: files(tmp_path) == undamaged, 60)
        until(lambda: bool(daemon.said("unclean stop")), 60)
        (line,) = daemon.said("unclean stop")
        assert "2 files of articles and 1 of feeds" in line
        assert httpx.get(address(tmp_path) + "healthz", verify=False).status_code == 200
        stop(daemon)
    with running(tmp_path) as daemon:
        until_published(tmp_path)
        stop(daemon)
        assert daemon.said("unclean stop") == []
    assert len(server.requests) == 1


def test_it_prunes_by_itself(tmp_path: Path, server: Server, paper: dict[str, Any]) -> None:
    server.put("/paper", rss(*map(item, (1, 3, 4, 5, 6)), item(2, pubDate="Tue, 24 Nov 2015 10:00:00 +0000")))
    configure(tmp_path, sources=[paper])
    aggregator("once", cwd=tmp_path)
    assert b"Story number 2" in files(tmp_path)["storage/feeds/news.json"]
    configure(tmp_path, sources=[paper], retention="3650d")
    with running(tmp_path) as daemon:
        until(lambda: "Story number 2" not in daemon.get("feeds/news.json").text, 60)
        until(lambda: bool(daemon.said("1 article older than `retention`, or dropped long ago, pruned")), 60)
        stop(daemon)
    assert sum(path.endswith(".md") for path in files(tmp_path)) == 5


@pytest.mark.parametrize("part", [0.0, 0.5, 0.99])
def test_a_damaged_database_keeps_it_from_starting(tmp_path: Path, paper: dict[str, Any], part: float) -> None:
    configure(tmp_path, sources=[paper])
    aggregator("once", cwd=tmp_path)
    pages = (tmp_path / "storage/aggregator.db").stat().st_size // 4096
    overwrite(tmp_path, int(pages * part) * 4096)
    (line,) = aggregator("run", "--port", "0", cwd=tmp_path, status=1).stderr.splitlines()
    assert "damaged" in line
    assert "put back a copy that `aggregator backup FILE` made, with `aggregator restore FILE`" in line


def test_damage_met_while_it_runs_is_said_and_a_copy_brought_back_is_taken_up(
    tmp_path: Path, server: Server, paper: dict[str, Any]
) -> None:
    configure(tmp_path, fetch=QUICK, sources=[paper])
    with running(tmp_path) as daemon:
        until(lambda: "Story number 1" in daemon.get("feeds/news.rss").text, 60)
        place, path = root_of(tmp_path, "source"), tmp_path / "storage/aggregator.db"
        with database(tmp_path) as connection:
            connection.execute("BEGIN IMMEDIATE")  # nobody writes meanwhile
            connection.execute("COMMIT")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("BEGIN IMMEDIATE")
            shutil.copy(path, tmp_path / "copy.db")
            with closing(sqlite3.connect(tmp_path / "copy.db")) as copy, copy:  # made while the source was being asked
                copy.execute("UPDATE host SET token = token + 1, lease_until = ?", [int((time.time() + 3600) * 1e6)])
            overwrite(tmp_path, place)
            connection.execute("INSERT INTO note VALUES ('seen', 'by all')")  # what they have in memory is old now
            connection.execute("COMMIT")
        until(lambda: daemon.get("healthz").status_code == 503, 60)
        assert "damaged" in daemon.get("healthz").text
        assert "Story number 1" in daemon.get("feeds/news.rss").text
        assert daemon.get("status").status_code == 503
        server.put("/paper", rss(item(1), item(2)))
        (tmp_path / "copy.db").replace(path)
        until(lambda: "Story number 2" in daemon.get("feeds/news.rss").text, 60)
        until(lambda: daemon.get("healthz").status_code == 200, 60)
        assert len(daemon.said("is damaged")) <= 2  # once for each kind of work
        stop(daemon)


def test_what_cannot_be_recorded_is_not_asked_for_again_and_again(
    tmp_path: Path, server: Server, paper: dict[str, Any]
) -> None:
    fetch = QUICK | {"min_interval": "60s"}
    configure(tmp_path, fetch=fetch, sources=[paper])
    aggregator("once", cwd=tmp_path)
    with database(tmp_path) as connection:
        connection.execute("CREATE TRIGGER broken BEFORE INSERT ON article BEGIN SELECT RAISE(ABORT, 'no room'); END")
        make_due(connection)
    server.put("/paper", rss(item(1), item(2)))
    server.requests.clear()
    with running(tmp_path) as daemon:
        until(lambda: len(server.requests) >= 3, 60)
        first, _, third = (request.at for request in server.requests[:3])
        assert third - first > 5  # 2 s, then 4 s: with each tick it would have been 2
        assert "no room" in daemon.get("healthz").text
        with database(tmp_path) as connection:
            connection.execute("DROP TRIGGER broken")
        until(lambda: "Story number 2" in daemon.get("feeds/news.rss").text, 60)
        until(lambda: daemon.get("healthz").status_code == 200, 60)
        assert len(daemon.said("no room")) == 1
        stop(daemon)


def test_a_locked_database_makes_fetches_wait_and_nobody_else(
    tmp_path: Path, server: Server, paper: dict[str, Any]
) -> None:
    go_on = threading.Event()
    server.put("/quick", rss(item(1)))

    def slow(request: Request) -> Answer:
        return Answer(body=rss(item(2)), pause=0.0) if go_on.is_set() else Answer(body=rss(item(2)), pause=3.0)

    server.put("/slow", slow)
    quick = {"name": "quick", "url": server.url("/quick"), "category": "news"}
    configure(tmp_path, fetch=QUICK | {"interval": "1h"}, sources=[quick])
    with running(tmp_path) as daemon:
        until(lambda: "Story number 1" in daemon.get("feeds/news.rss").text, 60)
        configure(
            tmp_path,
            fetch=QUICK | {"interval": "1h"},
            sources=[quick, {"name": "slow", "url": server.url("/slow"), "category": "news"}],
        )
        until(lambda: bool(server.asked("/slow")), 60)
        with database(tmp_path) as connection:
            connection.execute("BEGIN IMMEDIATE")
            for path in ("status.json", "status", "", "feeds/news.rss", "healthz"):
                assert httpx.get(daemon.url + path, timeout=60, verify=False).status_code == 200
            states = daemon.get("status.json").json()["sources"]
            assert [state["last_fetch"] is None for state in states] == [False, True]
            connection.execute("ROLLBACK")
        until(lambda: "Story number 2" in daemon.get("feeds/news.rss").text, 60)
        stop(daemon)
    assert len(server.asked("/slow")) == 1


def test_a_full_disk_is_said_once_and_work_goes_on_once_there_is_room(
    tmp_path: Path, server: Server, paper: dict[str, Any]
) -> None:
    configure(tmp_path, fetch=QUICK, sources=[paper])
    with running(tmp_path) as daemon:
        until(lambda: "Story number 1" in daemon.get("feeds/news.rss").text, 60)
        until_published(tmp_path)
        undamaged = files(tmp_path)
        size = (tmp_path / "storage/aggregator.db-wal").stat().st_size
        server.put("/paper", rss(item(1), item(2, description=f"&lt;p&gt;{prose(2, 20_000)}&lt;/p&gt;")))
        before = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (size // 2, resource.RLIM_INFINITY))
        until(lambda: daemon.get("healthz").status_code == 503, 60)
        assert {path: data for path, data in files(tmp_path).items() if path in undamaged} == undamaged
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, before)
        until(lambda: "Story number 2" in daemon.get("feeds/news.rss").text, 60)
        until(lambda: daemon.get("healthz").status_code == 200, 60)
        assert not [path for path in files(tmp_path) if path.endswith(".tmp")]
        assert len(set(daemon.said('"error"'))) <= 2
        stop(daemon)
    assert "no differences" in aggregator("verify", cwd=tmp_path).stdout
