"""Exponential back-off, the one of the whole program. Pure."""

from datetime import timedelta


def backoff(failures: int, first: timedelta, longest: timedelta) -> timedelta:
    """Return the wait after `failures` failures in a row: `first`, doubled with each further one, at most `longest`."""
    return min(first * (1 << min(max(failures - 1, 0), 20)), longest)


def subscribe_backoff(failures: int) -> timedelta:
    """Return the wait before a hub that did not confirm a subscription is asked for it again."""
    return backoff(failures, timedelta(hours=1), timedelta(hours=24))


def translate_backoff(failures: int) -> timedelta:
    """Return the wait before a translation server that failed is asked again."""
    return backoff(failures, timedelta(seconds=1), timedelta(hours=1))


def publish_backoff(failures: int) -> timedelta:
    """Return the wait before a hub that could not be notified of a changed feed is notified again."""
    return backoff(failures, timedelta(seconds=30), timedelta(hours=1))
