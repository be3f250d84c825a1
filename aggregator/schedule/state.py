"""State of a source and of its host after a fetch. Pure."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from aggregator.model import (
    Failure,
    Feed,
    FeedDocument,
    FeedInfo,
    Freshness,
    HostState,
    NotModified,
    Source,
    SourceState,
    Validators,
)
from aggregator.model.source import READING
from aggregator.schedule.backoff import backoff
from aggregator.schedule.due import LONGEST_WAIT, after_skips, due_after_failure, due_after_success
from aggregator.settings import Fetch
from aggregator.urls import without_credentials

MAX_UNMODIFIED = timedelta(days=8)  # some servers answer 304 for ever: then one request goes without validators
GONE = 410
MIN_RETRY_AFTER = timedelta(seconds=60)
MAX_RETRY_AFTER = timedelta(days=31)
DEFAULT_RETRY_AFTER = timedelta(hours=1)  # for a 429 or 503 without a readable one; doubles to 24 h
MAX_SEEN = 80_000  # bytes of digests kept between two polls: those of 10,000 entries
MAX_FAILURES_MOVED = 10  # in a row at the URL that a source moved to: four days at the default interval
MAX_FORBIDDEN = 3  # 403s in a row on one host that count as a 429


def is_conditional(state: SourceState, now: datetime) -> bool:
    """Return True if the next request is to carry validators; False once after 8 days of 304 alone."""
    return state.unmodified_since is None or now - state.unmodified_since < MAX_UNMODIFIED


def asks_own_url(state: SourceState) -> bool:
    """Return True if the URL that the source moved to has failed for so long that its own URL is asked again, too."""
    return state.moved_to is not None and state.failures >= MAX_FAILURES_MOVED


def after_feed(  # noqa: PLR0913 - the results of fetch and parse, and what they are added to
    document: FeedDocument,
    feed: Feed,
    feed_info: FeedInfo,
    state: SourceState,
    source: Source,
    fetch: Fetch,
    now: datetime,
) -> SourceState:
    """Return the state after a document that parsed; a truncated one keeps its entries and loses its validators."""
    fresh = replace(
        state,
        moved_to=_moved_to(document, state, source),
        validators=document.validators,
        digest=document.digest,
        truncated_digest=None,
        seen=b"".join(entry.digest for entry in feed.entries),
        reading=READING,
        last_fetch=now,
        last_success=now,
        http_status=document.status,
        failures=0,
        error=None,
        paused=None,
        entries=len(feed.entries),
        unmodified_since=None,
        requested_interval=max(feed.ttl or timedelta(0), feed.update_period or timedelta(0)),
        skip_hours=feed.skip_hours,
        skip_days=feed.skip_days,
        feed_info=feed_info,
    )
    fresh = _scheduled(fresh, source, document.freshness, fetch, now)
    if feed.problem is None:
        return fresh
    return replace(
        fresh,
        validators=Validators(),
        digest=b"",
        truncated_digest=document.digest,
        last_success=state.last_success,
        failures=state.failures + 1,
        error=feed.problem.sentence,
    )


def after_same_truncated(
    document: FeedDocument, state: SourceState, source: Source, fetch: Fetch, now: datetime
) -> SourceState:
    """Return the state after the bytes of a truncated document came again: it need not be parsed to fail again."""
    fresh = replace(
        state,
        moved_to=_moved_to(document, state, source),
        last_fetch=now,
        http_status=document.status,
        failures=state.failures + 1,
    )
    return _scheduled(fresh, source, document.freshness, fetch, now)


def after_push(feed: Feed, state: SourceState) -> SourceState:
    """Return the state after a document that a hub pushed: only the digests of its entries are added.

    It may be a part of the source's document, the new entries alone, so nothing else can be concluded from it.
    """
    size = len(feed.entries[0].digest) if feed.entries else 1
    before = {state.seen[start : start + size] for start in range(0, len(state.seen), size)}
    added = dict.fromkeys(entry.digest for entry in feed.entries if entry.digest not in before)
    return replace(state, seen=(state.seen + b"".join(added))[-MAX_SEEN:])


def after_not_modified(
    response: NotModified, state: SourceState, source: Source, fetch: Fetch, now: datetime
) -> SourceState:
    """Return the state after a 304, or a 200 with the bytes of the last document."""
    fresh = replace(
        state,
        moved_to=_moved_to(response, state, source),
        validators=response.validators,
        truncated_digest=None,
        last_fetch=now,
        last_success=now,
        http_status=response.status,
        failures=0,
        error=None,
        unmodified_since=(state.unmodified_since or now) if response.status == 304 else None,
    )
    return _scheduled(fresh, source, response.freshness, fetch, now)


def after_failure(failure: Failure, state: SourceState, source: Source, fetch: Fetch, now: datetime) -> SourceState:
    """Return the state after a failure: due after a back-off or a longer Retry-After, or, for 410 Gone alone, never.

    A 410 of the URL that the source moved to ends that move: its own URL is asked next. A Retry-After below
    `min_interval` is raised to it, or a failing server would be asked more often than a healthy one. The hours and days
    that the last document excludes are skipped.
    """
    failures = state.failures + 1
    fresh = replace(
        state,
        last_fetch=now,
        http_status=failure.status,
        failures=failures,
        error=failure.sentence,
        validators=Validators() if failure.status == 200 else state.validators,  # the document was not a feed
        truncated_digest=None,
        unmodified_since=None,
    )
    if failure.status == GONE and not failure.via_temporary_redirect:
        if state.moved_to is None:
            return replace(fresh, next_fetch=None, due_reason="gone", paused="the server answered 410 Gone")
        fresh = replace(fresh, moved_to=None, validators=Validators())
    if failure.status in (429, 503):
        due, reason = now + max(_retry_delay(failure, failures), fetch.min_interval), "retry-after"
    else:
        due, reason = due_after_failure(source, failures, fetch, now), "back-off"
        if failure.retry_after is not None and (asked := now + _retry_delay(failure)) > due:
            due, reason = asked, "retry-after"
    return replace(fresh, next_fetch=after_skips(due, state.skip_hours, state.skip_days), due_reason=reason)


def after_outage(state: SourceState, now: datetime) -> SourceState:
    """Return the state after our own network failed at `now`: the source stays due, behind those not tried yet."""
    return replace(state, last_fetch=now, next_fetch=now, due_reason="outage")


def _moved_to(answer: FeedDocument | NotModified, state: SourceState, source: Source) -> str | None:
    """Return the URL that the source is at for good, None if it is its own: some move back."""
    url = answer.permanent_url or state.moved_to
    return url if url != without_credentials(source.url.partition("#")[0]) else None


def _scheduled(state: SourceState, source: Source, freshness: Freshness, fetch: Fetch, now: datetime) -> SourceState:
    due, reason = due_after_success(source, state, freshness, fetch, now)
    return replace(state, next_fetch=due, due_reason=reason)


def host_after(result: FeedDocument | NotModified | Failure, host: HostState, now: datetime) -> HostState:
    """Return the state of the host that gave `result`: blocked after a 429, a Retry-After, or three 403 in a row.

    A 503 without a readable Retry-After concerns its source alone. Requests that end while the host is blocked were
    sent before, so they can only extend the block.
    """
    if host.not_before and host.not_before > now:
        if isinstance(result, Failure) and result.status in (429, 503) and result.retry_after is not None:
            return replace(host, not_before=max(host.not_before, now + _retry_delay(result)))
        return host
    if not isinstance(result, Failure):
        return HostState()
    if result.status == 403:
        host = replace(host, forbidden=host.forbidden + 1)
        return _blocked(result, host, now) if host.forbidden >= MAX_FORBIDDEN else host
    host = replace(host, forbidden=0)
    if result.status == 429:
        return _blocked(result, host, now)
    if result.status == 503 and result.retry_after is not None:
        return replace(host, not_before=now + _retry_delay(result))
    return host


def _blocked(failure: Failure, host: HostState, now: datetime) -> HostState:
    refusals = host.refusals + 1 if failure.retry_after is None else host.refusals
    return replace(host, not_before=now + _retry_delay(failure, refusals), refusals=refusals)


def _retry_delay(failure: Failure, failures: int = 1) -> timedelta:
    if failure.retry_after is None:
        return backoff(failures, DEFAULT_RETRY_AFTER, LONGEST_WAIT)
    return min(max(failure.retry_after, MIN_RETRY_AFTER), MAX_RETRY_AFTER)
