"""The one place where time enters. Edge."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Now, in UTC, to the whole second: no feed format carries more."""
    return datetime.now(UTC).replace(microsecond=0)
