"""Content negotiation and conditional requests (RFC 9110, 12 and 13). Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime

from aggregator.schedule.headers import http_date

_ETAG = re.compile(r'(?:W/)?("[^"]*")')


def accepts_gzip(accept_encoding: str) -> bool:
    """Return True if an Accept-Encoding header asks for gzip; one that is empty or prefers `identity` does not."""
    weights: dict[str, float] = {}
    for part in accept_encoding.lower().split(","):
        name, _, parameter = part.partition(";")
        weights[name.strip()] = _weight(parameter)
    weight = weights.get("gzip", weights.get("*", 0.0))
    return weight > 0 and weight >= weights.get("identity", 0.0)


def _weight(parameter: str) -> float:
    _, separator, value = parameter.partition("q=")
    try:
        return float(value) if separator else 1.0
    except ValueError:  # not a weight: the identity suits every client
        return 0.0


def is_not_modified(headers: Mapping[str, str], etag: str, modified: datetime | None) -> bool:
    """Return True if the client has this representation, so that 304 answers it.

    If-None-Match decides if it is sent, else If-Modified-Since. `etag` is strong and quoted; a weak form of it matches
    too, since a GET compares weakly (RFC 9110, 13.1.2). `modified` is None if unknown.
    """
    if (if_none_match := headers.get("if-none-match")) is not None:
        return if_none_match.strip() == "*" or etag in _ETAG.findall(if_none_match)
    if modified is None or "if-modified-since" not in headers:
        return False
    since = http_date(headers["if-modified-since"])
    return since is not None and modified <= since


def http_time(moment: datetime) -> str:
    """Return `moment` as an HTTP date (RFC 9110, 5.6.7)."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)
