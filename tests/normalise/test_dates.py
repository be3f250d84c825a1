"""Dates as sources write them."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.model import Entry
from aggregator.normalise import dates
from aggregator.normalise.dates import entry_dates, parsed_date
from aggregator.normalise.month_names import MONTHS_OF_LANGUAGE
from tests.cases import for_each
from tests.thorough import examples


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


READABLE = [
    # RFC 822 and 5322, and what is made of them
    ("Sat, 08 Feb 2025 04:51:01 +0000", utc(2025, 2, 8, 4, 51, 1)),
    ("Fri, 07 Feb 2025 23:51:01 EST", utc(2025, 2, 8, 4, 51, 1)),
    ("Fri, 7 Feb 2025 23:51:01  EST", utc(2025, 2, 8, 4, 51, 1)),
    ("8 Feb 2025 04:51 GMT", utc(2025, 2, 8, 4, 51)),
    ("Sat 08 Feb 2025 04:51:01 UT", utc(2025, 2, 8, 4, 51, 1)),
    ("Sat, 08 Feb 2025 04:51:01 Z", utc(2025, 2, 8, 4, 51, 1)),
    ("Sat, 08 Feb 2025 04:51:01", utc(2025, 2, 8, 4, 51, 1)),
    ("Thu, 07 Dec 17 10:00:29 -0800", utc(2017, 12, 7, 18, 0, 29)),
    ("Thu, 07 Dec 99 10:00:29 GMT", utc(1999, 12, 7, 10, 0, 29)),
    ("Thu, 07 Dec 117 10:00:29 GMT", utc(2017, 12, 7, 10, 0, 29)),
    ("Wed, 5 May 2021 06:00:00 BST", utc(2021, 5, 5, 5)),
    ("Wed, 5 May 2021 06:00:00 CEST", utc(2021, 5, 5, 4)),
    ("Wed, 5 May 2021 06:00:00 JST", utc(2021, 5, 4, 21)),
    ("Wed, 5 May 2021 06:00:00 IST", utc(2021, 5, 5, 0, 30)),
    ("Wed, 5 May 2021 06:00:00 PDT", utc(2021, 5, 5, 13)),
    ("Wed, 5 May 2021 06:00:00 XYZ", utc(2021, 5, 5, 6)),
    ("Wed, 5 May 2021 06:00:00 GMT+02:00", utc(2021, 5, 5, 4)),
    ("Wed, 5 May 2021 06:00:00 −0300", utc(2021, 5, 5, 9)),
    ("Sat, 31 Dec 2016 23:59:60 GMT", utc(2016, 12, 31, 23, 59, 59)),
    ("Sat Oct 06 2018 00:00:00 GMT", utc(2018, 10, 6)),
    ("Sat Oct 06 2018 02:00:00 GMT+0200 (CEST)", utc(2018, 10, 6)),
    ("Sat Oct  6 02:00:00 CEST 2018", utc(2018, 10, 6)),
    ("5-Jan-2020 10:00", utc(2020, 1, 5, 10)),
    # ISO 8601 and neighbours
    ("2025-02-07T23:51:01-05:00", utc(2025, 2, 8, 4, 51, 1)),
    ("2026-02-17T17:36:36-0500", utc(2026, 2, 17, 22, 36, 36)),
    ("2022-09-03 09:37:11+03:00", utc(2022, 9, 3, 6, 37, 11)),
    ("2022-09-03 09:37:11 +0300", utc(2022, 9, 3, 6, 37, 11)),
    ("2022-07-28T03:40:34.999999999Z", utc(2022, 7, 28, 3, 40, 34)),
    ("2022-07-28t03:40z", utc(2022, 7, 28, 3, 40)),
    ("20220728T034034Z", utc(2022, 7, 28, 3, 40, 34)),
    ("2023-12-16", utc(2023, 12, 16)),
    ("2023-12", utc(2023, 12, 1)),
    # numbers
    ("2020/1/10 14:33:00", utc(2020, 1, 10, 14, 33)),
    ("2016/6/29 15:07:41", utc(2016, 6, 29, 15, 7, 41)),
    ("2020-1-5T14:33:00", utc(2020, 1, 5, 14, 33)),
    ("13/4/2020 10:00", utc(2020, 4, 13, 10)),
    ("4/13/2020", utc(2020, 4, 13)),
    ("4/4/2020", utc(2020, 4, 4)),
    ("Fr, 03.04.2020 10:00 Uhr", utc(2020, 4, 3, 10)),
    ("1738990261", utc(2025, 2, 8, 4, 51, 1)),
    ("1738990261999", utc(2025, 2, 8, 4, 51, 1)),
    # twelve hours
    ("Sat, Dec 16 2023 02:02:33 PM", utc(2023, 12, 16, 14, 2, 33)),
    ("Friday, January 29, 2021 04:42 PM", utc(2021, 1, 29, 16, 42)),
    ("January 29th, 2021, 12:05 a.m. EST", utc(2021, 1, 29, 5, 5)),
    ("January 29, 2021 12:05 pm", utc(2021, 1, 29, 12, 5)),
    # other languages
    ("mer, 16 nov 2022", utc(2022, 11, 16)),
    ("mar, 15 nov 2022", utc(2022, 11, 15)),
    ("mar 15 2022", utc(2022, 3, 15)),
    ("Seg, 24 Set 2018 10:12:00 -0300", utc(2018, 9, 24, 13, 12)),
    ("segunda-feira, 24 de setembro de 2018", utc(2018, 9, 24)),
    ("lunes, 16 de febrero de 2021 a las 10:30", utc(2021, 2, 16, 10, 30)),
    ("1er août 2020 à 14h33", utc(2020, 8, 1, 14, 33)),
    ("5. März 2020, 10:30 Uhr", utc(2020, 3, 5, 10, 30)),
    ("Do, 5 Mrz 2020 10:30:00 MEZ", utc(2020, 3, 5, 9, 30)),
    ("пт, 18 ноя 2022 14:00", utc(2022, 11, 18, 14)),
    ("2025年2月8日", utc(2025, 2, 8)),
    ("2025年2月8日(土) 12時30分", utc(2025, 2, 8, 12, 30)),
    ("2025年02月08日 下午3:05", utc(2025, 2, 8, 15, 5)),
    ("２０２５年２月８日", utc(2025, 2, 8)),
    ("2025년 2월 8일 오후 3:05", utc(2025, 2, 8, 15, 5)),
    # wrapped
    ("\n  Sat, 08 Feb 2025 04:51:01 GMT ", utc(2025, 2, 8, 4, 51, 1)),
    ('<time datetime="2019-05-03T19:21:28Z">Fri, 05/03/2019 - 15:21</time>', utc(2019, 5, 3, 19, 21, 28)),
]


@for_each(("text", "moment"), READABLE)
def test_a_readable_date_is_read_right(text: str, moment: datetime) -> None:
    assert parsed_date(text) == moment


@for_each(
    "text",
    [
        "",
        " ",
        "tomorrow",
        "yesterday 10:00",
        "12",
        "2020",
        "March 2020",
        "10:00",
        "30 Feb 2020",
        "2020-02-30",
        "Mon, 32 Jan 2020",
        "2020-01-10T24:00:00Z",
        "Mon, 18 Nov 2019 25:25:45 GMT",
        "Mon, 18 Nov 2019 13:05 am",
        "Wed, 15 Apr 2020 16:30:29 +2600",
        "3/4/2020",
        "2022-09-03+02:00",
        "16 nov 2022 und noch viele Worte mehr",
        "0000-00-00 00:00:00",
        "0001-01-01T00:00:00+14:00",
        "99999999999999999999",
        "²²²²²²²²²²",
        "x" * 1_000_000,
    ],
)
def test_what_names_no_moment_for_certain_is_no_date(text: str) -> None:
    assert parsed_date(text) is None


def test_a_month_of_two_meanings_is_read_in_its_language() -> None:
    assert parsed_date("15 lis 2020") is None
    assert parsed_date("15 lis 2020", "pl") == utc(2020, 11, 15)
    assert parsed_date("15 lis 2020", "hr") == utc(2020, 10, 15)


@for_each("language", MONTHS_OF_LANGUAGE)
def test_every_month_is_read_in_every_language(language: str) -> None:
    names = MONTHS_OF_LANGUAGE[language].split()
    assert [parsed_date(f"3 {name} 2020", language) for name in names] == [
        utc(2020, month, 3) for month in range(1, 13)
    ]


SECONDS = st.integers(int(utc(1990, 1, 1).timestamp()), int(utc(2099, 12, 31).timestamp()))


@given(SECONDS)
def test_what_a_program_writes_is_read_back(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    assert parsed_date(format_datetime(moment)) == moment
    assert parsed_date(moment.isoformat()) == moment
    assert parsed_date(moment.strftime("%a %b %d %H:%M:%S UTC %Y")) == moment
    assert parsed_date(moment.strftime("%Y/%m/%d %H:%M:%S")) == moment
    assert parsed_date(moment.strftime("%A, %B %d, %Y %I:%M:%S %p")) == moment
    assert parsed_date(str(seconds)) == (moment if seconds >= 10**9 else None)


_WORDS = "Mon, Feb mar 2020 08 8 30 99 10:00 24:00 10:00:60 PM am GMT +0200 -9999 EST ( ) / - . T Z 年 月"
WORDS = st.sampled_from(_WORDS.split())


@settings(max_examples=examples(300), deadline=None)
@given(
    st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=9).map(" ".join), st.lists(WORDS, max_size=9).map("".join))
)
def test_no_text_makes_it_raise(text: str) -> None:
    moment = parsed_date(text)
    assert moment is None or (moment.utcoffset() == timedelta(0) and moment.microsecond == 0)


def entry(published: str | None = None, updated: str | None = None) -> Entry:
    return Entry(digest=b"", published=published, updated=updated)


NOW = utc(2025, 6, 1)
FEBRUARY, MARCH = "2025-02-08T04:51:01Z", "2025-03-01T00:00:00Z"


@for_each(
    ("published", "updated", "expected", "flags"),
    [
        (FEBRUARY, MARCH, (utc(2025, 2, 8, 4, 51, 1), utc(2025, 3, 1)), ()),
        (FEBRUARY, None, (utc(2025, 2, 8, 4, 51, 1),) * 2, ()),
        (None, FEBRUARY, (utc(2025, 2, 8, 4, 51, 1),) * 2, ()),
        (MARCH, FEBRUARY, (utc(2025, 3, 1),) * 2, ()),
        (None, None, (NOW, NOW), ("undated",)),
        ("", " ", (NOW, NOW), ("undated",)),
        ("soon", None, (NOW, NOW), ("published unreadable", "undated")),
        ("soon", FEBRUARY, (utc(2025, 2, 8, 4, 51, 1),) * 2, ("published unreadable",)),
        ("Mon, 01 Jan 0001 00:00:00 +0000", None, (NOW, NOW), ("published before 1990", "undated")),
        ("2035-01-01", None, (NOW, NOW), ("published in the future",)),
        (FEBRUARY, "2035-01-01", (utc(2025, 2, 8, 4, 51, 1),) * 2, ("updated in the future",)),
        (None, "2035-01-01", (NOW, NOW), ("updated in the future",)),
    ],
)
def test_an_article_is_dated_within_reason(
    published: str | None, updated: str | None, expected: tuple[datetime, datetime], flags: tuple[str, ...]
) -> None:
    assert entry_dates(entry(published, updated), None, NOW) == (*expected, flags)


MONTH_NAMES = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec Mai Abc mar"
ZONE_NAMES = "GMT UTC Z +0000 -0000 +0130 -0530 +1559 +1600 -1500 +0060 +01:00 EST PM AM A UT"
RFC_5322_DATES = st.builds(
    "{}{:02} {} {:04} {:02}:{:02}:{:02} {}".format,
    st.sampled_from(["Mon, ", "Mar, ", "Dec, ", "", "mon, "]),
    st.integers(0, 32),
    st.sampled_from(MONTH_NAMES.split()),
    st.sampled_from([0, 1, 999, 1970, 2000, 2026, 9999]),
    st.integers(0, 25),
    st.integers(0, 61),
    st.integers(0, 61),
    st.sampled_from(ZONE_NAMES.split()),
)


def read_by_the_other_patterns(date: str, language: str | None) -> datetime | None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dates, "_RFC_5322", re.compile(r"(?!)"))
        return dates.parsed_date(date, language)


@given(RFC_5322_DATES, st.sampled_from([None, "en", "fi", "pl", "xx"]))
@settings(max_examples=examples(600))
@example("Mar, 05 Mar 2026 10:00:00 GMT", "fi")
@example("Thu, 01 Jan 0001 00:00:00 +0100", None)
def test_the_short_way_for_rfc_5322_changes_no_date(date: str, language: str | None) -> None:
    assert dates.parsed_date(date, language) == read_by_the_other_patterns(date, language)
