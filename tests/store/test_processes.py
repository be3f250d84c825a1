"""Several processes on one database, one of them killed."""

import signal
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace
from sqlalchemy import Engine

from aggregator import dedupe
from aggregator.first_publication import prepare
from aggregator.store import RacedError, Recording, Store
from tests.store.conftest import database
from tests.store.values import (
    LEASE,
    NOW,
    article,
    digest,
    keyed,
    marked_articles,
    marked_categories,
    new,
    publish_everything,
    record,
    source,
    state,
    sync_sources,
)

DIES_IN_RECORD = """
import os, signal, sys
from aggregator.store import Store, identifiers
from tests.store.values import article, new, record
identifiers.insert_keys.__globals__["_missing_keys"] = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
record(Store.open(sys.argv[1]), *(new(article(number)) for number in range(5)))
"""
DIES_IN_MAKING = """
import os, signal, sys
from sqlalchemy import Engine, event
from aggregator.store import Store
made = []
def seen(connection, cursor, statement, *rest):
    made.append(statement) if statement.lstrip().startswith("CREATE TABLE") else None
    if len(made) > int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
event.listen(Engine, "before_cursor_execute", seen)
Store.open(sys.argv[1])
"""
SHARES = """
import sys
from aggregator.store import Store
from tests.store.values import LEASE, NOW, source, sync_sources
with Store.open(sys.argv[1]) as store:
    sync_sources(store, [source(f"s{number}") for number in range(50)], NOW)
    while taken := store.leases.claim(NOW, limit=3, lease=LEASE):
        print(*(one.source.name for one in taken))
"""


def run(script: str, *args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_process_killed_while_recording_leaves_nothing(url: str) -> None:
    with Store.open(url) as store:
        sync_sources(store, [source()], NOW)
        assert run(DIES_IN_RECORD, url).returncode == -signal.SIGKILL
        assert store.articles.page(None, 9) == ()
        assert store.sources.all()[0].state.last_fetch is None
        assert record(store, *(new(article(number)) for number in range(5))).new == 5


def test_a_process_killed_while_making_the_schema_leaves_nothing(empty_url: str) -> None:
    assert run(DIES_IN_MAKING, empty_url, 5).returncode == -signal.SIGKILL
    with Store.open(empty_url) as store:
        sync_sources(store, [source()], NOW)


def test_processes_that_begin_at_the_same_time_make_one_database_and_share_the_sources(empty_url: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: run(SHARES, empty_url), range(2)))
    assert [(result.returncode, result.stderr) for result in results] == [(0, ""), (0, "")]
    claimed = Counter(name for result in results for name in result.stdout.split())
    assert claimed == Counter(f"s{number}" for number in range(50))
    with Store.open(empty_url) as store:
        assert len(store.sources.all()) == 50
        assert store.leases.claim(NOW, limit=9, lease=LEASE) == ()


def test_of_two_that_record_one_article_at_the_same_time_one_is_told_to_decide_again(url: str) -> None:
    def attempt(number: int) -> str:
        contested = new(keyed(article(1, number), "link"))
        with Store.open(url) as own:
            try:
                record(own, *(new(article(place, number)) for place in range(2, 30)), contested, by=number)
            except RacedError:
                candidates = own.articles.lookup([digest("link")])
                return f"raced by {candidates[digest('link')][0].source_id}"
        return "recorded"

    with Store.open(url) as store:
        sync_sources(store, [source(f"s{number}", categories=("x",)) for number in range(1, 5)], NOW)
        with ThreadPoolExecutor(4) as pool:
            outcomes = Counter(pool.map(attempt, range(1, 5)))
        (owner,) = store.articles.lookup([digest("link")])[digest("link")]
        assert outcomes == {"recorded": 1, f"raced by {owner.source_id}": 3}
        assert len(marked_articles(store)) == 29


def test_recording_at_the_same_time_in_shared_categories_is_no_race(url: str) -> None:
    def attempt(number: int) -> int:
        with Store.open(url) as own:
            articles = (article(place, number, title=f"Title {place} of s{number}") for place in range(10))
            return sum(record(own, new(stored), by=number).new for stored in articles)

    with Store.open(url) as store:
        sync_sources(store, [source(f"s{number}", categories=("x", "y", "aa")) for number in range(1, 5)], NOW)
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(attempt, range(1, 5))) == [10] * 4


def test_a_missing_path_undoes_the_whole_record(store: Store) -> None:
    sync_sources(store, [source()], NOW)
    recording = Recording(source_id=1, state=state(), decisions=[new(article())], paths={}, now=NOW)
    with pytest.raises(KeyError):
        store.articles.record(recording)
    assert store.sources.all()[0].state.last_fetch is None


def test_an_article_joins_one_that_was_published_between_its_decision_and_its_record(server: Engine) -> None:
    with database(server) as url, Store.open(url) as store:
        sync_sources(store, [source("first"), source("second")], NOW)
        story = {"link": "https://wire.example/1", "link_key": "https://wire.example/1", "title": "Bridge closed"}
        first, second = (dedupe.keyed(article(1, number, **story), "Body") for number in (1, 2))
        record(store, new(first), by=1)
        assert prepare(store, near_duplicates=True) == 0
        publish_everything(store)
        shared = tuple(replace(key, strong=False) for key in second.keys if key.rule == "link")
        own = tuple(key for key in second.keys if key.rule != "link")
        record(store, new(replace(second, keys=own + shared)), by=2)  # decided while the other was unpublished
        assert prepare(store, near_duplicates=True) == 1
        (stored,) = store.articles.page(None, 9)
        assert stored.id == first.id
        assert {credit.source for credit in stored.credits} == {"first", "second"}
        assert marked_articles(store) == {first.id}
        assert "second" in marked_categories(store)
