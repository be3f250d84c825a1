"""Whether the daemon's work gets done, in words."""

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
