"""Exponential back-off."""

from datetime import timedelta

from aggregator.schedule.backoff import backoff, publish_backoff, subscribe_backoff


def test_it_doubles_up_to_an_end() -> None:
    hours = [subscribe_backoff(failures) / timedelta(hours=1) for failures in range(1, 8)]
    assert hours == [1, 2, 4, 8, 16, 24, 24]
    seconds = [publish_backoff(failures).total_seconds() for failures in range(1, 10)]
    assert seconds == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert subscribe_backoff(10**9) == timedelta(hours=24)


def test_no_failure_waits_as_long_as_one() -> None:
    assert backoff(0, timedelta(minutes=1), timedelta(hours=1)) == timedelta(minutes=1)
