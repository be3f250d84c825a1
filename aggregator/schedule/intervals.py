"""What another interval, or a hub that pushes no more, makes of the moment of the next fetch. Pure."""

from dataclasses import replace
from datetime import datetime

from aggregator.model import Freshness, Source, SourceState
from aggregator.schedule.due import PUSH, SKIPPED, due_after_success
from aggregator.settings import Fetch


def due_by_shorter_interval(source: Source, state: SourceState, fetch: Fetch) -> tuple[datetime, str] | None:
    """When to ask next, and why, now that the source's interval is a shorter one; None: when it was to be asked anyway.

    Only where the interval alone decided: it counts from the last fetch. What the document wishes still holds; the
    headers' freshness was the shorter wish then, and is not known any more.
    """
    if state.due_reason != "interval" or state.last_fetch is None or state.next_fetch is None:
        return None
    due, reason = due_after_success(source, state, Freshness(), fetch, state.last_fetch)
    return (due, reason) if due < state.next_fetch else None


def due_without_push(source: Source, state: SourceState, fetch: Fetch, now: datetime) -> tuple[datetime, str] | None:
    """When to ask next, and why, now that no hub pushes any more; None: when it was to be asked anyway.

    Only where the hub was why it was asked so seldom: not where the server wants to be left alone, or is in trouble.
    The interval counts from now, and the document's own wishes hold; its headers' freshness is not known any more.
    """
    if state.due_reason not in (PUSH, SKIPPED) or state.next_fetch is None:
        return None
    due, reason = due_after_success(source, replace(state, pushed_until=None), Freshness(), fetch, now)
    return (due, reason) if due < state.next_fetch else None
