import sqlite3
import time
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import update

from aggregator.errors import StoreBusyError
from aggregator.model import HostState, Selection, SourceState
from aggregator.settings import Fetch
from aggregator.store import Store
from aggregator.store.columns import EPOCH
from aggregator.store.schema import host
from tests.store.values import LEASE, MINUTE, NOW, article, new, record, source, state, sync_sources


def claim(
    store: Store,
    now: datetime = NOW,
    *,
    limit: int = 100,
    names: Collection[str] | None = None,
    everything: bool = False,
) -> list[str]:
    claimed = store.leases.claim(now, Selection(names=names, everything=everything), limit=limit, lease=LEASE)
    return [stored.source.name for stored in claimed]


def let_leases_run_out(store: Store) -> None:
    """Have as much time pass as leases last: PostgreSQL measures it by its own clock."""
    with store.database.writing() as connection:
        connection.execute(update(host).where(host.c.lease_until.is_not(None)).values(lease_until=EPOCH))


def fetched(store: Store, source_id: int, minutes: int) -> None:
    """Leave the source with nothing remembered but when it is due."""
    store.sources.record_states([(source_id, SourceState(next_fetch=NOW + minutes * MINUTE))], {})


def test_due_sources_are_claimed_the_longest_due_first(store: Store) -> None:
    sync_sources(store, [source(name) for name in "abcd"], NOW)
    for source_id, minutes in ((1, -1), (2, -2), (3, 5)):
        fetched(store, source_id, minutes)
    assert claim(store) == ["d", "b", "a"]
    assert claim(store) == []
    assert claim(store, NOW + 5 * MINUTE) == ["c"]


def test_the_longest_due_are_claimed_where_not_all_may_be(store: Store) -> None:
    sync_sources(store, [source(name) for name in "abc"], NOW)
    fetched(store, 1, -1)
    assert claim(store, limit=2) == ["b", "c"]
    assert claim(store, limit=2) == ["a"]


def test_a_claimed_source_comes_with_its_state(store: Store) -> None:
    sync_sources(store, [source()], NOW)
    store.sources.record_states([(1, state())], {})
    (stored,) = store.leases.claim(NOW + 30 * MINUTE, limit=1, lease=LEASE)
    assert stored.source == source(source_id=1)
    assert stored.state == state()


def test_a_lease_ends_by_time_by_release_and_by_recording(store: Store, url: str) -> None:
    sync_sources(store, [source("a"), source("b"), source("c")], NOW)
    assert claim(store) == ["a", "b", "c"]
    store.leases.release([1])
    assert claim(store) == ["a"]
    record(store, by=2, next_fetch=None)
    assert claim(store) == ["b"]
    store.sources.record_states([(3, state(next_fetch=None))], {})
    assert claim(store) == ["c"]
    let_leases_run_out(store)
    assert claim(store) == []
    with Store.open(url) as second_store:
        assert claim(second_store) == ["a", "b", "c"]


def test_sources_are_claimed_by_name_or_all_at_once_whether_due_or_not(store: Store) -> None:
    sync_sources(store, [source(name) for name in "abc"], NOW)
    for source_id in (1, 2, 3):
        fetched(store, source_id, 5)
    assert claim(store, names=["c", "a", "unknown"]) == ["a", "c"]
    assert claim(store, names=[]) == []
    assert claim(store, everything=True) == ["b"]


def test_disabled_absent_and_paused_sources_are_never_claimed(store: Store) -> None:
    sync_sources(store, [source("a", enabled=False), source("b"), source("c")], NOW)
    record(store, by=2, paused="gone for good", next_fetch=None)
    sync_sources(store, [source("a", enabled=False), source("b")], NOW)
    assert claim(store) == claim(store, everything=True) == claim(store, names=["a", "b", "c"]) == []


def test_sources_that_share_a_url_are_claimed_together(store: Store) -> None:
    url = "https://example.org/feed"
    sync_sources(store, [source("a", url=url), source("b", url=url), source("c"), source("d")], NOW)
    fetched(store, 2, 60)
    fetched(store, 3, 60)
    store.sources.record_states([(4, state(moved_to=url, next_fetch=NOW + 60 * MINUTE))], {})
    assert claim(store, limit=1) == ["a", "b", "d"]


def test_a_source_that_moved_no_longer_shares_its_old_url(store: Store) -> None:
    url = "https://example.org/feed"
    sync_sources(store, [source("a", url=url), source("b", url=url)], NOW)
    store.sources.record_states([(2, state(moved_to="https://new.example/", next_fetch=NOW + MINUTE))], {})
    assert claim(store) == ["a"]


