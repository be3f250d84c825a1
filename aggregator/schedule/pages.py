"""Times at which the page of an article is asked for again. Pure."""

from datetime import datetime, timedelta

from aggregator.model import Failure
from aggregator.schedule.backoff import backoff

RETRIES = 3
FIRST, LONGEST = timedelta(hours=1), timedelta(hours=24)
MAX_RETRY_AFTER = timedelta(days=7)


def next_request(failure: Failure, failures: int, now: datetime) -> datetime | None:
    """Return when to ask for a page again after `failures` failures in a row; None: never."""
    if failures > RETRIES:
        return None
    requested = min(failure.retry_after or timedelta(0), MAX_RETRY_AFTER)
    return now + max(backoff(failures, FIRST, LONGEST), requested)
