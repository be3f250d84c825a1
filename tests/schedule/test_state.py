"""What each kind of answer makes of the source's and the host's state."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from aggregator.model import (
    Entry,
    Failure,
    Feed,
    FeedDocument,
    FeedInfo,
    Freshness,
    HostState,
    NotModified,
    SourceState,
    Stage,
    Validators,
)
from aggregator.schedule.state import (
    after_failure,
    after_feed,
    after_not_modified,
    after_push,
    after_same_truncated,
    asks_own_url,
    host_after,
    is_conditional,
)
from aggregator.settings import Fetch
from tests.sources import source

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FETCH = Fetch()
SOURCE = source("a", "http://example.org/feed")
DOCUMENT = FeedDocument(
    url=SOURCE.url,
    final_url=SOURCE.url,
    body=b"x",
    digest=b"d",
    validators=Validators(etag='W/"1"', last_modified="yesterday, roughly"),
)
FEED = Feed(format="rss20", url=SOURCE.url, entries=(Entry(digest=b"12345678"), Entry(digest=b"abcdefgh")))
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def failed(status: int | None = None, retry_after: timedelta | None = None, stage: Stage = "fetch") -> Failure:
    return Failure(
        stage=stage,
        subject=SOURCE.url,
        reason="the server answered 500",
        status=status,
        retry_after=retry_after,
    )


def parsed(document: FeedDocument = DOCUMENT, feed: Feed = FEED, state: SourceState = SourceState()) -> SourceState:
    return after_feed(document, feed, FeedInfo(title="T"), state, SOURCE, FETCH, NOW)


def test_a_push_leaves_what_was_seen_and_nothing_else() -> None:
    before = parsed(state=SourceState(pushed_until=NOW + HOUR))
    entries = tuple(Entry(digest=digest) for digest in (b"newnewne", b"12345678", b"newnewne", b"freshfre"))
    after = after_push(replace(FEED, entries=entries, ttl=HOUR, problem=failed()), before)
    assert after == replace(before, seen=b"12345678abcdefghnewnewnefreshfre")
    assert after_push(replace(FEED, entries=entries), after) == after
    assert after_push(replace(FEED, entries=()), after) == after


def test_what_was_seen_has_an_end() -> None:
    feed = replace(FEED, entries=tuple(Entry(digest=number.to_bytes(8)) for number in range(11_000)))
    seen = after_push(feed, parsed()).seen
    assert len(seen) == 80_000
    assert seen.endswith((10_999).to_bytes(8))


def test_a_document_leaves_its_validators_digest_and_entries() -> None:
    state = parsed(state=SourceState(failures=3, error="old"))
    assert state.validators == DOCUMENT.validators
    assert state.digest == b"d"
    assert state.seen == b"12345678abcdefgh"
    assert (state.entries, state.failures, state.error, state.last_fetch) == (2, 0, None, NOW)
    assert state.feed_info.title == "T"


def test_a_200_without_validators_drops_the_old_ones() -> None:
    assert parsed(dataclasses.replace(DOCUMENT, validators=Validators()), state=parsed()).validators == Validators()


def test_a_permanent_redirect_is_kept_once_its_document_parsed() -> None:
    moved = parsed(dataclasses.replace(DOCUMENT, permanent_url="http://example.org/new"))
    assert moved.moved_to == "http://example.org/new"
    assert parsed(state=moved).moved_to == "http://example.org/new"


def test_a_document_cut_off_is_a_failure_that_stores_no_validator_and_keeps_its_pace() -> None:
    problem = Failure(stage="parse", subject=SOURCE.url, reason="it is truncated in line 9")
    state = parsed(feed=replace(FEED, problem=problem), state=parsed())
    assert state.validators == Validators()
    assert state.digest == b""
    assert state.seen == b"12345678abcdefgh"
    assert (state.failures, state.error) == (1, "it is truncated in line 9")
    assert state.due_reason == "interval"


def test_a_truncated_document_whose_bytes_come_again_gives_the_state_that_parsing_it_again_gives() -> None:
    problem = Failure(stage="parse", subject=SOURCE.url, reason="it is truncated in line 9")
    truncated = replace(FEED, problem=problem)
    moved, fresh = "http://example.org/new", Freshness(fresh_for=HOUR)
    document = dataclasses.replace(DOCUMENT, permanent_url=moved, freshness=fresh)
    state = parsed(document, feed=truncated)
    assert state.truncated_digest == document.digest
    again = after_same_truncated(document, state, SOURCE, FETCH, NOW)
    assert again == parsed(document, feed=truncated, state=state)
    assert (again.failures, again.error) == (2, "it is truncated in line 9")


def test_the_digest_of_a_truncated_document_is_forgotten_after_any_other_answer() -> None:
    problem = Failure(stage="parse", subject=SOURCE.url, reason="it is truncated in line 9")
    state = parsed(feed=replace(FEED, problem=problem))
    not_modified = NotModified(url=SOURCE.url, status=200, validators=Validators())
    assert parsed(state=state).truncated_digest is None
    assert after_failure(failed(404), state, SOURCE, FETCH, NOW).truncated_digest is None
    assert after_not_modified(not_modified, state, SOURCE, FETCH, NOW).truncated_digest is None


def test_304_takes_new_validators_and_freshness() -> None:
    answer = NotModified(
        url=SOURCE.url,
        status=304,
        validators=Validators(etag='"2"'),
        freshness=Freshness(fresh_for=5 * HOUR, header="max-age"),
    )
    state = after_not_modified(answer, parsed(), SOURCE, FETCH, NOW)
    assert state.validators.etag == '"2"'
    assert state.next_fetch is not None
    assert state.next_fetch >= NOW + 5 * HOUR
    assert state.due_reason == "max-age"
    assert state.seen == parsed().seen


def test_after_eight_days_of_nothing_but_304_one_get_is_unconditional() -> None:
    answer = NotModified(url=SOURCE.url, status=304, validators=Validators(etag='"1"'))
    state = parsed()
    assert is_conditional(state, NOW)
    state = after_not_modified(answer, state, SOURCE, FETCH, NOW)
    state = after_not_modified(answer, state, SOURCE, FETCH, NOW + timedelta(days=7))
    assert is_conditional(state, NOW + timedelta(days=7, hours=23))
    assert not is_conditional(state, NOW + timedelta(days=8))
    same_bytes = replace(answer, status=200)
    state = after_not_modified(same_bytes, state, SOURCE, FETCH, NOW + timedelta(days=8))
    assert is_conditional(state, NOW + timedelta(days=16))


def test_a_failure_touches_neither_validators_nor_entries() -> None:
    state = after_failure(failed(500), parsed(), SOURCE, FETCH, NOW)
    assert state.validators == DOCUMENT.validators
    assert state.digest == b"d"
    assert (state.failures, state.http_status, state.due_reason) == (1, 500, "back-off")
    assert state.error == "the server answered 500"


def test_an_answer_that_is_no_feed_drops_the_validators() -> None:
    assert after_failure(failed(200, stage="parse"), parsed(), SOURCE, FETCH, NOW).validators == Validators()


def test_a_source_is_asked_at_its_own_url_after_ten_failures_where_it_moved_to() -> None:
    assert not asks_own_url(SourceState(failures=99))
    moved = SourceState(moved_to="http://example.org/new", failures=9)
    assert not asks_own_url(moved)
    assert asks_own_url(after_failure(failed(404), moved, SOURCE, FETCH, NOW))


def test_410_of_the_url_that_a_source_moved_to_ends_the_move_alone() -> None:
    state = after_failure(failed(410), parsed(state=SourceState(moved_to="http://example.org/new")), SOURCE, FETCH, NOW)
    assert (state.moved_to, state.paused, state.validators) == (None, None, Validators())
    assert state.next_fetch is not None
    assert after_failure(failed(410), state, SOURCE, FETCH, NOW).paused


def test_410_stops_polling_and_says_why() -> None:
    state = after_failure(failed(410), parsed(), SOURCE, FETCH, NOW)
    assert state.next_fetch is None
    assert state.paused is not None
    assert "410" in state.paused


@pytest.mark.parametrize("status", [None, 401, 403, 404, 500])
def test_a_source_that_fails_for_a_week_is_asked_daily_and_returns_at_the_first_200(status: int | None) -> None:
    state, moment, requests = parsed(), NOW, 0
    while moment < NOW + timedelta(days=7):
        state = after_failure(failed(status), state, SOURCE, FETCH, moment)
        assert state.next_fetch is not None
        assert state.next_fetch - moment <= timedelta(days=1.05)
        moment, requests = state.next_fetch, requests + 1
    assert 10 <= requests <= 14
    assert parsed(state=state).failures == 0


@pytest.mark.parametrize(
    ("asked", "waited"),
    [
        (timedelta(seconds=120), timedelta(seconds=120)),
        (timedelta(seconds=5), timedelta(seconds=60)),
        (timedelta(days=400), timedelta(days=31)),
        (None, HOUR),
    ],
)
def test_retry_after_is_obeyed_between_a_minute_and_a_month(asked: timedelta | None, waited: timedelta) -> None:
    fetch = Fetch(min_interval="1s")
    for status in (429, 503):
        assert after_failure(failed(status, asked), SourceState(), SOURCE, fetch, NOW).next_fetch == NOW + waited


@pytest.mark.parametrize("status", [429, 503])
def test_no_retry_after_invites_more_often_than_min_interval(status: int) -> None:
    state = after_failure(failed(status, timedelta(0)), parsed(), SOURCE, Fetch(min_interval="10m"), NOW)
    assert (state.next_fetch, state.due_reason) == (NOW + 10 * MINUTE, "retry-after")
    assert host_after(failed(status, timedelta(0)), HostState(), NOW).not_before == NOW + MINUTE


@pytest.mark.parametrize("status", [403, 404, 500, 502, 520])
def test_a_retry_after_with_any_failure_is_obeyed_by_its_source_alone(status: int) -> None:
    def after(asked: timedelta) -> SourceState:
        return after_failure(failed(status, asked), SourceState(), SOURCE, FETCH, NOW)

    back_off = after_failure(failed(status), SourceState(), SOURCE, FETCH, NOW)
    assert after(timedelta(seconds=5)) == back_off
    assert (after(6 * HOUR).next_fetch, after(6 * HOUR).due_reason) == (NOW + 6 * HOUR, "retry-after")
    assert host_after(failed(status, 6 * HOUR), HostState(), NOW).not_before is None


@pytest.mark.parametrize("failure", [failed(500), failed(None), failed(503), failed(429, 90 * MINUTE)])
def test_skipped_hours_and_days_hold_after_a_failure_too(failure: Failure) -> None:
    state = parsed(feed=replace(FEED, skip_hours=(12, 13, 14)))
    assert after_failure(failure, state, SOURCE, FETCH, NOW).next_fetch == NOW + 3 * HOUR
    state = parsed(feed=replace(FEED, skip_days=(NOW.weekday(),)))
    assert after_failure(failure, state, SOURCE, FETCH, NOW).next_fetch == NOW + 12 * HOUR


def test_429_holds_for_the_whole_host_and_doubles_where_it_names_no_time() -> None:
    host = HostState()
    moment = NOW
    for hours in (1, 2, 4, 8, 16, 24, 24):
        host = host_after(failed(429), host, moment)
        assert host.not_before == moment + hours * HOUR
        moment = host.not_before
    assert host_after(DOCUMENT, host, moment) == HostState()


def test_what_was_asked_before_a_refusal_can_only_lengthen_it() -> None:
    host = host_after(failed(429, HOUR), HostState(), NOW)
    for answer in (DOCUMENT, failed(429), failed(503), failed(403), failed(404), failed(429, MINUTE)):
        assert host_after(answer, host, NOW) == host
    assert host_after(failed(503, 2 * HOUR), host, NOW).not_before == NOW + 2 * HOUR


def test_503_without_a_time_concerns_its_source_alone() -> None:
    assert host_after(failed(503), HostState(), NOW).not_before is None
    assert host_after(failed(503, 10 * MINUTE), HostState(), NOW).not_before == NOW + 10 * MINUTE


def test_three_403_in_a_row_on_one_host_count_as_a_429() -> None:
    host = HostState()
    for expected in (None, None, NOW + HOUR):
        host = host_after(failed(403), host, NOW)
        assert host.not_before == expected


def test_403s_with_an_answer_between_do_not_add_up() -> None:
    host = host_after(failed(403), host_after(failed(403), HostState(), NOW), NOW)
    host = host_after(failed(404), host, NOW)
    assert host_after(failed(403), host, NOW).not_before is None