def test_claims_at_the_same_time_never_overlap(url: str) -> None:
    with Store.open(url) as first, Store.open(url) as second:
        sync_sources(first, [source(f"s{number}") for number in range(60)], NOW)
        with ThreadPoolExecutor(4) as pool:
            claims = list(pool.map(lambda number: claim((first, second)[number % 2], limit=7), range(12)))
    every = [name for names in claims for name in names]
    assert len(every) == len(set(every)) == 60


def test_states_of_many_sources_are_written_at_once(store: Store) -> None:
    sync_sources(store, [source("a"), source("b")], NOW)
    failing_state = replace(state(), failures=7, next_fetch=None)
    store.sources.record_states([(2, failing_state), (1, state())], {})
    assert [stored.state for stored in store.sources.all()] == [state(), failing_state]
    store.sources.record_states([], {})


def test_hosts_are_remembered_and_replaced(store: Store) -> None:
    refused = HostState(not_before=NOW + MINUTE, refusals=2, forbidden=1)
    store.sources.record_states([], {"example.org": refused, "example.com": HostState()})
    assert store.sources.hosts(["example.org", "example.net"]) == {"example.org": refused}
    store.sources.record_states([], {"example.org": HostState(refusals=3)})
    assert store.sources.hosts(["example.org"]) == {"example.org": HostState(refusals=3)}


def test_a_url_longer_than_an_index_takes_is_kept(store: Store) -> None:
    long = "https://example.org/" + "".join(f"{number:x}" for number in range(3000))
    sync_sources(store, [source("a", url=long), source("b")], NOW)
    store.sources.record_states([(2, state(moved_to=long))], {})
    assert claim(store) == ["a", "b"]


def test_what_could_not_be_released_is_with_the_next_claim(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    path.write_bytes(sqlite_template.read_bytes())
    soon = timedelta(milliseconds=50)
    with Store.open(f"sqlite:///{path}", busy_timeout=soon) as store, closing(sqlite3.connect(path)) as connection:
        sync_sources(store, [source("a"), source("b")], NOW)
        assert claim(store) == ["a", "b"]
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError):
            store.leases.release([2])
        connection.rollback()
        assert claim(store) == ["b"]
        store.leases.release([1])
        assert claim(store) == ["a"]


# ----------------------------------------------------------------------------------------------------------- one host

BLOGS = [source(f"blog{number}", url=f"https://blog{number}.service.example/feed") for number in range(4)]


@pytest.fixture
def two(url: str) -> Iterator[tuple[Store, Store]]:
    """Two processes on one database, as far as it can tell them apart; four blogs of one service, and a paper."""
    with Store.open(url) as first, Store.open(url) as second:
        sync_sources(first, [*BLOGS, source("paper")], NOW)
        sync_sources(second, [*BLOGS, source("paper")], NOW)
        yield first, second


def test_a_host_is_one_processs_until_the_last_of_its_sources_is_done(two: tuple[Store, Store]) -> None:
    first, second = two
    assert claim(first, names=["blog0", "blog1"]) == ["blog0", "blog1"]
    assert claim(second) == ["paper"]
    fetched(first, 1, 60)
    assert claim(second, everything=True) == claim(second, names=["blog2"]) == []
    assert claim(first, names=["blog2"]) == ["blog2"]
    first.leases.release([2, 3])
    assert claim(second) == ["blog1", "blog2", "blog3"]
    assert claim(first, everything=True) == []


def test_a_host_is_free_when_the_lease_of_its_process_is_over(two: tuple[Store, Store]) -> None:
    first, second = two
    claim(first, names=["blog0"])
    let_leases_run_out(first)
    assert claim(second) == ["blog0", "blog1", "blog2", "blog3", "paper"]


def test_a_lease_can_be_extended_by_its_process_alone(two: tuple[Store, Store]) -> None:
    first, second = two
    claim(first, names=["blog0", "blog1"])
    let_leases_run_out(first)
    second.leases.extend([1], NOW, LEASE)
    first.leases.extend([1], NOW, LEASE)
    second.leases.release([1])
    assert claim(second) == ["paper"]
    let_leases_run_out(first)
    assert claim(second) == ["blog0", "blog1", "blog2", "blog3"]


