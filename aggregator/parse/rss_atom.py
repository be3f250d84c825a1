"""RSS 0.9x, 1.0, 2.0 and Atom 0.3, 1.0: RawFeed -> Feed. Pure."""

from datetime import timedelta

from aggregator.model import Feed, Tombstone
from aggregator.parse.constructs import integer, links, persons, string, title
from aggregator.parse.entries import to_entry
from aggregator.parse.not_a_feed import parse_failure
from aggregator.parse.podcast import podcast
from aggregator.parse.raw import RawFeed, Values

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
_DIGITS = 6  # of a number of minutes or of updates in a period; longer ones are ignored


def to_feed(raw: RawFeed, document: str) -> Feed:
    """Return the feed at the URL `document`, with a `problem` if it is truncated."""
    values = raw.values
    atom = raw.version.startswith("atom")
    entries = (to_entry(entry, document, atom=atom) for entry in raw.entries)
    feed_links = links(values, document)
    line = raw.truncated_in_line
    reason = f"the document is truncated in line {line}; the entries before that were kept"
    ttl = integer(string(values, "ttl"), _DIGITS)
    return Feed(
        format=raw.version,
        url=document,
        title=title(values, document, atom=atom),
        link=next((link.href for link in feed_links if link.rel == "alternate"), None),
        language=string(values, "language"),
        links=tuple(link for link in feed_links if link.rel != "alternate"),
        authors=persons(values),
        ttl=timedelta(minutes=ttl) if ttl else None,
        update_period=_update_period(values),
        skip_hours=_hours(raw.skip_hours),
        skip_days=_days(raw.skip_days),
        podcast=podcast(values, document),
        entries=tuple(entry for entry in entries if entry),
        left_out=raw.left_out,
        tombstones=tuple(
            Tombstone(ref=attributes["ref"], when=attributes["when"])
            for attributes in raw.tombstones
            if attributes.get("ref") and attributes.get("when")
        ),
        problem=None if line is None else parse_failure(document, reason),
    )


def _update_period(values: Values) -> timedelta | None:
    """Return the time between two updates (RSS 1.0, module syndication), None if there is none."""
    period = _PERIODS.get((string(values, "sy_updateperiod") or "").lower())
    return period / (integer(string(values, "sy_updatefrequency"), _DIGITS) or 1) if period else None


def _hours(texts: list[str]) -> tuple[int, ...]:
    """Return hours from 0 to 23, as in RSS 2.0; RSS 0.91 counts from 1 to 24."""
    numbers = (integer(text, _DIGITS) for text in texts)
    return tuple(sorted({number % 24 for number in numbers if number is not None and number <= 24}))


def _days(texts: list[str]) -> tuple[int, ...]:
    names = {text.lower() for text in texts}
    return tuple(index for index, day in enumerate(_DAYS) if day in names)
