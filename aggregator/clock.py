"""Current time: the only module that reads the clock. Edge."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the current time in UTC, in whole seconds, which is all that feed formats carry."""
    return datetime.now(UTC).replace(microsecond=0)