def test_what_is_given_back_for_later_keeps_others_off_its_host_until_then(two: tuple[Store, Store]) -> None:
    first, second = two
    claim(first, names=["blog0"])
    first.leases.release([1], NOW, MINUTE)
    assert claim(second) == ["paper"]
    assert claim(first, names=["blog1"]) == []
    let_leases_run_out(first)
    assert claim(second, names=["blog0", "blog1"]) == ["blog0", "blog1"]


def test_an_unpaced_host_is_everybodys(url: str) -> None:
    unpaced = Fetch(unpaced=("service.example",))
    with Store.open(url) as first, Store.open(url) as second:
        for each in (first, second):
            sync_sources(each, BLOGS, NOW, unpaced)
        assert claim(first, names=["blog0"]) == ["blog0"]
        assert claim(second) == ["blog1", "blog2", "blog3"]


def test_a_source_is_on_the_host_that_it_moved_to(two: tuple[Store, Store]) -> None:
    first, second = two
    moved = state(moved_to="https://new.service.example/feed", next_fetch=None)
    first.sources.record_states([(5, moved)], {})
    assert claim(first, names=["blog0"]) == ["blog0"]
    assert claim(second) == []
    first.leases.release([1])
    record(first, by=5, moved_to="https://paper.example/", next_fetch=None)
    assert claim(first, names=["blog0"]) == ["blog0"]
    assert claim(second) == ["paper"]


def test_a_source_whose_move_ended_is_on_the_host_of_its_own_url(two: tuple[Store, Store]) -> None:
    first, second = two
    first.sources.record_states([(5, state(moved_to="https://new.service.example/feed", next_fetch=None))], {})
    assert claim(first, names=["paper"]) == ["paper"]
    first.sources.record_states([(5, state(moved_to=None, next_fetch=None))], {})
    first.leases.end_unused()
    assert claim(first, names=["blog0"]) == ["blog0"]  # leases the service
    assert claim(second) == ["paper"]


def test_a_host_is_never_two_processes_at_the_same_time(url: str) -> None:
    blogs = [source(f"s{host}x{n}", url=f"https://s{n}.host{host}.example/") for host in range(3) for n in range(8)]

    def work(number: int) -> list[str]:
        """Claim and finish until all is done; what two processes had at once."""
        clashes = []
        with Store.open(url) as own:
            while own.leases.wanted(NOW):
                for name in claim(own, limit=2):
                    host = name[:2]
                    clashes += [name for holder in holders[host] if holder != number]
                    holders[host].append(number)
                    time.sleep(0.002)
                    holders[host].remove(number)
                    fetched(own, ids[name], 60)
        return clashes

    with Store.open(url) as store:
        sync_sources(store, blogs, NOW)
        ids = {stored.source.name: stored.source.id for stored in store.sources.all()}
    holders: dict[str, list[int]] = {f"s{host}": [] for host in range(3)}
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == [[]] * 4


def test_no_host_fills_the_room_of_others(store: Store) -> None:
    sync_sources(store, [*BLOGS, *(source(f"p{number}") for number in range(3))], NOW)
    for number in range(1, 5):
        fetched(store, number, -number)
    claimed = store.leases.claim(NOW, limit=6, lease=LEASE, share=2)
    assert [stored.source.name for stored in claimed] == ["p0", "p1", "p2", "blog3", "blog2"]
    assert store.leases.claim(NOW, limit=6, lease=LEASE, share=2) == ()
    fetched(store, 4, 60)
    assert [stored.source.name for stored in store.leases.claim(NOW, limit=6, lease=LEASE, share=2)] == ["blog1"]


def test_a_share_does_not_hold_for_unpaced_hosts(store: Store) -> None:
    sync_sources(store, BLOGS, NOW, Fetch(unpaced=("service.example",)))
    assert len(store.leases.claim(NOW, limit=9, lease=LEASE, share=1)) == 4


def test_when_a_host_was_asked_last_is_told_over_all_its_sources(two: tuple[Store, Store]) -> None:
    first, second = two
    claim(first, names=["blog0", "blog1"])
    first.sources.record_states([(1, SourceState(last_fetch=NOW)), (2, SourceState(last_fetch=NOW - MINUTE))], {})
    assert second.leases.last_asked(["service.example", "paper.example", "x.example"], NOW) == {"service.example": NOW}


def test_the_hosts_of_a_dead_process_count_as_asked_once(url: str) -> None:
    with Store.open(url) as dead:
        sync_sources(dead, [*BLOGS, source("paper")], NOW)
        claim(dead, names=["blog0"])
    with Store.open(url) as store:
        let_leases_run_out(store)
        assert claim(store) == [*(blog.name for blog in BLOGS), "paper"]
        assert store.leases.last_asked(["service.example", "paper.example"], NOW) == {"service.example": NOW}
        assert store.leases.last_asked(["service.example"], NOW) == {}


