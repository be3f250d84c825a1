"""Another interval in the configuration, and the moment of the next fetch that is in the database already."""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from aggregator.model import Freshness, SourceState
from aggregator.schedule.due import due_after_success, due_by_shorter_interval, due_without_push, jitter
from aggregator.settings import Fetch
from tests.cases import for_each
from tests.sources import source

DAILY = source("a", "http://example.org/feed", interval=timedelta(days=1))
HOURLY = source("a", DAILY.url, interval=timedelta(hours=1))
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FETCH = Fetch()


def fetched(**fields: Any) -> SourceState:
    """State after a fetch of DAILY."""
    state = replace(SourceState(last_fetch=NOW), **fields)
    due, reason = due_after_success(DAILY, state, Freshness(), FETCH, NOW)
    return replace(state, next_fetch=due, due_reason=reason)


def test_it_counts_from_the_last_fetch() -> None:
    due = NOW + HOURLY.interval + jitter(HOURLY, HOURLY.interval)
    assert due_by_shorter_interval(HOURLY, fetched(), FETCH) == (due, "interval")


def test_it_is_never_shorter_than_min_interval() -> None:
    often = source("a", DAILY.url, interval=timedelta(seconds=60))
    due = due_by_shorter_interval(often, fetched(), FETCH)
    assert due
    assert due[0] >= NOW + FETCH.min_interval
    assert due[1] == "min_interval"


def test_what_the_document_wishes_still_holds() -> None:
    due = due_by_shorter_interval(HOURLY, fetched(requested_interval=timedelta(hours=3)), FETCH)
    assert due
    assert due[0] >= NOW + timedelta(hours=3)
    assert due[1] == "ttl"
    due = due_by_shorter_interval(HOURLY, fetched(skip_hours=(13, 14)), FETCH)
    assert due == (NOW.replace(hour=15), "skipHours or skipDays")


@for_each("reason", ["max-age", "retry-after", "back-off", "ttl", "gone", "push", ""])
def test_what_somebody_else_asked_for_stays(reason: str) -> None:
    assert due_by_shorter_interval(HOURLY, replace(fetched(), due_reason=reason), FETCH) is None


def test_a_source_that_is_due_anyway_or_was_never_asked_stays() -> None:
    assert due_by_shorter_interval(HOURLY, replace(fetched(), next_fetch=NOW), FETCH) is None
    assert due_by_shorter_interval(HOURLY, replace(fetched(), next_fetch=None), FETCH) is None
    assert due_by_shorter_interval(HOURLY, replace(fetched(), last_fetch=None), FETCH) is None


def test_without_a_push_the_interval_counts_from_now() -> None:
    pushed = replace(fetched(pushed_until=NOW + timedelta(days=8)), next_fetch=NOW + DAILY.interval, due_reason="push")
    later = NOW + timedelta(hours=5)
    due = later + jitter(HOURLY, HOURLY.interval)
    assert due_without_push(HOURLY, pushed, FETCH, later) == (due + HOURLY.interval, "interval")
    assert due_without_push(HOURLY, pushed, FETCH, NOW + timedelta(hours=23, minutes=30)) is None


@for_each("reason", ["interval", "max-age", "retry-after", "back-off", "ttl", "gone", ""])
def test_without_a_push_what_it_did_not_put_off_stays(reason: str) -> None:
    assert due_without_push(HOURLY, replace(fetched(), due_reason=reason), FETCH, NOW) is None
