"""Time of the next fetch, and the reason for it. Pure."""

from datetime import datetime, timedelta
from hashlib import blake2b

from msgspec.structs import replace

from aggregator.model import Freshness, Source, SourceState
from aggregator.schedule.backoff import backoff
from aggregator.settings import Fetch

DAY = timedelta(days=1)
LONGEST_WAIT = DAY  # of back-off, and of what a server or document may request without Retry-After
PUSH, SKIPPED = "push", "skipHours or skipDays"  # values of `due_reason`
JITTER = 0.05  # maximum, as a share of the wait


def due_after_success(
    source: Source, state: SourceState, freshness: Freshness, fetch: Fetch, now: datetime
) -> tuple[datetime, str]:
    """Return the time of the next fetch after a success, and its reason (`SourceState.due_reason`).

    The wait is the longest of the source's interval, `min_interval`, the headers' freshness and the interval that the
    document requests (both at most 24 h); then the hours and days that the document excludes are skipped. A source
    whose hub pushes is polled once a day, in case the hub loses our subscription.
    """
    pushed = state.pushed_until is not None and state.pushed_until > now
    waits = (
        (source.interval, "interval"),
        (fetch.min_interval, "min_interval"),
        (min(freshness.fresh_for or timedelta(0), LONGEST_WAIT), freshness.header),
        (min(state.requested_interval, LONGEST_WAIT), "ttl"),
        (DAY if pushed else timedelta(0), PUSH),
    )
    wait, reason = max(waits, key=lambda candidate: candidate[0])
    due = now + wait + jitter(source, wait)
    skipped = after_skips(due, state.skip_hours, state.skip_days)
    return (due, reason) if skipped == due else (skipped, SKIPPED)


def due_after_failure(source: Source, failures: int, fetch: Fetch, now: datetime) -> datetime:
    """Return the time of the next fetch after `failures` failures in a row: the interval, doubled for each, to 24 h."""
    first = max(source.interval, fetch.min_interval)
    wait = backoff(failures, first, max(first, LONGEST_WAIT))
    return now + wait + jitter(source, wait)


def due_by_shorter_interval(source: Source, state: SourceState, fetch: Fetch) -> tuple[datetime, str] | None:
    """Return the time of the next fetch and its reason after the source's interval became shorter, None to keep it.

    It changes only if the interval alone decided, and counts from the last fetch. The document's requests still hold;
    the headers' freshness, which was shorter then, is not stored.
    """
    if state.due_reason != "interval" or state.last_fetch is None or state.next_fetch is None:
        return None
    due, reason = due_after_success(source, state, Freshness(), fetch, state.last_fetch)
    return (due, reason) if due < state.next_fetch else None


def due_without_push(source: Source, state: SourceState, fetch: Fetch, now: datetime) -> tuple[datetime, str] | None:
    """Return the time of the next fetch and its reason after the hub stopped pushing, None to keep it.

    It changes only if the hub was the reason for the long wait, not a Retry-After or back-off. The interval counts from
    now. The document's requests still hold; the headers' freshness is not stored.
    """
    if state.due_reason not in (PUSH, SKIPPED) or state.next_fetch is None:
        return None
    due, reason = due_after_success(source, replace(state, pushed_until=None), Freshness(), fetch, now)
    return (due, reason) if due < state.next_fetch else None


def jitter(source: Source, wait: timedelta) -> timedelta:
    """Return a delay of at most 5 % of `wait`, constant for a source, so that sources spread out and stay so."""
    share = int.from_bytes(blake2b(source.name.encode(), digest_size=4).digest(), "big") / 2**32
    return timedelta(seconds=int(wait.total_seconds() * JITTER * share))


def after_skips(due: datetime, hours: tuple[int, ...], days: tuple[int, ...]) -> datetime:
    """Return `due`, moved to the next full hour that RSS's skipHours (0-23, GMT) and skipDays (Monday is 0) allow.

    Lists that exclude every hour or every day are ignored.
    """
    if len(set(hours)) >= 24 or len(set(days)) >= 7:
        return due
    moment = due
    while moment.hour in hours or moment.weekday() in days:
        moment = moment.replace(minute=0, second=0) + timedelta(hours=1)
    return moment