def test_leases_of_a_killed_process_end_at_the_start_of_the_next_where_the_database_is_a_file(
    sqlite_template: Path, tmp_path: Path
) -> None:
    path = tmp_path / "aggregator.db"
    path.write_bytes(sqlite_template.read_bytes())
    with Store.open(f"sqlite:///{path}") as dead:
        sync_sources(dead, [*BLOGS, source("paper")], NOW)
        claim(dead, names=["blog0"])
    with Store.open(f"sqlite:///{path}") as store, store.leases.fetching():
        assert len(claim(store)) == 5
        assert store.leases.last_asked(["service.example", "paper.example"], NOW) == {"service.example": NOW}


def test_what_a_process_writes_that_has_lost_its_lease_is_dropped(two: tuple[Store, Store]) -> None:
    late, second = two
    claim(late, names=["blog0", "blog1", "paper"])
    let_leases_run_out(late)
    claim(second, names=["blog2"])
    before = second.sources.by_id([1, 2])
    assert record(late, new(article(1)), by=1).new == 0
    assert late.sources.record_states([(2, state(failures=9)), (5, state(failures=9))], {}) == {5}
    assert second.sources.by_id([1, 2]) == before
    assert second.articles.is_empty()
    assert second.sources.by_id([5])[0].state.failures == 9
    late.leases.end_unused()
    assert claim(late, names=["blog3"]) == []
    assert record(second, new(article(1)), by=3).new == 1
    assert claim(second, names=["blog3"]) == ["blog3"]


def test_a_host_that_a_redirect_leads_to_is_one_processs(two: tuple[Store, Store]) -> None:
    first, second = two
    assert first.leases.visit("service.example", NOW, LEASE) is None
    assert first.leases.visit("new.example", NOW, LEASE) is None
    wait = second.leases.visit("new.example", NOW, LEASE)
    assert wait is not None
    assert LEASE - MINUTE < wait <= LEASE
    assert claim(second) == ["paper"]
    assert claim(first, names=["blog0"]) == ["blog0"]
    first.leases.leave(["service.example", "new.example"])
    first.leases.end_unused()
    assert second.leases.visit("new.example", NOW, LEASE) is None
    assert claim(second, names=["blog1"]) == []


def test_a_visited_host_counts_as_asked_for_the_next_process(two: tuple[Store, Store]) -> None:
    first, second = two
    for visitor, asked in ((first, None), (first, None), (second, NOW), (second, None), (first, NOW)):
        assert visitor.leases.visit("new.example", NOW, LEASE) is None
        assert visitor.leases.asked_before("new.example") == asked
        visitor.leases.leave(["new.example"], NOW)
        visitor.leases.end_unused()
    assert second.leases.visit("new.example", NOW, LEASE) is None
    let_leases_run_out(second)  # which has died
    later = NOW + MINUTE
    assert first.leases.visit("new.example", later, LEASE) is None
    assert first.leases.asked_before("new.example") == later


def test_hosts_of_other_processes_are_busy_where_there_may_be_many(two: tuple[Store, Store]) -> None:
    first, second = two
    assert first.leases.visit("new.example", NOW, LEASE) is None
    busy = frozenset() if second.has_one_writer else {"new.example"}
    assert second.leases.busy(["new.example", "paper.example"]) == busy
    assert first.leases.busy(["new.example"]) == frozenset()


def test_a_state_of_another_url_is_not_written(store: Store) -> None:
    sync_sources(store, [source("a"), source("b")], NOW)
    assert claim(store) == ["a", "b"]
    sync_sources(store, [source("a", url="https://a.example/new"), source("b")], NOW)
    store.sources.record_states([(1, state()), (2, state())], {})
    assert [stored.state.failures for stored in store.sources.all()] == [0, 2]


def test_who_is_wanted_is_told_whoever_works_on_it(two: tuple[Store, Store]) -> None:
    first, second = two
    fetched(first, 2, 60)
    first.sources.record_states([(3, state(paused="gone", next_fetch=None))], {})
    claim(first)
    assert second.leases.wanted(NOW) == {"blog0", "blog3", "paper"}
    assert second.leases.wanted(NOW, Selection(everything=True)) == {"blog0", "blog1", "blog3", "paper"}
    assert second.leases.wanted(NOW, Selection(names=["blog1", "blog2", "x"])) == {"blog1"}
