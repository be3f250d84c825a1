"""When a source is asked next after a success, and after failures."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Freshness, Source, SourceState
from aggregator.schedule.due import JITTER, after_skips, due_after_failure, due_after_success, jitter
from aggregator.settings import Fetch
from tests.sources import source

SOURCE = source("a", "http://example.org/feed")
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FETCH = Fetch()
HOUR = timedelta(hours=1)


def wait_and_reason(
    *, source: Source = SOURCE, state: SourceState = SourceState(), freshness: Freshness = Freshness()
) -> tuple[timedelta, str]:
    due, reason = due_after_success(source, state, freshness, FETCH, NOW)
    return due - NOW, reason


def assert_waits(actual: timedelta, least: timedelta) -> None:
    assert least <= actual <= least * (1 + JITTER)


def test_a_silent_server_is_asked_at_the_interval() -> None:
    wait, reason = wait_and_reason()
    assert_waits(wait, timedelta(minutes=30))
    assert reason == "interval"


@pytest.mark.parametrize(("ahead", "least", "reason"), [(1, 24 * HOUR, "push"), (0, HOUR / 2, "interval")])
def test_a_source_whose_hub_pushes_is_asked_once_a_day(ahead: int, least: timedelta, reason: str) -> None:
    wait, why = wait_and_reason(state=SourceState(pushed_until=NOW + ahead * HOUR))
    assert_waits(wait, least)
    assert why == reason


def test_a_pushed_source_that_wants_to_be_asked_less_often_is() -> None:
    slow = source("a", SOURCE.url, interval=timedelta(days=3))
    assert wait_and_reason(source=slow, state=SourceState(pushed_until=NOW + HOUR))[1] == "interval"


def test_freshness_longer_than_the_interval_wins() -> None:
    wait, reason = wait_and_reason(freshness=Freshness(fresh_for=2 * HOUR, header="max-age"))
    assert_waits(wait, 2 * HOUR)
    assert reason == "max-age"


def test_freshness_shorter_than_the_interval_is_no_invitation() -> None:
    wait, _ = wait_and_reason(freshness=Freshness(fresh_for=timedelta(minutes=1), header="max-age"))
    assert_waits(wait, timedelta(minutes=30))


def test_freshness_of_a_year_is_capped_at_a_day() -> None:
    wait, _ = wait_and_reason(freshness=Freshness(fresh_for=timedelta(days=365), header="expires"))
    assert_waits(wait, timedelta(days=1))


def test_the_documents_own_wish_counts() -> None:
    wait, reason = wait_and_reason(state=SourceState(requested_interval=3 * HOUR))
    assert_waits(wait, 3 * HOUR)
    assert reason == "ttl"


def test_an_interval_longer_than_a_day_is_the_users_will() -> None:
    wait, _ = wait_and_reason(source=source("a", SOURCE.url, interval=timedelta(days=7)))
    assert_waits(wait, timedelta(days=7))


def test_no_source_is_polled_more_often_than_min_interval() -> None:
    wait, reason = wait_and_reason(source=source("a", SOURCE.url, interval=timedelta(seconds=10)))
    assert_waits(wait, FETCH.min_interval)
    assert reason == "min_interval"


def test_skipped_hours_are_waited_out() -> None:
    due, reason = due_after_success(SOURCE, SourceState(skip_hours=(12, 13)), Freshness(), FETCH, NOW)
    assert due == datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
    assert reason == "skipHours or skipDays"


def test_skipped_days_are_waited_out() -> None:  # NOW is a Tuesday
    assert after_skips(NOW, (), (1, 2)) == datetime(2026, 11, 26, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(("hours", "days"), [(tuple(range(24)), ()), ((), tuple(range(7)))])
def test_a_feed_that_skips_everything_skips_nothing(hours: tuple[int, ...], days: tuple[int, ...]) -> None:
    assert after_skips(NOW, hours, days) == NOW


@given(st.lists(st.integers(0, 23)), st.lists(st.integers(0, 6)), st.datetimes(timezones=st.just(UTC)))
def test_skipping_only_delays_and_lands_on_an_allowed_hour(hours: list[int], days: list[int], due: datetime) -> None:
    if due.year > 9000:
        due = due.replace(year=9000)
    after = after_skips(due, tuple(hours), tuple(days))
    assert due <= after <= due + timedelta(days=8)
    if len(set(hours)) < 24 and len(set(days)) < 7:
        assert after.hour not in hours
        assert after.weekday() not in days


def test_back_off_doubles_from_the_interval_to_a_day_and_never_ends() -> None:
    waits = [due_after_failure(SOURCE, failures, FETCH, NOW) - NOW for failures in (1, 2, 3, 6, 7, 1000)]
    for wait, minutes in zip(waits, (30, 60, 120, 960, 1440, 1440), strict=True):
        assert_waits(wait, timedelta(minutes=minutes))


@given(st.text(min_size=1), st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=31)))
def test_jitter_only_delays_and_is_stable(name: str, wait: timedelta) -> None:
    settings = SOURCE.settings.model_copy(update={"name": name.encode("utf-8", "ignore").decode() or "a"})
    named = replace(SOURCE, settings=settings)
    assert timedelta(0) <= jitter(named, wait) <= wait * JITTER
    assert jitter(named, wait) == jitter(named, wait)
