"""Several processes on one database, one of them killed."""

import os
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import Engine, event

from aggregator import dedupe
from aggregator.first_publication import prepare
from aggregator.store import RacedError, Recording, Store, identifiers
from tests.store.conftest import database
from tests.store.processes import begun, exit_status
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


def die_in_record(url: str) -> None:
    vars(identifiers)["_missing_keys"] = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    record(Store.open(url), *(new(article(number)) for number in range(5)))


def die_in_making(url: str, tables: int) -> None:
    statements = []

    def seen(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().startswith("CREATE TABLE"):
            statements.append(statement)
        if len(statements) > tables:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", seen)
    Store.open(url)


def share(url: str, claimed: Path) -> None:
    """Write the names of the sources that this process claims."""
    with Store.open(url) as store, claimed.open("w") as names:
        sync_sources(store, [source(f"s{number}") for number in range(50)], NOW)
        while claims := store.leases.claim(NOW, limit=3, lease=LEASE):
            print(*(claim.source.name for claim in claims), file=names)


def test_a_process_killed_while_recording_leaves_nothing(url: str) -> None:
    with Store.open(url) as store:
        sync_sources(store, [source()], NOW)
        assert exit_status(die_in_record, url) == -signal.SIGKILL
        assert store.articles.page(None, 9) == ()
        assert store.sources.all()[0].state.last_fetch is None
        assert record(store, *(new(article(number)) for number in range(5))).new == 5


def test_a_process_killed_while_making_the_schema_leaves_nothing(empty_url: str) -> None:
    assert exit_status(die_in_making, empty_url, 5) == -signal.SIGKILL
    with Store.open(empty_url) as store:
        sync_sources(store, [source()], NOW)


def test_processes_that_begin_at_the_same_time_make_one_database_and_share_the_sources(
    empty_url: str, tmp_path: Path
) -> None:
    files = [tmp_path / name for name in ("first", "second")]
    with begun(share, empty_url, files[0]) as first, begun(share, empty_url, files[1]) as second:
        first.join(60)
        second.join(60)
        assert (first.exitcode, second.exitcode) == (0, 0)
    claimed = Counter(name for file in files for name in file.read_text().split())
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
