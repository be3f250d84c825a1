"""RSS 0.9x, 1.0, 2.0 and Atom 0.3, 1.0, from what was read. Pure."""

from datetime import timedelta

from aggregator.model import Failure, Feed
from aggregator.parse.constructs import links, part, persons, string, title, url
from aggregator.parse.entries import entry
from aggregator.parse.not_a_feed import failure
from aggregator.parse.raw import Reading, Values

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
_DIGITS = 6  # of a number of minutes or of times in a period; what is longer is no wish


def feed(reading: Reading, document: str) -> Feed:
    """The feed at the URL `document`; `problem` is set where it was cut off."""
    said = reading.said
    values: Values = said.feeddata
    atom = said.version.startswith("atom")
    entries = (entry(each, extra, document, atom=atom) for each, extra in zip(said.entries, said.extras, strict=True))
    found = links(values, document)
    return Feed(
        format=said.version,
        url=document,
        title=title(values, document, atom=atom),
        link=next((link.href for link in found if link.rel == "alternate"), None),
        language=string(values, "language"),
        links=tuple(link for link in found if link.rel != "alternate"),
        authors=persons(values),
        image=_image(values, document),
        ttl=_ttl(string(values, "ttl")),
        update_period=_update_period(string(values, "sy_updateperiod"), string(values, "sy_updatefrequency")),
        skip_hours=_hours(said.skip_hours),
        skip_days=_days(said.skip_days),
        entries=tuple(each for each in entries if each),
        left_out=said.left_out,
        problem=_problem(reading, document),
    )


def _problem(reading: Reading, document: str) -> Failure | None:
    if reading.cut_at is None:
        return None
    return failure(document, f"the document is cut off in line {reading.cut_at}; what stands before that was kept")


def _image(values: Values, document: str) -> str | None:
    return url(part(values, "image"), "href", base=document) or url(values, "logo", "icon", base=document)


def _ttl(minutes: str | None) -> timedelta | None:
    number = _number(minutes)
    return timedelta(minutes=number) if number else None


def _update_period(period: str | None, frequency: str | None) -> timedelta | None:
    """Time between two updates (RSS 1.0 module syndication), None where it is not said."""
    span = _PERIODS.get((period or "").lower())
    return span / (_number(frequency) or 1) if span else None


def _hours(texts: list[str]) -> tuple[int, ...]:
    """RSS 2.0 counts from 0 to 23, RSS 0.91 from 1 to 24."""
    numbers = (_number(text) for text in texts)
    return tuple(sorted({number % 24 for number in numbers if number is not None and number <= 24}))


def _days(texts: list[str]) -> tuple[int, ...]:
    names = {text.lower() for text in texts}
    return tuple(index for index, day in enumerate(_DAYS) if day in names)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= _DIGITS else None
