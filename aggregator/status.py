"""What is told of a source and its state, to people and programs. Pure."""

from datetime import datetime
from typing import Any, Literal

from aggregator.model import StoredSource
from aggregator.urls import without_credentials


def source_facts(one: StoredSource) -> dict[str, Any]:
    """A source as `sources --json` and `/status.json` give it; times RFC 3339, null where there is none."""
    source, state = one.source, one.state
    return {
        "name": source.name,
        "url": without_credentials(source.url),
        "moved_to": without_credentials(state.moved_to) if state.moved_to else None,
        "categories": list(source.categories),
        "last_fetch": rfc3339(state.last_fetch),
        "next_fetch": rfc3339(state.next_fetch),
        "http_status": state.http_status,
        "failures": state.failures,
        "entries": state.entries,
        "paused": paused(one),
        "error": state.error,
    }


Condition = Literal["failing", "paused", "new", "working"]
CONDITIONS: tuple[Condition, ...] = ("failing", "paused", "new", "working")  # what needs a look first


def condition(one: StoredSource) -> Condition:
    """How the source is doing, in a word; "new" is one that was never asked."""
    if paused(one):
        return "paused"
    if one.state.failures:
        return "failing"
    return "working" if one.state.last_fetch else "new"


def rfc3339(moment: datetime | None) -> str | None:
    """`moment`, in UTC, as RFC 3339 writes it; None for None."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def hub_trouble(one: StoredSource) -> str | None:
    """Why a hub does not push the source's news though it was asked to; None where nothing is wrong."""
    return f"{one.state.hub_error}; the source is polled as before" if one.state.hub_error and not paused(one) else None


def paused(one: StoredSource) -> str | None:
    """Why the source is not polled at all; None where it is."""
    return one.state.paused or (None if one.source.enabled else "enabled is false in the configuration")
