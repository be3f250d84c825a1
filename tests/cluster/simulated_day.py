"""1,000,000 sources, all due, through claim, record and reschedule: `python -m tests.cluster.simulated_day`.

The sources are rows that PostgreSQL generates; no source is asked, each has "nothing new". Prints the times of claims,
the sources a second of one worker and of two, and the CPU time, which does not depend on what else the machine does.
"""

import argparse
import multiprocessing
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from time import monotonic, perf_counter, process_time
from typing import NamedTuple

from sqlalchemy import create_engine, text

from aggregator.model import NotModified, Validators
from aggregator.schedule.state import after_not_modified
from aggregator.settings import Fetch
from aggregator.store import Store
from tests.clusters import Cluster, started
from tests.store.values import source, sync_sources

BATCH = 500
LEASE = timedelta(seconds=60)
SECONDS = 20.0  # of each measurement
SOURCES_OF_HOST = 10

_FILL = """
INSERT INTO source ({columns})
SELECT {values} FROM source AS first, generate_series(2, :sources) AS number WHERE first.id = 1
"""
_HOSTS = """
INSERT INTO host (name, refusals, forbidden, due)
SELECT host, 0, 0, min(next_fetch) FROM source WHERE id > 1 GROUP BY host
"""


def fill(url: str, sources: int, now: datetime) -> None:
    """Make an empty database one with so many sources, all due, ten on each host."""
    with Store.open(url) as store:
        sync_sources(store, [source("first", url="https://first.example/feed")], now)
    due = int((now - timedelta(hours=1)).timestamp() * 1_000_000)
    columns = {
        "id": "number",
        "ordinal": "number",
        "name": "'source-' || number",
        "url": "'https://' || md5((number % :hosts)::text) || '.example/' || number",
        "host": "md5((number % :hosts)::text) || '.example'",
        "next_fetch": ":due + number",
    }
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))
    with engine.begin() as connection:
        listed = connection.execute(
            text("SELECT column_name FROM information_schema.columns WHERE table_name = 'source'")
        )
        names = [row.column_name for row in listed]
        values = ", ".join(columns.get(name, f"first.{name}") for name in names)
        statement = _FILL.format(columns=", ".join(names), values=values)
        connection.execute(text(statement), {"sources": sources, "hosts": sources // SOURCES_OF_HOST, "due": due})
        connection.execute(text(_HOSTS))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE source"))
        connection.execute(text("VACUUM ANALYZE host"))
    engine.dispose()


class Work(NamedTuple):
    """Work of one worker: the times of its claims and records, and CPU seconds of it and of the server for it."""

    claims: list[float]
    records: list[float]
    sources: int
    own: float
    servers_claims: float
    servers_records: float


def work(url: str, now: datetime, seconds: float) -> Work:
    """Claim, record and reschedule for so many seconds."""
    answer = NotModified(url="https://a.example/", status=304, validators=Validators())
    fetch, claims, records, number = Fetch(), list[float](), list[float](), 0
    server_claims = server_records = 0.0
    with Store.open(url) as store:
        with store.database.reading() as connection:
            server = connection.scalar(text("SELECT pg_backend_pid()"))
        end, own = monotonic() + seconds, process_time()
        while monotonic() < end:
            started_at, before = perf_counter(), _cpu(server)
            claimed = store.leases.claim(now, limit=BATCH, lease=LEASE, share=SOURCES_OF_HOST)
            claims.append(perf_counter() - started_at)
            between = _cpu(server)
            states = [
                (each.source.id, after_not_modified(answer, each.state, each.source, fetch, now)) for each in claimed
            ]
            started_at = perf_counter()
            store.sources.record_states(states, {})
            records.append(perf_counter() - started_at)
            number += len(claimed)
            server_claims, server_records = server_claims + between - before, server_records + _cpu(server) - between
    return Work(claims, records, number, process_time() - own, server_claims, server_records)


def _cpu(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _measured(url: str, now: datetime, seconds: float, workers: int) -> float:
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        parts = pool.starmap(work, [(url, now, seconds)] * workers)
    number = sum(part.sources for part in parts)
    print(f"{workers} worker(s): {number / seconds:.0f} sources/s", flush=True)
    claims = [1000 * time for part in parts for time in part.claims]
    records = [1000 * time for part in parts for time in part.records]
    for name, times in (("claim", claims), ("record", records)):
        cuts = quantiles(times, n=20)
        print(f"  {name} of {BATCH}: median {cuts[9]:.0f} ms, 95 % {cuts[18]:.0f} ms")
    own, claiming, recording = (
        BATCH * 1000 * sum(seconds) / number
        for seconds in zip(*((part.own, part.servers_claims, part.servers_records) for part in parts), strict=True)
    )
    print(f"  CPU for {BATCH}: worker {own:.0f} ms, server {claiming:.0f} ms to claim and {recording:.0f} ms to record")
    print(f"  on a core of its own {BATCH * 1000 / (own + claiming + recording):.0f} sources/s a worker")
    return number / seconds


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--url", help="a database that is filled already")
    options = parser.parse_args()
    now = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    if options.url:
        _report(options.url, now, options.seconds)
        return
    with started() as server:
        url = Cluster(server).database()
        at = monotonic()
        fill(url, options.sources, now)
        print(f"{options.sources:,} sources made in {monotonic() - at:.0f} s", flush=True)
        _report(url, now, options.seconds)


def _report(url: str, now: datetime, seconds: float) -> None:
    single = _measured(url, now, seconds, 1)
    double = _measured(url, now, seconds, 2)
    print(f"two workers do {double / single:.2f} times what one does")


if __name__ == "__main__":
    main()
