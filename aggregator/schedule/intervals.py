"""Time of the next fetch after a change of the interval, or the end of a hub's pushes. Pure."""

from dataclasses import replace
from datetime import datetime

from aggregator.model import Freshness, Source, SourceState
from aggregator.schedule.due import PUSH, SKIPPED, due_after_success
from aggregator.settings import Fetch


def due_by_shorter_interval(source: Source, state: SourceState, fetch: Fetch) -> tuple[datetime, str] | None:
    """Return the time of the next fetch and its reason after the source's interval became shorter, None to keep it.

    It changes only if the interval alone decided, and counts from the last fetch. The document's requests still hold;
    the headers' freshness, which was shorter then, is not stored.
    """
    if state.due_reason != "interval" or state.last_fetch is None or state.next_fetch is None:
        return None
    due, reason = due_after_success(source, state, Freshness(), fetch, state.last_fetch)
    return (due, reason) if due < state.next_fetch else None


def due_without_push(source: Source, state: SourceState, fetch: Fetch, now: datetime) -> tuple[datetime, str] | None:
    """Return the time of the next fetch and its reason after the hub stopped pushing, None to keep it.

    It changes only if the hub was the reason for the long wait, not a Retry-After or back-off. The interval counts from
    now. The document's requests still hold; the headers' freshness is not stored.
    """
    if state.due_reason not in (PUSH, SKIPPED) or state.next_fetch is None:
        return None
    due, reason = due_after_success(source, replace(state, pushed_until=None), Freshness(), fetch, now)
    return (due, reason) if due < state.next_fetch else None
