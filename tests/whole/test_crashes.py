"""kill -9 and a server that dies: 0 lost, 0 doubled, 0 torn, and all is well with the next cycle.

`make crash` kills 200 times on each database and prints a table; here it is 6 times on SQLite.
"""

import json
import time
from pathlib import Path

import pytest

from tests.clusters import Cluster
from tests.commands import configure, until
from tests.newsroom import item, rss
from tests.servers import Server
from tests.thorough import THOROUGH
from tests.whole.crashes import Crashes
from tests.whole.forking import Forks

SEED = 2026
KILLS = 200 if THOROUGH else 6
STOPS = 20 if THOROUGH else 1


def assert_unharmed(crashes: Crashes, kills: int) -> None:
    tally = crashes.kill(kills)
    print(tally.table())
    assert (tally.kills, tally.lost, tally.doubled, tally.torn, tally.unhealed) == (kills, 0, 0, 0, 0), tally
    assert len(tally.phases) >= (4 if THOROUGH else 2)  # a busy machine stretches one of them


def test_kills_on_sqlite(forks: Forks, server: Server, tmp_path: Path) -> None:
    assert_unharmed(Crashes(forks, server, tmp_path, None, SEED), KILLS)


@pytest.mark.skipif(not THOROUGH, reason="part of `make crash`")
def test_kills_on_postgresql(forks: Forks, server: Server, tmp_path: Path, postgresql: Cluster) -> None:
    database = postgresql.database()
    assert_unharmed(Crashes(forks, server, tmp_path, database, SEED), KILLS)


def test_a_postgresql_server_that_dies_under_the_daemon_and_comes_back(
    forks: Forks, server: Server, tmp_path: Path, postgresql: Cluster
) -> None:
    """Amid a cycle: what is not recorded is fetched again, by the daemon that never ended."""
    papers = [f"/{number}" for number in range(40)]
    for number, path in enumerate(papers):
        server.put(path, rss(item(number + 1), item(500 + number // 2)), pause=0.01 * number)
    sources = [{"name": path[1:], "url": server.url(path), "category": "news"} for path in papers]
    configure(tmp_path, database=postgresql.database(), sources=sources, feeds={"limit": 100})

    def entries() -> list[str]:
        return [entry["title"] for entry in json.loads((tmp_path / "storage/feeds/news.json").read_text())["items"]]

    with forks.daemon(tmp_path) as daemon:
        for _ in range(STOPS):
            until(lambda: bool(server.requests), 60)
            postgresql.stop()
            until(lambda: "cannot be reached" in daemon.get("healthz").text, 60)
            assert daemon.get("healthz").status_code == 503
            postgresql.start()
            started = time.monotonic()
            until(lambda: daemon.get("healthz").status_code == 200, 60)
            print(f"PostgreSQL stopped, and back: well again {time.monotonic() - started:.1f} s after its start")
        until(lambda: (tmp_path / "storage/feeds/news.json").exists() and len(entries()) == 60, 60)
        assert len(set(entries())) == 60
        assert len(list((tmp_path / "storage/articles").rglob("*.md"))) == 60
        outages = [*daemon.said("cannot be reached"), *daemon.said("Jobs cannot be done")]  # who notices it first
        # A line for each; where stops follow each other the engine of jobs may notice one when all else is well again.
        assert STOPS <= len(outages) <= STOPS + STOPS // 5, "\n".join(line[:300] for line in outages)
