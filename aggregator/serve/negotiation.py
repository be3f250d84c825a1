"""What a request's headers ask for of one representation (RFC 9110, 12 and 13). Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime

from aggregator.schedule.headers import http_date

_ETAG = re.compile(r'(?:W/)?("[^"]*")')


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether an Accept-Encoding header wants gzip; `gzip;q=0` and no header at all do not."""
    weights: dict[str, float] = {}
    for part in accept_encoding.lower().split(","):
        name, _, parameter = part.partition(";")
        weights[name.strip()] = _weight(parameter)
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _weight(parameter: str) -> float:
    _, found, value = parameter.partition("q=")
    try:
        return float(value) if found else 1.0
    except ValueError:
        return 0.0


def is_not_modified(headers: Mapping[str, str], etag: str, modified: datetime | None) -> bool:
    """Whether the client has this representation: If-None-Match decides where it is sent, else If-Modified-Since.

    `etag` is strong and quoted; a weak form of it matches too, since a GET compares weakly (RFC 9110, 13.1.2).
    `modified` is None where nobody knows.
    """
    if (wanted := headers.get("if-none-match")) is not None:
        return wanted.strip() == "*" or etag in _ETAG.findall(wanted)
    since = http_date(headers.get("if-modified-since", ""))
    return since is not None and modified is not None and modified <= since


def http_time(moment: datetime) -> str:
    """`moment` as an HTTP date (RFC 9110, 5.6.7)."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)
