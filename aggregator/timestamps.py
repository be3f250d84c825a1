"""Times as text. Pure."""

from datetime import datetime

RFC3339 = "%Y-%m-%dT%H:%M:%SZ"  # of strftime, for times in UTC


def rfc3339(moment: datetime) -> str:
    """Return `moment`, which is in UTC, as RFC 3339 writes it, to the second: 2026-11-24T12:00:00Z."""
    return moment.strftime(RFC3339)
