"""Leases of processes that died."""

import signal
import subprocess
import sys
import time
from datetime import timedelta

from aggregator.store import Store
from tests.store.values import NOW, source, sync_sources

LEASE = timedelta(seconds=2)
CLAIMS = """
import os, signal, sys
from aggregator.store import Store
from tests.store.test_fetching import LEASE, NOW
with Store.open(sys.argv[1]) as store, store.leases.fetching():
    print(len(store.leases.claim(NOW, limit=9, lease=LEASE)), flush=True)
    sys.stdin.read()
"""


def claimed(store: Store) -> int:
    return len(store.leases.claim(NOW, limit=9, lease=LEASE))


def test_what_a_killed_process_claimed_is_free_for_the_next(url: str) -> None:
    """At once where the database is a file; with PostgreSQL when the lease is over."""
    with Store.open(url) as store:
        sync_sources(store, [source("a"), source("b")], NOW)
        command = [sys.executable, "-c", CLAIMS, url]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "2\n"
            with store.leases.fetching():
                assert claimed(store) == 0
            process.send_signal(signal.SIGKILL)
            process.wait()
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
