"""Directives for robots: robots.txt (RFC 9309), robots meta elements and X-Robots-Tag headers. Pure."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from aggregator.model import RobotsQuestion
from aggregator.normalise.dates import parsed_date

ROBOT = "aggregator"  # our product token (RFC 9309, 2.2.1)

# A published full text is an index, a copy and a snippet of the page.
_FORBIDDING = frozenset({"noindex", "none", "noarchive", "nosnippet", "max-snippet:0"})
_SCOPED = re.compile(r"([a-z0-9_-]+)\s*:\s*(.*)")
_WITH_VALUE = ("max-", "unavailable_after")  # directives that a colon is part of
_UNAVAILABLE_AFTER = re.compile(
    r"(?:^|,)\s*(?:([\w-]+)\s*:\s*)?unavailable_after\s*:\s*((?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,)?[^,]*)",
    re.IGNORECASE,
)
_VERSION = re.compile(rf"(?im)^([ \t]*user[- ]?agent[ \t]*:[ \t]*{ROBOT})/[^\s#]*")


def may_request(question: RobotsQuestion) -> bool:
    """Return True if robots.txt allows us to request the page.

    A byte order mark and a version behind our token are not in the grammar of RFC 9309, but in files.
    """
    from protego import Protego

    robots_txt = _VERSION.sub(r"\1", question.robots_txt.removeprefix("\ufeff"))
    return bool(Protego.parse(robots_txt).can_fetch(question.url, ROBOT))


def forbids_use(directives: Iterable[str], now: datetime) -> bool:
    """Return True if one of these values of robots meta elements or X-Robots-Tag headers forbids to publish the text.

    A directive may be for one robot alone: `otherbot: noindex`. Where several headers were joined to one value, the
    directives that follow it may be for all robots, and count. `unavailable_after` forbids it if its date is past.
    """
    for value in directives:
        if any(_is_ours(directive.strip().lower()) for directive in value.split(",")):
            return True
        if any(end < now for end in _ends(value)):
            return True
    return False


def _ends(value: str) -> Iterator[datetime]:
    """Yield the dates of `unavailable_after`; one that cannot be read says nothing."""
    for robot, date in _UNAVAILABLE_AFTER.findall(value):
        if robot.lower() in ("", ROBOT) and (end := parsed_date(date)):
            yield end


def _is_ours(directive: str) -> bool:
    directive = re.sub(r":\s+", ":", directive)
    scoped = _SCOPED.fullmatch(directive)
    if scoped and not scoped[1].startswith(_WITH_VALUE):
        return scoped[1] == ROBOT and scoped[2] in _FORBIDDING
    return directive in _FORBIDDING
