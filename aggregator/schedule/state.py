"""What an answer makes of a source's and a host's state. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta

from aggregator.model import (
    Failure,
    Feed,
    FeedDocument,
    FeedInfo,
    HostState,
    NotModified,
    Source,
    SourceState,
    Validators,
)
from aggregator.schedule.backoff import backoff
from aggregator.schedule.due import LONGEST_WAIT, after_skips, due_after_failure, due_after_success
from aggregator.settings import Fetch

ALWAYS_304 = timedelta(days=8)  # some servers say 304 for ever: after so long we ask without conditions once
GONE = 410
SHORTEST_STAY_AWAY = timedelta(seconds=60)
LONGEST_STAY_AWAY = timedelta(days=31)
UNNAMED_STAY_AWAY = timedelta(hours=1)  # a 429 or 503 without a readable Retry-After; doubles to 24 h
MOST_SEEN = 80_000  # bytes of digests kept between two polls: those of 10,000 entries
FORBIDDEN_IS_REFUSAL = 3  # so many 403s in a row on one host mean what a 429 means


def is_conditional(state: SourceState, now: datetime) -> bool:
    """Whether the next GET carries validators; False once after 8 days of nothing but 304."""
    return state.unmodified_since is None or now - state.unmodified_since < ALWAYS_304


def after_feed(
    document: FeedDocument,
    feed: Feed,
    facts: FeedInfo,
    state: SourceState,
    source: Source,
    fetch: Fetch,
    now: datetime,
) -> SourceState:
    """State after a document that parsed. Of one that was cut off the entries count, its validators do not."""
    fresh = replace(
        state,
        moved_to=document.permanent_url or state.moved_to,
        validators=document.validators,
        digest=document.digest,
        truncated_digest=None,
        seen=b"".join(entry.digest for entry in feed.entries),
        last_fetch=now,
        http_status=document.status,
        failures=0,
        error=None,
        paused=None,
        entries=len(feed.entries),
        unmodified_since=None,
        requested_interval=max(feed.ttl or timedelta(0), feed.update_period or timedelta(0)),
        skip_hours=feed.skip_hours,
        skip_days=feed.skip_days,
        feed_info=facts,
    )
    due, reason = due_after_success(source, fresh, document.freshness, fetch, now)
    fresh = replace(fresh, next_fetch=due, due_reason=reason)
    if feed.problem is None:
        return fresh
    return replace(
        fresh,
        validators=Validators(),
        digest=b"",
        truncated_digest=document.digest,
        failures=state.failures + 1,
        error=feed.problem.sentence,
    )


def after_same_truncated(
    document: FeedDocument, state: SourceState, source: Source, fetch: Fetch, now: datetime
) -> SourceState:
    """Return the state after the bytes of a truncated document came again: it need not be parsed to fail again."""
    fresh = replace(
        state,
        moved_to=document.permanent_url or state.moved_to,
        last_fetch=now,
        http_status=document.status,
        failures=state.failures + 1,
    )
    due, reason = due_after_success(source, fresh, document.freshness, fetch, now)
    return replace(fresh, next_fetch=due, due_reason=reason)


def after_push(feed: Feed, state: SourceState) -> SourceState:
    """State after a document that a hub pushed: what it brought was seen, nothing else changes.

    It may be a part of the source's document, the new entries alone, so that it says nothing of the rest.
    """
    size = len(feed.entries[0].digest) if feed.entries else 1
    before = {state.seen[start : start + size] for start in range(0, len(state.seen), size)}
    fresh = dict.fromkeys(entry.digest for entry in feed.entries if entry.digest not in before)
    return replace(state, seen=(state.seen + b"".join(fresh))[-MOST_SEEN:])


def after_not_modified(
    answer: NotModified, state: SourceState, source: Source, fetch: Fetch, now: datetime
) -> SourceState:
    """State after a 304, or a 200 with last time's bytes: rescheduled like any success."""
    fresh = replace(
        state,
        moved_to=answer.permanent_url or state.moved_to,
        validators=answer.validators,
        truncated_digest=None,
        last_fetch=now,
        http_status=answer.status,
        failures=0,
        error=None,
        unmodified_since=(state.unmodified_since or now) if answer.status == 304 else None,
    )
    due, reason = due_after_success(source, fresh, answer.freshness, fetch, now)
    return replace(fresh, next_fetch=due, due_reason=reason)


def after_failure(failure: Failure, state: SourceState, source: Source, fetch: Fetch, now: datetime) -> SourceState:
    """State after a failure: back-off, what Retry-After asks for, or, for 410 Gone alone, no polling any more.

    A server that wants to be asked again sooner than `min_interval` is not: one that says so each time would be asked
    more often than if it were well. Hours and days that its document wants skipped are, trouble or not.
    """
    failures = state.failures + 1
    fresh = replace(
        state,
        last_fetch=now,
        http_status=failure.status,
        failures=failures,
        error=failure.sentence,
        validators=Validators() if failure.status == 200 else state.validators,  # what came was no feed
        truncated_digest=None,
        unmodified_since=None,
    )
    if failure.status == GONE and not failure.via_temporary_redirect:
        return replace(
            fresh, next_fetch=None, due_reason="gone", paused="the server says it is gone for good (410 Gone)"
        )
    if failure.status in (429, 503):
        due, reason = now + max(_stay_away(failure, failures), fetch.min_interval), "retry-after"
    else:
        due, reason = due_after_failure(source, failures, fetch, now), "back-off"
    return replace(fresh, next_fetch=after_skips(due, state.skip_hours, state.skip_days), due_reason=reason)


def host_after(answer: FeedDocument | NotModified | Failure, host: HostState, now: datetime) -> HostState:
    """State of the host that gave `answer`: kept away from after a 429, a Retry-After, or three 403 in a row.

    A 503 without a readable Retry-After concerns its source alone. What a host says while it is kept away from was
    asked before: that can only lengthen the stay.
    """
    if host.not_before and host.not_before > now:
        return _lengthened(answer, host, host.not_before, now)
    if not isinstance(answer, Failure):
        return HostState()
    if answer.status == 403:
        host = replace(host, forbidden=host.forbidden + 1)
        return _refused(answer, host, now) if host.forbidden >= FORBIDDEN_IS_REFUSAL else host
    host = replace(host, forbidden=0)
    if answer.status == 429:
        return _refused(answer, host, now)
    if answer.status == 503 and answer.retry_after is not None:
        return replace(host, not_before=now + _stay_away(answer, 1))
    return host


def _lengthened(
    answer: FeedDocument | NotModified | Failure, host: HostState, until: datetime, now: datetime
) -> HostState:
    if isinstance(answer, Failure) and answer.status in (429, 503) and answer.retry_after is not None:
        return replace(host, not_before=max(until, now + _stay_away(answer, 1)))
    return host


def _refused(failure: Failure, host: HostState, now: datetime) -> HostState:
    refusals = host.refusals + 1 if failure.retry_after is None else host.refusals
    return replace(host, not_before=now + _stay_away(failure, refusals), refusals=refusals)


def _stay_away(failure: Failure, failures: int) -> timedelta:
    if failure.retry_after is None:
        return backoff(failures, UNNAMED_STAY_AWAY, LONGEST_WAIT)
    return min(max(failure.retry_after, SHORTEST_STAY_AWAY), LONGEST_STAY_AWAY)
