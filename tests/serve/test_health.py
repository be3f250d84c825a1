"""Whether the daemon's work gets done, in words."""

import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from aggregator.errors import UNREACHABLE
from aggregator.serve import Health, Work
from aggregator.serve.health import MAX_SILENCE


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


def test_what_fails_is_said_until_it_works_again(clock: Clock) -> None:
    health = Health(clock)
    assert health.problems() == ()
    assert health.failed("publish", "the disk is full")
    health.done("claim")
    assert health.problems() == ("publish: the disk is full",)
    health.done("publish")
    assert health.problems() == ()


def test_threads_may_report_at_the_same_time(clock: Clock) -> None:
    """Those that read feeds of a bucket do so while the event loop reports its own work."""
    works: tuple[tuple[Work, ...], ...] = ("feeds",), ("claim", "publish"), ("serve", "jobs")
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(10):
            health = Health(clock)
            for work in ("mend", "prune", "verify", "count", "websub", "reload"):
                health.failed(work, work)
            with ThreadPoolExecutor(3) as pool:
                runs = [pool.submit(_report, health, of_thread) for of_thread in works]
            assert [run.exception() for run in runs] == [None] * 3
            assert len(health.problems()) == 6
    finally:
        sys.setswitchinterval(interval)


def _report(health: Health, works: tuple[Work, ...]) -> None:
    for _ in range(5_000):
        for work in works:
            health.failed(work, work)
            health.done(work)


def test_the_same_reason_again_is_no_news(clock: Clock) -> None:
    health = Health(clock)
    assert health.failed("publish", "the disk is full")
    assert not health.failed("publish", "the disk is full")
    assert health.failed("publish", "no permission")
    health.done("publish")
    assert health.failed("publish", "no permission")


def test_one_cause_is_news_once_whatever_fails_of_it(clock: Clock) -> None:
    health = Health(clock)
    assert health.failed("publish", "cannot write /a: the disk is full", "disk full")
    assert not health.failed("claim", "the database cannot grow", "disk full")
    assert not health.failed("publish", "cannot write /b: the disk is full", "disk full")
    assert len(health.problems()) == 2
    health.done("publish")
    assert not health.failed("fetch", "the database cannot grow", "disk full")
    for work in ("claim", "fetch"):
        health.done(work)
    assert health.failed("publish", "cannot write /a: the disk is full", "disk full")


def test_work_that_is_rare_is_well_once_the_database_is_reached_again(clock: Clock) -> None:
    health = Health(clock)
    works: tuple[Work, ...] = ("claim", "prune", "jobs")
    for work in works:
        health.failed(work, "the database cannot be reached", UNREACHABLE)
    health.failed("publish", "the disk is full", "disk full")
    health.done("claim")
    assert [problem.partition(":")[0] for problem in health.problems()] == ["prune", "jobs", "publish"]
    clock.now += timedelta(seconds=10)
    health.done("fetch")
    assert len(health.problems()) == 3
    health.done("claim")
    assert [problem.partition(":")[0] for problem in health.problems()] == ["jobs", "publish"]


def test_a_daemon_that_finishes_nothing_is_not_well(clock: Clock) -> None:
    health = Health(clock)
    clock.now += MAX_SILENCE + timedelta(seconds=1)
    (reason,) = health.problems()
    assert "301 s" in reason
    health.done("claim")
    assert health.problems() == ()


def test_a_process_that_only_serves_is_well_while_it_has_feeds(clock: Clock) -> None:
    health = Health(clock)
    health.failed("serve", "the database is away")
    assert health.problems()
    health.has_feeds = lambda: True
    assert health.problems() == ()
