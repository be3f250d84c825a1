"""No statement of a tick, of a request, or of publishing reads a table whole that grows with what is stored."""

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, text
from starlette.testclient import TestClient

from aggregator.app import App
from aggregator.maintain.prune import allow_retention, prune_all
from aggregator.model import Selection
from aggregator.pipeline import run_cycle
from aggregator.publish import publish_changed
from aggregator.serve import Health, Metrics, site
from aggregator.store import Store
from aggregator.store.schema import metadata
from tests.newsroom import Newsroom, item, newsroom, prose, rss
from tests.servers import Server
from tests.store.values import LEASE

SMALL = {
    "category",
    "unpublished",
    "note",
    "subscription",
    "topic",
    "robots_txt",
    "alembic_version",
    "worker",
}  # as the sources' hosts, or less
LARGE = {table.name for table in metadata.tables.values()} - SMALL
PARTITION = re.compile(r"_\d{4}_\d\d$")  # of a month
PARTIAL = {  # indexes over few rows, all of which are asked for
    str(index.name)
    for table in metadata.tables.values()
    for index in table.indexes
    if index.dialect_options["sqlite"]["where"] is not None
}
EXEMPT = (
    "GROUP BY CASE WHEN",  # figures of all sources: counted at most each 30 seconds where they are many
    "count_1 \nFROM searchable",  # an index alone, now and then; many rows of PostgreSQL are not counted
    "WHERE host.lease_until IS NOT NULL",  # at a start
)


@pytest.fixture
def room(url: str, tmp_path: Path) -> Iterator[Newsroom]:
    """Two sources with a story in common, edits, and a category that both have."""
    with Server() as http:
        http.put("/a", rss(*map(item, range(1, 9))))
        http.put("/b", rss(item(3), item(20), item(21)))
        sources = [{"name": name, "url": http.url(f"/{name}"), "category": "News"} for name in "ab"]
        room = newsroom(tmp_path, sources, database=url, feeds={"limit": 3}, retention="3650d")
        room.once()
        http.put("/a", rss(item(1, description=prose(77)), *map(item, range(2, 12))))
        yield room


@contextmanager
def captured(store: Store) -> Iterator[dict[str, Any]]:
    """Statements that are executed in the block, each with parameters of one execution."""
    statements: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        statements.setdefault(statement, parameters[0] if many else parameters)

    event.listen(store.database.engine, "before_cursor_execute", note)
    yield statements
    event.remove(store.database.engine, "before_cursor_execute", note)


def work(app: App) -> None:
    """Do the work of a process at its ticks, and ask it over HTTP."""
    store, now = app.store, app.clock()
    asyncio.run(run_cycle(app, lambda outcome: None, everything=False))
    publish_changed(app)
    store.sources.next_due()
    claimed = store.leases.claim(now, Selection(everything=True), limit=5, lease=LEASE, share=2)
    ids = [stored.source.id for stored in claimed]
    store.leases.extend(ids, now, LEASE)
    store.leases.wanted(now)
    store.leases.release(ids, now)
    store.leases.claim(now + LEASE, limit=5, lease=LEASE, share=2)
    store.maintenance.size()
    store.pages.due(now, 9)
    store.backfills.due(now, 9)
    store.translations.claim(now, LEASE)
    store.hubs.due(now, 9)
    store.hubs.due_topics(now, 9)
    client = TestClient(site(app, Health(app.clock), Metrics()))
    (article_id,) = re.findall(r'href="\./article/(\w+)"', client.get("/").text)[:1]
    pages = [
        "/",
        "/category/news",
        "/source/a",
        "/search?q=word1",
        "/status",
        "/status?after=a",
        "/status.json?after=a",
    ]
    older = [f"{path}{'&' if '?' in path else '?'}before={article_id}" for path in pages[:4]]
    for path in (*pages, *older, "/metrics", "/healthz", f"/article/{article_id}"):
        assert client.get(path).status_code == 200
    allow_retention(app)
    assert prune_all(app)


def read_whole(connection: Connection, statement: str, parameters: Any) -> Iterator[str]:
    """The steps of a statement that read a large table, or an index over all its rows, to the end."""
    if not re.match("SELECT|UPDATE|DELETE|WITH", statement) or any(part in statement for part in EXEMPT):
        return
    if connection.dialect.name == "sqlite":
        for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters):
            scan = re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", row.detail)
            if scan and scan[1] in LARGE and scan[2] not in PARTIAL:
                yield f"{row.detail}: {statement}"
        return
    (plans,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).one()
    yield from (f"{step}: {statement}" for step in _scans(json.loads(plans)[0]["Plan"], is_limited=False))


def _scans(plan: dict[str, Any], *, is_limited: bool) -> Iterator[str]:
    kind, table = plan["Node Type"], PARTITION.sub("", plan.get("Relation Name", ""))
    if table in LARGE and kind.endswith("Scan") and not (is_limited and kind.startswith("Index")):
        has_condition = "Index Cond" in plan or kind == "Bitmap Heap Scan" or plan.get("Index Name") in PARTIAL
        if not has_condition:
            yield f"{kind} of {table} {plan.get('Index Name', '')}"
    # A sort, or an aggregate, reads all that is below it.
    is_limited = kind == "Limit" or (is_limited and kind in ("Nested Loop", "LockRows", "Subquery Scan", "Append"))
    for child in plan.get("Plans", ()):
        yield from _scans(child, is_limited=is_limited)


def _feign_size(connection: Connection) -> None:
    """Let PostgreSQL plan, for this transaction, as if large tables had a million rows."""
    set_rows = (
        "UPDATE pg_class SET relpages = 1, reltuples = {}, relallvisible = 0 "
        "WHERE (relname = ANY(:names) OR relname ~ :partitions) AND pg_relation_size(oid) > 0"
    )
    indexes = [str(index.name) for table in metadata.tables.values() if table.name in LARGE for index in table.indexes]
    keys = [f"pk_{name}" for name in LARGE]
    large = {"names": sorted({*LARGE, *indexes, *keys}), "partitions": r"^[a-z_]+_\d{4}_\d\d(_\w+)?$"}
    connection.exec_driver_sql("DELETE FROM pg_statistic")  # what autovacuum may have noted of few rows
    connection.exec_driver_sql("ALTER TABLE key ALTER article_id SET (n_distinct = -0.1)")  # some ten keys an article
    connection.exec_driver_sql("ANALYZE key (article_id, digest)")
    connection.execute(text(set_rows.format(1_000_000)), large)
    connection.execute(text(set_rows.format(100)), {"names": sorted({*PARTIAL, *SMALL}), "partitions": "^$"})
    for method in ("seqscan", "hashjoin", "mergejoin"):  # their files are small all the same
        connection.exec_driver_sql(f"SET LOCAL enable_{method} = off")


def test_no_large_table_is_read_whole(room: Newsroom) -> None:
    room.later(hours=2)
    room.configuration["retention"] = "10h"
    with room.opened() as app:
        with captured(app.store) as statements:
            work(app)
        with app.store.database.reading() as connection:
            if connection.dialect.name == "postgresql":
                _feign_size(connection)
            faults = {fault for statement in statements.items() for fault in read_whole(connection, *statement)}
    assert sorted(faults) == []
