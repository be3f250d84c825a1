"""What a request's headers ask for."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.serve.negotiation import accepts_gzip, http_time, is_not_modified
from tests.cases import for_each

MODIFIED = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ETAG = '"abc"'


@for_each(
    ("header", "wanted"),
    [
        ("", False),
        ("gzip", True),
        ("GZIP, deflate", True),
        ("br;q=1.0, gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("*", True),
        ("*;q=0", False),
        ("gzip;q=0, *", False),
        ("identity", False),
        ("identity, gzip;q=0.5", False),
        ("identity;q=0.5, gzip;q=0.5", True),
        ("identity;q=0, *;q=0.1", True),
        ("gzip;q=nonsense", False),
    ],
)
def test_gzip_only_where_it_is_wanted(header: str, wanted: bool) -> None:
    assert accepts_gzip(header) is wanted


@for_each("header", ['"abc"', 'W/"abc"', '"x", "abc"', '"x" , W/"abc" ,"y"', "*", ' "abc" ', '"a,b", "abc"'])
def test_if_none_match_finds_its_etag_in_every_form(header: str) -> None:
    assert is_not_modified({"if-none-match": header}, ETAG, MODIFIED)


@pytest.mark.parametrize("header", ['"abcd"', "abc", '"x", "y"', ""])
def test_if_none_match_with_other_etags_wants_the_bytes(header: str) -> None:
    assert not is_not_modified({"if-none-match": header}, ETAG, MODIFIED)


def test_if_none_match_beats_if_modified_since_both_ways() -> None:
    later, earlier = "Wed, 25 Nov 2026 00:00:00 GMT", "Mon, 23 Nov 2026 00:00:00 GMT"
    assert not is_not_modified({"if-none-match": '"x"', "if-modified-since": later}, ETAG, MODIFIED)
    assert is_not_modified({"if-none-match": ETAG, "if-modified-since": earlier}, ETAG, MODIFIED)


@for_each(
    ("header", "not_modified"),
    [
        ("Tue, 24 Nov 2026 12:00:00 GMT", True),
        ("Tuesday, 24-Nov-26 12:00:00 GMT", True),
        ("Tue Nov 24 12:00:00 2026", True),
        ("Tue, 24 Nov 2026 12:00:01 GMT", True),
        ("Tue, 24 Nov 2026 11:59:59 GMT", False),
        ("yesterday", False),
        ("", False),
    ],
)
def test_if_modified_since_in_all_three_forms(header: str, not_modified: bool) -> None:
    assert is_not_modified({"if-modified-since": header}, ETAG, MODIFIED) is not_modified


def test_http_time_is_what_http_writes() -> None:
    assert http_time(MODIFIED) == "Tue, 24 Nov 2026 12:00:00 GMT"


@given(st.text(), st.text(), st.text())
def test_no_header_raises(encoding: str, none_match: str, since: str) -> None:
    accepts_gzip(encoding)
    is_not_modified({"if-none-match": none_match}, ETAG, MODIFIED)
    is_not_modified({"if-modified-since": since}, ETAG, MODIFIED)
