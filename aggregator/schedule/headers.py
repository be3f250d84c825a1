"""Response headers about time and links. Pure; tolerates any value."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin

from aggregator.model import Freshness, Link

MOST_SECONDS = 2**31  # RFC 9111, 1.2.2: a larger number means "at least this long"

_SECONDS = re.compile(r"(-?)(?=\d)0*+(\d*)(?:\.\d+)?")
_DIRECTIVE = re.compile(r'([\w-]+)(?:\s*=\s*"?([^",;]*)"?)?')
_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[^\s=;,"<>]+(?:\s*=\s*(?:"[^"]*"|[^\s;,"<>]*))?)*)')
_PARAMETER = re.compile(r';\s*([^\s=;,"]+)\s*=\s*(?:"([^"]*)"|([^\s;,"]*))')


def freshness(headers: Mapping[str, str], now: datetime) -> Freshness:
    """Return the freshness lifetime that the headers give (RFC 9111, 4.2.1); `headers` have lower-case names.

    It is Cache-Control's max-age less Age, else Expires less Date (`now` if Date is missing), never negative. no-cache
    and no-store void both. An unreadable value counts as absent, but an unreadable Expires as past (5.3).
    """
    control = _first_values(_DIRECTIVE.findall(headers.get("cache-control", "")))
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
    """Return the delay the server asked for (RFC 9110, 10.2.3), never negative, or None if the header is unreadable.

    `value` is the header: seconds, or an HTTP date, measured from `now` (UTC).
    """
    seconds = _seconds(value)
    if seconds is not None:
        return seconds
    date = http_date(value)
    return None if date is None else max(date - now, timedelta(0))


def http_date(value: str) -> datetime | None:
    """Return the time in UTC of an HTTP date in any of its three forms (RFC 9110, 5.6.7), None for anything else."""
    try:
        date = parsedate_to_datetime(value)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def links(value: str, base: str) -> tuple[Link, ...]:
    """Return the links of a Link header (RFC 8288), resolved against `base`, one for each relation type of `rel`.

    Links about another resource (`anchor`) and links without `rel` are left out.
    """
    return tuple(link for target, text in _LINK.findall(value) for link in _links(target.strip(), text, base))


def _links(target: str, text: str, base: str) -> tuple[Link, ...]:
    parameters = _first_values((name, quoted or bare) for name, quoted, bare in _PARAMETER.findall(text))
    if "anchor" in parameters:
        return ()
    try:
        href = urljoin(base, target)
    except ValueError:  # an invalid IPv6 host
        return ()
    relations = parameters.get("rel", "").lower().split()
    return tuple(Link(rel=relation, href=href, type=parameters.get("type")) for relation in relations)


def _first_values(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return values by lower-case name; the first of repeated names counts (RFC 8288, 3.3; RFC 9111, 4.2.1)."""
    values: dict[str, str] = {}
    for name, value in pairs:
        values.setdefault(name.lower(), value.strip())
    return values


def _seconds(value: str) -> timedelta | None:
    """Return a number of seconds, at least 0; None for anything else."""
    match = _SECONDS.fullmatch(value.strip())
    if not match:
        return None
    if match[1]:
        return timedelta(0)
    return timedelta(seconds=MOST_SECONDS if len(match[2]) > 10 else min(int(match[2] or 0), MOST_SECONDS))
