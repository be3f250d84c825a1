import sqlite3
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from aggregator.errors import StoreBusyError
from aggregator.model import HostState, SourceState
from aggregator.store import Store
from tests.store.values import LEASE, MINUTE, NOW, record, source, state


def claim(
    store: Store,
    now: datetime = NOW,
    *,
    limit: int = 100,
    names: Collection[str] | None = None,
    everything: bool = False,
) -> list[str]:
    taken = store.claim(now, limit=limit, lease=LEASE, names=names, everything=everything)
    return [one.source.name for one in taken]


def fetched(store: Store, source_id: int, minutes: int) -> None:
    """Leave the source with nothing remembered but when it is due."""
    store.record_states([(source_id, SourceState(next_fetch=NOW + minutes * MINUTE))], {}, NOW)


def test_due_sources_are_claimed_the_longest_due_first(store: Store) -> None:
    store.sync([source(name) for name in "abcd"], NOW)
    for source_id, minutes in ((1, -1), (2, -2), (3, 5)):
        fetched(store, source_id, minutes)
    assert claim(store) == ["d", "b", "a"]
    assert claim(store) == []
    assert claim(store, NOW + 5 * MINUTE) == ["d", "b", "a", "c"]


def test_the_longest_due_are_claimed_where_not_all_may_be(store: Store) -> None:
    store.sync([source(name) for name in "abc"], NOW)
    fetched(store, 1, -1)
    assert claim(store, limit=2) == ["b", "c"]
    assert claim(store, limit=2) == ["a"]


def test_a_claimed_source_comes_with_its_state(store: Store) -> None:
    store.sync([source()], NOW)
    store.record_states([(1, state())], {}, NOW)
    (one,) = store.claim(NOW + 30 * MINUTE, limit=1, lease=LEASE)
    assert one.source == source(id=1)
    assert one.state == state()


def test_a_lease_ends_by_time_by_release_and_by_recording(store: Store) -> None:
    store.sync([source("a"), source("b"), source("c")], NOW)
    assert claim(store) == ["a", "b", "c"]
    store.release([1])
    assert claim(store) == ["a"]
    record(store, by=2, next_fetch=None)
    assert claim(store) == ["b"]
    store.record_states([(3, state(next_fetch=None))], {}, NOW)
    assert claim(store) == ["c"]
    assert claim(store, NOW + LEASE) == ["a", "b", "c"]


def test_sources_are_claimed_by_name_or_all_at_once_whether_due_or_not(store: Store) -> None:
    store.sync([source(name) for name in "abc"], NOW)
    for source_id in (1, 2, 3):
        fetched(store, source_id, 5)
    assert claim(store, names=["c", "a", "unknown"]) == ["a", "c"]
    assert claim(store, names=[]) == []
    assert claim(store, everything=True) == ["b"]


def test_disabled_absent_and_paused_sources_are_never_claimed(store: Store) -> None:
    store.sync([source("a", enabled=False), source("b"), source("c")], NOW)
    record(store, by=2, paused="gone for good", next_fetch=None)
    store.sync([source("a", enabled=False), source("b")], NOW)
    assert claim(store) == claim(store, everything=True) == claim(store, names=["a", "b", "c"]) == []


def test_sources_that_share_a_url_are_claimed_together(store: Store) -> None:
    same = "https://example.org/feed"
    store.sync([source("a", url=same), source("b", url=same), source("c"), source("d")], NOW)
    fetched(store, 2, 60)
    fetched(store, 3, 60)
    store.record_states([(4, state(moved_to=same, next_fetch=NOW + 60 * MINUTE))], {}, NOW)
    assert claim(store, limit=1) == ["a", "b", "d"]


def test_a_source_that_moved_no_longer_shares_its_old_url(store: Store) -> None:
    same = "https://example.org/feed"
    store.sync([source("a", url=same), source("b", url=same)], NOW)
    store.record_states([(2, state(moved_to="https://new.example/", next_fetch=NOW + MINUTE))], {}, NOW)
    assert claim(store) == ["a"]


def test_claims_at_the_same_time_never_overlap(url: str) -> None:
    with Store.open(url) as first, Store.open(url) as second:
        first.sync([source(f"s{number}") for number in range(60)], NOW)
        with ThreadPoolExecutor(4) as pool:
            taken = list(pool.map(lambda number: claim((first, second)[number % 2], limit=7), range(12)))
    every = [name for names in taken for name in names]
    assert len(every) == len(set(every)) == 60


def test_states_of_many_sources_are_written_at_once(store: Store) -> None:
    store.sync([source("a"), source("b")], NOW)
    other = replace(state(), failures=7, next_fetch=None)
    store.record_states([(2, other), (1, state())], {}, NOW)
    assert [one.state for one in store.sources()] == [state(), other]
    store.record_states([], {}, NOW)


def test_hosts_are_remembered_and_replaced(store: Store) -> None:
    refused = HostState(not_before=NOW + MINUTE, refusals=2, forbidden=1)
    store.record_states([], {"example.org": refused, "example.com": HostState()}, NOW)
    assert store.hosts(["example.org", "example.net"]) == {"example.org": refused}
    store.record_states([], {"example.org": HostState(refusals=3)}, NOW)
    assert store.hosts(["example.org"]) == {"example.org": HostState(refusals=3)}


def test_a_url_longer_than_an_index_takes_is_kept(store: Store) -> None:
    long = "https://example.org/" + "".join(f"{number:x}" for number in range(3000))
    store.sync([source("a", url=long), source("b")], NOW)
    store.record_states([(2, state(moved_to=long))], {}, NOW)
    assert claim(store) == ["a", "b"]


def test_what_could_not_be_released_is_with_the_next_claim(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    path.write_bytes(sqlite_template.read_bytes())
    soon = timedelta(milliseconds=50)
    with Store.open(f"sqlite:///{path}", busy_timeout=soon) as store, closing(sqlite3.connect(path)) as other:
        store.sync([source("a"), source("b")], NOW)
        assert claim(store) == ["a", "b"]
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError):
            store.release([2])
        other.rollback()
        assert claim(store) == ["b"]
        store.release([1])
        assert claim(store) == ["a"]
