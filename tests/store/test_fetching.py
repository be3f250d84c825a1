"""Leases of processes that died."""

import time
from datetime import timedelta
from multiprocessing.connection import Connection

from aggregator.store import Store
from tests.store.processes import begun, pipe
from tests.store.values import NOW, source, sync_sources

LEASE = timedelta(seconds=2)


def claim_and_wait(url: str, ours: Connection) -> None:
    """Tell how many sources this process claimed, and wait to be killed."""
    with Store.open(url) as store, store.leases.fetching():
        ours.send(claimed(store))
        ours.recv()


def claimed(store: Store) -> int:
    return len(store.leases.claim(NOW, limit=9, lease=LEASE))


def test_what_a_killed_process_claimed_is_free_for_the_next(url: str) -> None:
    """At once where the database is a file; with PostgreSQL when the lease is over."""
    with Store.open(url) as store:
        sync_sources(store, [source("a"), source("b")], NOW)
        ours, theirs = pipe()
        with ours, theirs, begun(claim_and_wait, url, theirs):
            assert ours.poll(60)
            assert ours.recv() == 2
            with store.leases.fetching():
                assert claimed(store) == 0
        assert claimed(store) == 0
        if not url.startswith("sqlite"):
            time.sleep(LEASE.total_seconds())
        with store.leases.fetching():
            assert claimed(store) == 2


def test_leases_hold_while_another_goes_on_fetching(url: str) -> None:
    with Store.open(url) as first, Store.open(url) as second, first.leases.fetching():
        sync_sources(first, [source("a")], NOW)
        assert claimed(first) == 1
        with second.leases.fetching():
            assert claimed(second) == 0
        assert claimed(second) == 0
