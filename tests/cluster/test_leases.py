"""Leases of hosts when PostgreSQL restarts, and when a worker is killed."""

from pathlib import Path

from tests.clusters import Cluster, rows
from tests.commands import aggregator, configure, until, working, working_limited
from tests.newsroom import item, rss
from tests.servers import Answer, Request, Server
from tests.store.test_pace import most_in_flight
from tests.thorough import THOROUGH

PAUSE = 14.0 if THOROUGH else 3.0  # seconds that an answer takes
LEASE = 3.0  # seconds
FETCH = {"allow_private": ["127.0.0.1/32"], "host_gap": "0s", "per_host": 2, "timeout": "60s"}
FETCHED = "SELECT count(*) FROM source WHERE last_fetch IS NOT NULL"


def test_a_host_is_one_workers_although_postgresql_restarts(
    tmp_path: Path, folders: list[Path], server: Server, postgresql: Cluster
) -> None:
    """Amid an answer, of 14 s in `make cluster`; another worker starts then."""
    database = postgresql.database()
    server.put("*", rss(item(1)), pause=PAUSE)
    sources = [server.url(f"/{number}") for number in range(2)]
    configure(tmp_path, database=database, fetch=FETCH | {"per_host": 1}, sources=sources)
    aggregator("sync", cwd=tmp_path)
    with working(folders[0], AGGREGATOR_DATABASE=database):
        until(lambda: bool(server.requests))
        postgresql.stop()
        postgresql.start()
        with working(folders[1], AGGREGATOR_DATABASE=database):
            until(lambda: rows(database, FETCHED) == [(2,)], 30 + 6 * PAUSE)
    assert most_in_flight(server.requests, PAUSE) == 1


def test_what_a_killed_worker_asked_is_asked_again_when_its_leases_are_over(
    tmp_path: Path, folders: list[Path], server: Server, postgresql: Cluster
) -> None:
    database, paths = postgresql.database(), ["/0", "/1"]

    def answer(request: Request) -> Answer:
        return Answer(body=rss(item(1)), hang=len(server.asked(request.path)) == 1)

    server.put("*", answer)
    configure(tmp_path, database=database, fetch=FETCH, sources=[server.url(path) for path in paths])
    aggregator("sync", cwd=tmp_path)
    with working_limited({"lease": LEASE}, folders[0], AGGREGATOR_DATABASE=database) as killed:
        until(lambda: all(server.asked(path) for path in paths))
        killed.process.kill()
    with working(folders[1], AGGREGATOR_DATABASE=database):
        until(lambda: rows(database, FETCHED) == [(2,)])
    assert [len(server.asked(path)) for path in paths] == [2, 2]
