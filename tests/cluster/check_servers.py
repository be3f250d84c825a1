"""Two servers on one database and one bucket: when both serve what is new, and what they cost while nothing is.

Part of `make cluster`, with SeaweedFS as the bucket if `TEST_S3=seaweedfs`. It prints its figures.
"""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from tests.clusters import Cluster, rows
from tests.commands import Running, aggregator, configure, running, until, working
from tests.newsroom import item, rss
from tests.s3 import ObjectStore
from tests.servers import Server

IDLE = 40.0  # seconds
ROUNDS = 5
FETCH = {"allow_private": ["127.0.0.1/32"], "host_gap": "0s", "interval": "1s", "min_interval": "1s"}
OBJECTS = "SELECT path, version FROM object ORDER BY path"
RECORDED = "SELECT count(*) FROM article"


def processor_seconds(server: Running) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(folder: Path, count: int, settings: dict[str, Any], environ: dict[str, Any]) -> Iterator[list[Running]]:
    """So many servers on one database and one bucket, each in a folder of its own."""
    with ExitStack() as processes:
        servers = []
        for number in range(count):
            of_server = folder / str(number)
            of_server.mkdir(parents=True)
            configure(of_server, **settings)
            servers.append(processes.enter_context(running(of_server, "--no-fetch", **environ)))
        yield servers


def idle_seconds(servers: list[Running]) -> float:
    """Processor time of the servers while nothing is new."""
    time.sleep(10)  # their start is over
    before = sum(map(processor_seconds, servers))
    time.sleep(IDLE)
    return sum(map(processor_seconds, servers)) - before


def test_two_servers(tmp_path: Path, server: Server, postgresql: Cluster, object_store: ObjectStore) -> None:
    server.put("/feed", rss(item(0)), headers={"ETag": '"0"'})
    source = {"name": "paper", "url": server.url("/feed"), "category": "news"}
    environ: dict[str, Any] = dict(object_store.environ)
    spent: list[float] = []
    for count in (1, 2):
        database = postgresql.database()
        settings = {"database": database, "storage": object_store.bucket(), "fetch": FETCH, "sources": [source]}
        folder, of_worker = tmp_path / f"{count}-servers", tmp_path / f"worker-{count}"
        of_worker.mkdir()
        configure(of_worker, **settings)
        aggregator("sync", cwd=of_worker, **environ)
        (of_worker / "feeds.yaml").unlink()
        with (
            served(folder, count, settings, environ) as servers,
            working(of_worker, AGGREGATOR_DATABASE=database, **environ),
        ):
            for site in servers:
                until(partial(shows, site, 0), 60)
            spent.append(idle_seconds(servers))
            if count == 2:
                assert_nothing_is_rendered(server, database)
                print("\nseconds from the record of an entry to its feed, of two servers:")
                for number in range(1, ROUNDS + 1):
                    print(*(f"{seconds:.2f}" for seconds in seconds_to_serve(number, server, database, servers)))
    one, two = spent
    print(f"idle for {IDLE:.0f} s: one server {one:.2f} s of processor time, two servers {two:.2f} s")
    assert two <= 1.2 * 2 * one


def assert_nothing_is_rendered(server: Server, database: str) -> None:
    """Amid some polls without anything new."""
    before, polls = rows(database, OBJECTS), len(server.asked("/feed"))
    until(lambda: len(server.asked("/feed")) >= polls + 5, 60)
    assert rows(database, OBJECTS) == before


def shows(site: Running, number: int) -> bool:
    """Return True if a feed has this story."""
    return f"Story number {number}" in site.get("feeds/news.rss").text


def seconds_to_serve(number: int, server: Server, database: str, servers: list[Running]) -> list[float]:
    time.sleep(12)  # more than `feeds.min_age`
    server.put("/feed", rss(*map(item, range(number + 1))), headers={"ETag": f'"{number}"'})
    until(lambda: rows(database, RECORDED) == [(number + 1,)], 60)
    recorded, seconds = time.monotonic(), []
    waiting = list(servers)
    while waiting:
        for site in list(waiting):
            if shows(site, number):
                seconds.append(time.monotonic() - recorded)
                waiting.remove(site)
        assert time.monotonic() - recorded < 60
        time.sleep(0.05)
    return seconds
