"""What an answer's headers say of time and of links. Pure; tolerates anything a server may write."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin

from aggregator.model import Freshness, Link

MOST_SECONDS = 2**31  # RFC 9111, 1.2.2: a larger number means "at least this long"

_SECONDS = re.compile(r"(-?)0*(\d+)(?:\.\d+)?")
_DIRECTIVE = re.compile(r'([\w-]+)(?:\s*=\s*"?([^",;]*)"?)?')
_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[^\s=;,"<>]+(?:\s*=\s*(?:"[^"]*"|[^\s;,"<>]*))?)*)')
_PARAMETER = re.compile(r';\s*([^\s=;,"]+)\s*=\s*(?:"([^"]*)"|([^\s;,"]*))')


def freshness(headers: Mapping[str, str], now: datetime) -> Freshness:
    """How long the headers call an answer fresh (RFC 9111, 4.2.1), from lower-case names to values.

    Cache-Control's max-age less Age, else Expires less Date (`now` where Date is missing), never negative. no-cache
    and no-store void both. What cannot be read counts as absent, but an unreadable Expires as past (5.3).
    """
    control = _directives(headers.get("cache-control", ""))
    if "no-cache" in control or "no-store" in control:
        return Freshness()
    max_age = _seconds(control.get("max-age", ""))
    if max_age is not None:
        age = _seconds(headers.get("age", "")) or timedelta(0)
        return Freshness(fresh_for=max(max_age - age, timedelta(0)), header="max-age")
    if "expires" not in headers:
        return Freshness()
    date = http_date(headers.get("date", "")) or now
    expires = http_date(headers["expires"]) or date
    return Freshness(fresh_for=max(expires - date, timedelta(0)), header="expires")


def retry_after(value: str, now: datetime) -> timedelta | None:
    """Time the server asks us to stay away (RFC 9110, 10.2.3), never negative.

    `value` is the header: seconds, or an HTTP date measured from `now` (UTC). None if it is neither, since
    a server that cannot count must not stop us for ever.
    """
    seconds = _seconds(value)
    if seconds is not None:
        return seconds
    date = http_date(value)
    return None if date is None else max(date - now, timedelta(0))


def http_date(value: str) -> datetime | None:
    """The UTC time of an HTTP date in any of its three forms (RFC 9110, 5.6.7); None for anything else."""
    try:
        date = parsedate_to_datetime(value)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):  # what the standard library raises on odd strings
        return None


def links(value: str, base: str) -> tuple[Link, ...]:
    """The links of a Link header (RFC 8288), relative ones against `base`; one for each relation type of `rel`.

    A link that says something of another resource (`anchor`) is left out, as is one without `rel`.
    """
    return tuple(
        link for target, written in _LINK.findall(value) for link in _links(target.strip(), _parameters(written), base)
    )


def _links(target: str, parameters: Mapping[str, str], base: str) -> tuple[Link, ...]:
    if "anchor" in parameters:
        return ()
    try:
        href = urljoin(base, target)
    except ValueError:  # a host that only looks like IPv6
        return ()
    relations = parameters.get("rel", "").lower().split()
    return tuple(Link(rel=relation, href=href, type=parameters.get("type")) for relation in relations)


def _parameters(written: str) -> dict[str, str]:
    """Parameters of one link by lower-case name; of two of one name the first counts (RFC 8288, 3.3)."""
    found: dict[str, str] = {}
    for name, quoted, bare in _PARAMETER.findall(written):
        found.setdefault(name.lower(), quoted or bare)
    return found


def _directives(value: str) -> dict[str, str]:
    """Directives of Cache-Control by lower-case name; of two of one name the first counts (RFC 9111, 4.2.1)."""
    found: dict[str, str] = {}
    for name, argument in _DIRECTIVE.findall(value):
        found.setdefault(name.lower(), argument.strip())
    return found


def _seconds(value: str) -> timedelta | None:
    """A whole number of seconds, none below 0; None for anything else."""
    match = _SECONDS.fullmatch(value.strip())
    if not match:
        return None
    if match[1]:
        return timedelta(0)
    return timedelta(seconds=MOST_SECONDS if len(match[2]) > 10 else min(int(match[2]), MOST_SECONDS))
