"""What headers say of freshness, of staying away, and of links."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Freshness, Link
from aggregator.schedule.headers import MOST_SECONDS, freshness, http_date, links, retry_after
from tests.cases import for_each
from tests.thorough import examples

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
BASE = "https://example.org/blog/"


def fresh_for(**headers: str) -> Freshness:
    return freshness({name.replace("_", "-"): value for name, value in headers.items()}, NOW)


@pytest.mark.parametrize("control", ["max-age=600", "public, MAX-AGE=600", 'max-age="600"', "max-age=600, max-age=9"])
def test_max_age_is_read(control: str) -> None:
    assert fresh_for(cache_control=control) == Freshness(fresh_for=timedelta(minutes=10), header="max-age")


def test_age_is_taken_off_max_age_and_never_below_zero() -> None:
    assert fresh_for(cache_control="max-age=600", age="100").fresh_for == timedelta(seconds=500)
    assert fresh_for(cache_control="max-age=600", age="700").fresh_for == timedelta(0)
    assert fresh_for(cache_control="max-age=600", age="old").fresh_for == timedelta(minutes=10)


@pytest.mark.parametrize("control", ["no-cache, max-age=600", "max-age=600, no-store", 'No-Cache="Set-Cookie"'])
def test_no_cache_and_no_store_void_everything(control: str) -> None:
    assert fresh_for(cache_control=control, expires="Tue, 24 Nov 2026 13:00:00 GMT") == Freshness()


def test_expires_counts_from_date() -> None:
    answer = fresh_for(expires="Tue, 24 Nov 2026 13:00:00 GMT", date="Tue, 24 Nov 2026 12:45:00 GMT")
    assert answer == Freshness(fresh_for=timedelta(minutes=15), header="expires")


def test_expires_counts_from_now_without_date() -> None:
    assert fresh_for(expires="Tue, 24 Nov 2026 13:00:00 GMT").fresh_for == timedelta(hours=1)


@pytest.mark.parametrize("expires", ["0", "-1", "", "never", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_expires_in_the_past_or_unreadable_is_not_fresh(expires: str) -> None:
    assert fresh_for(expires=expires).fresh_for == timedelta(0)


def test_max_age_wins_over_expires_unless_it_is_unreadable() -> None:
    expires = "Tue, 24 Nov 2026 13:00:00 GMT"
    assert fresh_for(cache_control="max-age=0", expires=expires).fresh_for == timedelta(0)
    assert fresh_for(cache_control="max-age=soon", expires=expires).header == "expires"


def test_headers_that_say_nothing_give_nothing() -> None:
    assert fresh_for() == Freshness()
    assert fresh_for(cache_control="public, s-maxage=600") == Freshness()


def test_a_number_beyond_all_time_is_cut() -> None:
    assert fresh_for(cache_control=f"max-age={'9' * 5000}").fresh_for == timedelta(seconds=MOST_SECONDS)
    assert retry_after("1" + "0" * 12, NOW) == timedelta(seconds=MOST_SECONDS)


def test_zeros_of_a_whole_header_take_no_time() -> None:
    started = time.thread_time()
    assert retry_after("0" * 8000, NOW) == timedelta(0)
    assert retry_after("0" * 8000 + "120", NOW) == timedelta(seconds=120)
    assert retry_after("0" * 8000 + "x", NOW) is None
    assert time.thread_time() - started < 0.5


@pytest.mark.parametrize(
    "value", ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
)
def test_all_three_forms_of_an_http_date_are_read(value: str) -> None:
    assert http_date(value) == datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


@for_each(
    ("value", "expected"),
    [
        ("120", timedelta(minutes=2)),
        (" 120 ", timedelta(minutes=2)),
        ("0", timedelta(0)),
        ("-5", timedelta(0)),
        ("1.5", timedelta(seconds=1)),
        ("Tue, 24 Nov 2026 12:05:00 GMT", timedelta(minutes=5)),
        ("Tue, 24 Nov 2026 11:00:00 GMT", timedelta(0)),
        ("", None),
        ("soon", None),
        ("Tue, 99 Nov 2026", None),
        ("12 minutes", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_never_negative(value: str, expected: timedelta | None) -> None:
    assert retry_after(value, NOW) == expected


def test_links_are_read_with_their_relations_and_types() -> None:
    header = '<https://hub.example/>; rel="hub", <feed.xml>; title="a, b; <c>"; REL=self; type="application/rss+xml"'
    assert links(header, BASE) == (
        Link(rel="hub", href="https://hub.example/"),
        Link(rel="self", href="https://example.org/blog/feed.xml", type="application/rss+xml"),
    )


def test_one_link_may_have_several_relations() -> None:
    assert [link.rel for link in links('</x>; rel="next Last"', BASE)] == ["next", "last"]


@for_each("header", ["", "x", "</x>", "</x>; rel", '</x>; rel="', "<x; rel=hub", "<http://[x/>; rel=a"])
def test_what_is_no_link_gives_none(header: str) -> None:
    assert links(header, BASE) == ()


def test_a_link_about_another_resource_is_left_out() -> None:
    assert links('<https://evil.example/>; rel=hub; anchor="https://other.example/"', BASE) == ()


@settings(max_examples=examples(200))
@given(st.text(max_size=60) | st.from_regex(r'[<>;="\w, -]{0,40}', fullmatch=True))
def test_nothing_a_server_writes_raises(value: str) -> None:
    retry_after(value, NOW)
    links(value, BASE)
    freshness({"cache-control": value, "age": value, "expires": value, "date": value}, NOW)
