"""The number of statements does not depend on how much there is to do, nor their cost on how much is stored."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from aggregator.model import Decision, FeedInfo, Selection, SourceState
from aggregator.store import Store
from tests.store.values import (
    LEASE,
    NOW,
    article,
    digest,
    duplicate,
    keyed,
    new,
    record,
    source,
    sync_sources,
    unchanged,
    updated,
)

PARTITIONS = ("SELECT name FROM unnest", "SELECT pg_advisory", "CREATE TABLE", "ALTER TABLE")
ONCE = ("BEGIN", "SELECT defer_jobs", *PARTITIONS)  # all but the first on PostgreSQL


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(ONCE):
            seen.append(statement)

    event.listen(store.database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(store.database.engine, "before_cursor_execute", note)


def counted(store: Store, work: Callable[[], object]) -> int:
    with statements(store) as seen:
        work()
    return len(seen)


def recorded(store: Store, *decisions: Decision, by: int = 1) -> int:
    """Number of statements of recording a document of a source under way that has moved before."""
    record(store, by=by)
    store.leases.claim(NOW, Selection(names=["a", "b"]), limit=2, lease=LEASE)
    return counted(store, lambda: record(store, *decisions, by=by))


@pytest.fixture
def store(store: Store) -> Store:
    sync_sources(store, [source("a"), source("b")], NOW)
    return store


@pytest.mark.parametrize("size", [1, 100])
def test_statements_of_each_kind_of_document(store: Store, size: int) -> None:
    numbers = range(size)
    first = [keyed(article(number), str(number), weak=[f"w{number}"]) for number in numbers]
    edits = [updated(keyed(article(number, title=f"Edited {number}"), str(number))) for number in numbers]
    copies = [duplicate(keyed(article(number, 2), f"b{number}"), of=article(number).id) for number in numbers]
    statements = {
        "new": recorded(store, *map(new, first)),
        "unchanged": recorded(store, *map(unchanged, first)),
        "nothing": recorded(store),
        "edited": recorded(store, *edits),
        "of two sources": recorded(store, *copies, by=2),
    }
    assert statements == {"new": 22, "unchanged": 5, "nothing": 4, "edited": 23, "of two sources": 20}


@pytest.mark.parametrize("size", [1, 100])
def test_statements_of_looking_up_and_publishing(store: Store, size: int) -> None:
    record(store, *(new(keyed(article(number), str(number))) for number in range(size)))
    store.unpublished.clear(store.unpublished.all())
    asked = [digest(str(number)) for number in range(size)]
    assert counted(store, lambda: store.articles.lookup(asked)) == 5
    assert counted(store, lambda: store.outbox.articles(1000)) == 5
    assert counted(store, lambda: store.feeds.category_feed("a", 1000, max_body=10**6)) == 10
    assert counted(store, lambda: store.feeds.category_heads(["a", "all"])) == 1
    assert counted(store, lambda: store.articles.page(None, 1000)) == 5
    marks = [mark for _, mark in store.outbox.articles(1000)]
    assert counted(store, lambda: store.outbox.published(marks, NOW)) == 1
    assert counted(store, lambda: store.leases.claim(NOW, limit=1000, lease=LEASE)) == 4


def test_a_sync_that_changes_nothing_writes_nothing(store: Store) -> None:
    with statements(store) as seen:
        sync_sources(store, [source("a"), source("b")], NOW)
    assert all(statement.startswith("SELECT") for statement in seen)


def test_what_is_asked_often_is_answered_from_an_index(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    path.write_bytes(sqlite_template.read_bytes())
    with Store.open(f"sqlite:///{path}") as store, statements(store) as seen:
        sync_sources(store, [source("a"), source("b")], NOW)
        seen.clear()
        store.leases.claim(NOW, limit=5, lease=LEASE)
        record(store, new(article(1)), new(article(2), cluster=article(1).id), feed_info=FeedInfo(title="A"))
        record(store, duplicate(keyed(article(3, 2), "b"), of=article(1).id), by=2)
        store.leases.claim(NOW, Selection(everything=True), limit=5, lease=LEASE)
        record(store, updated(article(1, title="Edited")))
        store.articles.lookup([digest("b")])
        store.outbox.published([mark for _, mark in store.outbox.articles(5)], NOW)
        store.outbox.categories()
        store.unpublished.clear([article(1).id, article(2).id])
        assert store.feeds.category_feed("a", 5, max_body=10**6).articles
        store.feeds.category_heads(["a", "all"])
        store.articles.page(None, 5)
        asked = list(seen)
    with closing(sqlite3.connect(path)) as connection:
        plans = {statement: _plan(connection, statement) for statement in asked if not statement.startswith("INSERT")}
    assert plans
    scans = {step for plan in plans.values() for step in plan if step.startswith("SCAN")}
    assert scans <= {
        "SCAN article USING INDEX ix_article_pending",  # a partial index: all of it is what was asked
        "SCAN category USING INDEX ix_category_pending",
        "SCAN due",
        "SCAN in_order",
    }
    sorts = {step for plan in plans.values() for step in plan if "TEMP B-TREE FOR ORDER BY" in step}
    newest = [  # but for the few that were edited on closed pages, which another index gives
        statement for statement in plans if "published DESC" in statement and "edited_after > " not in statement
    ]
    assert len(newest) == 3
    assert not any("TEMP B-TREE" in step for statement in newest for step in plans[statement])
    assert sorts <= {"USE TEMP B-TREE FOR ORDER BY"}


def test_counting_articles_reads_an_index_alone(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    path.write_bytes(sqlite_template.read_bytes())
    with Store.open(f"sqlite:///{path}") as store, statements(store) as seen:
        store.maintenance.size()
    (count,) = [statement for statement in seen if statement.startswith("SELECT count")]
    with closing(sqlite3.connect(path)) as connection:
        (step,) = _plan(connection, count)
    assert "USING COVERING INDEX" in step


def _plan(connection: sqlite3.Connection, statement: str) -> list[str]:
    parameters = [0] * statement.count("?")
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]


@pytest.mark.parametrize("due", [10, 500])
def test_a_claim_costs_by_what_is_due(sqlite_template: Path, tmp_path: Path, due: int) -> None:
    path = tmp_path / "aggregator.db"
    path.write_bytes(sqlite_template.read_bytes())
    blogs = [source(f"s{number}", url=f"https://s{number}.host{number % 70}.example/") for number in range(1_000)]
    with Store.open(f"sqlite:///{path}") as store, statements(store) as seen:
        sync_sources(store, blogs, NOW)
        later = SourceState(next_fetch=NOW + timedelta(days=1))
        store.sources.record_states([(number, later) for number in range(due + 1, 1_001)], {})
        seen.clear()
        assert len(store.leases.claim(NOW, limit=128, lease=LEASE, share=4)) == min(due, 128)
        store.leases.wanted(NOW)
        store.leases.last_asked(["host1.example"], NOW)
        asked = list(seen)
    with closing(sqlite3.connect(path)) as connection:
        steps = [step for statement in asked for step in _plan(connection, statement)]
    touching = {step for step in steps if " source" in step}
    assert touching == {
        "SEARCH source USING INDEX ix_source_host_due (host=? AND next_fetch<?)",
        "SEARCH source USING INTEGER PRIMARY KEY (rowid=?)",
        "SEARCH source USING INDEX ix_source_url (url=?)",
        "SEARCH source USING INDEX ix_source_moved_to (moved_to=?)",
    }
