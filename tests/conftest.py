"""Fixtures that every test may use."""

import gc
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

import tests.statements  # noqa: F401  # once for all databases of this process
from aggregator.__main__ import GC_THRESHOLDS
from tests.servers import Server
from tests.thorough import examples

LONGEST = (
    "test_hostile",
    "test_crashes",
    "test_outages",
    "test_life",
    "test_healing",
    "test_browser",
    "test_kills",
    "test_full_text_kills",
    "test_pace",
    "test_hubs",
    "test_vectors",
    "test_new_limit",
    "test_full_text_hostile",
    "test_daemon",
)
gc.set_threshold(*GC_THRESHOLDS)  # as the command does
# A shell starts a background job with SIGINT ignored, and all that the job starts would ignore it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# In memory: tests commit tens of thousands of times, and a disk has each confirmed. Where there is little, on the disk.
MEMORY, LEAST = "/dev/shm", 4 * 2**30  # bytes
with suppress(OSError):
    state = os.statvfs(MEMORY)
    if "TMPDIR" not in os.environ and state.f_bavail * state.f_frsize > LEAST and not state.f_flag & os.ST_NOEXEC:
        tempfile.tempdir = MEMORY

SHARED = Path(__file__).parent.parent.parent / "shared"

# The same examples each time, so that no change fails for another's reason; HYPOTHESIS=random looks further.
settings.register_profile("same", max_examples=examples(100), derandomize=True, database=None, deadline=None)
settings.register_profile("random", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS", "same"))


@pytest.fixture
def now() -> datetime:
    """A fixed moment, later than every date of the corpus that is honest."""
    return datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[Server]:
    """A real HTTP server on 127.0.0.1 that answers as the test tells it."""
    with Server() as running:
        yield running


def pytest_xdist_auto_num_workers() -> int:
    """Two a processor: half of what takes long is waiting for daemons."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that take longest, so that no processor is left with them alone in the end."""
    places = {name: place for place, name in enumerate(LONGEST)}

    def place(item: pytest.Item) -> tuple[int, bool]:
        *folders, name = item.nodeid.partition("::")[0].split("/")
        return places.get(name.removesuffix(".py"), len(LONGEST)), "whole" not in folders

    items.sort(key=place)
    gc.freeze()  # what was collected stays until the end
