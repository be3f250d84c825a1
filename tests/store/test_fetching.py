"""Leases of processes that died."""

import signal
import subprocess
import sys
import time

from aggregator.store import Store
from tests.store.values import LEASE, NOW, source, sync_sources

CLAIMS = """
import os, signal, sys
from aggregator.store import Store
from tests.store.values import LEASE, NOW
with Store.open(sys.argv[1]) as store, store.sources.fetching():
    print(len(store.sources.claim(NOW, limit=9, lease=LEASE)), flush=True)
    sys.stdin.read()
"""


def claimed(store: Store) -> int:
    return len(store.sources.claim(NOW, limit=9, lease=LEASE))


def claimed_soon(store: Store) -> int:
    """What a run that begins now can claim; PostgreSQL needs a moment to notice that a client died."""
    deadline = time.monotonic() + 10
    while True:
        with store.sources.fetching():
            number = claimed(store)
        if number or time.monotonic() > deadline:
            return number
        time.sleep(0.02)


def test_what_a_killed_process_claimed_is_free_for_the_next(url: str) -> None:
    with Store.open(url) as store:
        sync_sources(store, [source("a"), source("b")], NOW)
        command = [sys.executable, "-c", CLAIMS, url]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "2\n"
            with store.sources.fetching():
                assert claimed(store) == 0
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert claimed(store) == 0
        assert claimed_soon(store) == 2


def test_leases_hold_while_another_goes_on_fetching(url: str) -> None:
    with Store.open(url) as first, Store.open(url) as second, first.sources.fetching():
        sync_sources(first, [source("a")], NOW)
        assert claimed(first) == 1
        with second.sources.fetching():
            assert claimed(second) == 0
        assert claimed(second) == 0
