"""Dates as sources write them, read strictly: a text that is not certain is no date. Pure; never raises.

It reads RFC 822 and 5322 with their zones, ISO 8601 and W3C-DTF, the forms of C and JavaScript, numbers whose order is
certain, names of months in many languages, Chinese, Japanese and Korean dates, and seconds or milliseconds since 1970.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from aggregator.model import Entry
from aggregator.normalise.month_names import MONTHS, MONTHS_EVERYWHERE, folded

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)  # earlier dates are only zero values, such as Hugo's "Mon, 01 Jan 0001"
MAX_LENGTH = 100  # characters; the longest honest date of the corpus has 42

# Hours east of Greenwich. RFC 5322 gives the American ones, the rest is what sources write. Of names that several
# countries use, the one meant in feeds: BST is Britain's, IST India's, CST America's. A name that is not here is
# read as UTC, as RFC 5322 (4.3) says.
ZONES = {
    "adt": -3, "akdt": -8, "akst": -9, "art": -3, "ast": -4, "brt": -3, "cdt": -5, "clt": -4, "cst": -6, "edt": -4,
    "est": -5, "hst": -10, "mdt": -6, "mst": -7, "ndt": -2.5, "nst": -3.5, "pdt": -7, "pst": -8, "et": -5, "pt": -8,
    "bst": 1, "cest": 2, "cet": 1, "eest": 3, "eet": 2, "ist": 5.5, "mesz": 2, "met": 1, "mest": 2, "mez": 1,
    "msd": 4, "msk": 3, "sast": 2, "trt": 3, "wat": 1, "west": 1, "eat": 3, "cat": 2,
    "acdt": 10.5, "acst": 9.5, "aedt": 11, "aest": 10, "awst": 8, "hkt": 8, "ict": 7, "jst": 9, "kst": 9, "nzdt": 13,
    "nzst": 12, "pht": 8, "pkt": 5, "sgt": 8, "wib": 7, "gst": 4,
}  # fmt: skip

# The form of RFC 5322, which two of three dates of the corpus have. To read it with the patterns below takes five times
# as long: a tenth of a millisecond for each article.
_RFC_5322 = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):([0-5]\d)"
    r" (?:([+-](?:0\d|1[0-5]))([0-5]\d)|GMT|UTC|Z)",
    re.ASCII,
)
# Without it, fromisoformat would take the zone of 2020-01-10+02:00 for a time.
_ISO = re.compile(r"\d{4}-?\d\d-?\d\d(?:[Tt ]|$)")
_TIME = re.compile(
    r"(?<![\d:+-])(?P<before>上午|午前|오전|下午|午後|오후)?\s*(?P<hour>\d{1,2})\s*[:h時时点시]\s*(?P<minute>\d{2})(?!\d)"
    r"(?:\s*[:分분]\s*(?P<second>\d{2})(?:[.,]\d+)?)?[分秒분초]?"
    r"(?:\s*(?P<after>[ap])\.?\s?m\b\.?)?"
    r"(?:\s*(?P<zone>(?:gmt|utc?)?\s?[+-]\d{1,2}(?::?\d{2})?|[a-z]{1,5})(?![a-z\d/]))?"
)
_AFTERNOON = frozenset({"下午", "午後", "오후", "p"})
_OFFSET = re.compile(r"(?:gmt|utc?)?\s?([+-])(\d{1,2}):?(\d{2})?")
_LEADING_WORDS = re.compile(r"[^\W\d]+\.?(?:-[^\W\d]+)?[\s,.]*")  # the day of the week, in whatever language
_ATTRIBUTE = re.compile(r"datetime\s*=\s*[\"']([^\"']+)")  # one publisher puts an HTML <time> into its pubDate
_COMMENT = re.compile(r"\([^()]*\)")
_YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年년]\s*(\d{1,2})(?:\s*[-/.月월]\s*(\d{1,2})\s*[日일号]?)?[\s.]*")
_YEAR_LAST = re.compile(r"(\d{1,2})\s*([-/.])\s*(\d{1,2})\s*\2\s*(\d{4})")
_WORDS = re.compile(r"\d+|[^\W\d_]+")
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th|er|o)\b")
_BETWEEN = frozenset({"de", "del", "di", "of", "at", "a", "as", "alle", "um", "om", "kl", "klo", "в", "г", "о"})
_SINCE_1970 = {10: 1, 13: 1000}  # digits: units of a second


class EntryDates(NamedTuple):
    """Dates of an entry in UTC, and what is odd about them as published."""

    published: datetime
    updated: datetime
    flags: tuple[str, ...]


def entry_dates(entry: Entry, language: str | None, now: datetime) -> EntryDates:
    """Return the dates of publication and update of `entry`: from 1990 to `now`, the update never before publication.

    Without a date of publication, that of the update counts, else `now`, the time of first sight. A date in the future
    is `now` too.
    """
    published, oddity = _read(entry.published, language, now)
    updated, oddity_of_update = _read(entry.updated, language, now)
    flags = [f"published {oddity}"] if oddity else []
    flags += [f"updated {oddity_of_update}"] if oddity_of_update else []
    flags += ["undated"] if published is None and updated is None else []
    published = published or updated or now
    is_update = updated is not None and not oddity_of_update and updated > published
    return EntryDates(published, updated if updated and is_update else published, tuple(flags))


def parsed_date(text: str, language: str | None = None) -> datetime | None:
    """Return the time that `text` names, in UTC and whole seconds, or None if it does not name one for certain.

    Without a zone it is taken for UTC. `language`, a primary subtag, decides between names of months that two
    languages use differently. 3/4/2020 names no day for certain, 13/4/2020 does.
    """
    if attribute := _ATTRIBUTE.search(text):
        text = attribute[1]
    text = text.strip()
    if not text or len(text) > MAX_LENGTH:
        return None
    try:
        if text.isdigit() and (units := _SINCE_1970.get(len(text))):
            return datetime.fromtimestamp(int(text) // units, UTC)
        if moment := _rfc_5322(text, language):
            return moment
        moment = _iso(text) or _in_words(text, language)
        return moment and moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):  # 30 February, or year 1 west of Greenwich
        return None


def _read(text: str | None, language: str | None, now: datetime) -> tuple[datetime | None, str]:
    """Return the credible time that `text` names, or None, and what is odd about it, or ""."""
    if not text or not text.strip():
        return None, ""
    moment = parsed_date(text, language)
    if moment is None:
        return None, "unreadable"
    if moment < EARLIEST:
        return None, "before 1990"
    return (now, "in the future") if moment > now else (moment, "")


def _rfc_5322(text: str, language: str | None) -> datetime | None:
    if not (date := _RFC_5322.fullmatch(text)):
        return None
    day, name, year, hour, minute, second, hours_east, minutes_east = date.groups()
    if not (month := MONTHS.get(language or "", {}).get(name.lower()) or MONTHS_EVERYWHERE.get(name.lower())):
        return None
    moment = datetime(int(year), month, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    if hours_east:
        moment -= timedelta(hours=int(hours_east), minutes=int(hours_east[0] + minutes_east))
    return moment


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if _ISO.match(text) else None
    except ValueError:  # the next reading has its turn; a date that none reads is flagged
        return None


def _in_words(text: str, language: str | None) -> datetime | None:
    """Return the time that words or loose numbers name. Raises ValueError for a day or hour that does not exist."""
    plain = _COMMENT.sub(" ", folded(text).replace("\u2212", "-"))
    time = _TIME.search(plain)
    date = f"{plain[: time.start()]} {plain[time.end() :]}" if time else plain
    day = _day(date.strip(" ,.-"), language)
    if day is None or time is None:
        return day
    second = int(time["second"] or 0)
    second -= second == 60  # a leap second, which datetime does not know
    return day.replace(hour=_hour(time), minute=int(time["minute"]), second=second, tzinfo=_zone(time["zone"] or ""))


def _hour(time: re.Match[str]) -> int:
    hour, half = int(time["hour"]), time["before"] or time["after"]
    if not half:
        return hour
    if half in _AFTERNOON:
        return hour + 12 if hour < 12 else hour
    if hour > 12:
        raise ValueError("no such hour before noon")
    return hour % 12


def _zone(name: str) -> timezone:
    offset = _OFFSET.fullmatch(name)
    if not offset:
        return timezone(timedelta(hours=ZONES.get(name, 0)))
    hours, minutes = int(offset[2]), int(offset[3] or 0)
    if hours > 15 or minutes > 59:
        raise ValueError("no such zone")
    return timezone(timedelta(hours=hours, minutes=minutes) * (-1 if offset[1] == "-" else 1))


def _day(date: str, language: str | None) -> datetime | None:
    """Return midnight of the day that `date`, a text without time, names."""
    numbers = _LEADING_WORDS.sub("", date, count=1) if date[:1].isalpha() else date
    if year_first := _YEAR_FIRST.fullmatch(numbers.rstrip("t ")):
        return datetime(int(year_first[1]), int(year_first[2]), int(year_first[3] or 1), tzinfo=UTC)
    if year_last := _YEAR_LAST.fullmatch(numbers):
        return _unambiguous(int(year_last[1]), int(year_last[3]), int(year_last[4]), dotted=year_last[2] == ".")
    return _named_day(_WORDS.findall(_ORDINAL.sub("", date)), MONTHS.get(language or "", {}))


def _unambiguous(first: int, second: int, year: int, *, dotted: bool) -> datetime | None:
    """Return the day of 13.4.2020, 13/4/2020 or 4/13/2020, None for 3/4/2020, which depends on the country."""
    if dotted or first > 12 or first == second:
        return datetime(year, second, first, tzinfo=UTC)
    return datetime(year, first, second, tzinfo=UTC) if second > 12 else None


def _named_day(words: list[str], months: dict[str, int]) -> datetime | None:
    """Return the day of words such as "mer 16 nov 2022", "January 29 2021", "2020 Jan 5"."""
    numbers = [word for word in words if word.isdigit()]
    names = [word for word in words if not word.isdigit() and word not in _BETWEEN]
    month = next((number for name in reversed(names) if (number := months.get(name) or MONTHS_EVERYWHERE.get(name))), 0)
    if not month or len(numbers) != 2 or len(names) > 3:
        return None
    day, year = reversed(numbers) if len(numbers[0]) == 4 else numbers
    return datetime(_full_year(year), month, int(day), tzinfo=UTC)


def _full_year(digits: str) -> int:
    """Return the year of two to four digits (RFC 5322, 4.3)."""
    year = int(digits)
    if len(digits) == 2:
        return year + (2000 if year < 50 else 1900)
    return year + 1900 if len(digits) == 3 else year
