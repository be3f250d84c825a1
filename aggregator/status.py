"""Status of a source, for people and programs. Pure."""

from datetime import datetime
from typing import Any, Literal

from aggregator.model import BackfillProgress, StoredSource
from aggregator.secret_urls import masked_url
from aggregator.timestamps import rfc3339

Condition = Literal["failing", "paused", "new", "working"]
CONDITIONS: tuple[Condition, ...] = ("failing", "paused", "new", "working")  # most urgent first


def source_status(stored: StoredSource) -> dict[str, Any]:
    """Return a source as in `sources --json` and `/status.json`: times in RFC 3339, None for absent values."""
    source, state = stored.source, stored.state
    return {
        "name": source.name,
        "title": source.settings.title or state.feed_info.title or None,
        "url": masked_url(source.url),
        "moved_to": masked_url(state.moved_to) if state.moved_to else None,
        "categories": list(source.categories),
        "last_fetch": rfc3339(state.last_fetch) if state.last_fetch else None,
        "last_new": rfc3339(state.last_new) if state.last_new else None,
        "next_fetch": rfc3339(state.next_fetch) if state.next_fetch else None,
        "due_reason": (state.due_reason or None) if state.next_fetch and not pause_reason(stored) else None,
        "http_status": state.http_status,
        "failures": state.failures,
        "entries": state.entries,
        "new_per_day": state.new_per_day,
        "paused": pause_reason(stored),
        "error": state.error,
    }


def condition(stored: StoredSource) -> Condition:
    """Return the source's condition; "new" is a source that was never fetched."""
    if pause_reason(stored):
        return "paused"
    if stored.state.failures:
        return "failing"
    return "working" if stored.state.last_fetch else "new"


def pause_reason(stored: StoredSource) -> str | None:
    """Return why the source is not polled, None if it is."""
    return stored.state.paused or (None if stored.source.settings.enabled else "`enabled` is false in feeds.yaml")


def limit_problem(stored: StoredSource) -> str | None:
    """Return how many entries wait because of the limit of new articles, and how many were lost, None if none."""
    waiting, lost = stored.state.waiting_entries, stored.state.lost
    maximum = stored.source.settings.max_new
    texts = (
        f"new entries that wait for another day, as `max_new` allows {maximum} new articles a day: {waiting}",
        f"entries that left the document while they waited for `max_new`, and are lost: {lost}",
    )
    return "; ".join(text for text, number in zip(texts, (waiting, lost), strict=True) if number) or None


def waiting_work(stored: StoredSource) -> str | None:
    """Return how many pages and translations of the source's articles are still to come, None if none."""
    texts = (
        ("pages that wait to be read for their full text", stored.state.waiting_pages),
        ("translations that wait to be made", stored.state.waiting_translations),
    )
    return "; ".join(f"{text}: {number}" for text, number in texts if number) or None


def archive_progress(stored: StoredSource, place: BackfillProgress | None, now: datetime) -> str | None:
    """Return how far the source's archive was read, and why the rest waits; None if it is not to be read."""
    if stored.source.settings.backfill == "none":
        return None
    if place is None:
        return "no document has named a page of it yet"
    read = f"pages read: {place.pages}"
    if place.due is None or place.url is None:
        return f"{read}; the rest is not read: {place.problem}" if place.problem else f"{read}, up to its end"
    times = f" (failures in a row: {place.failures})" if place.failures else ""
    reason = f"; it waits: {place.problem}{times}" if place.problem else ""
    return f"{read}; next {masked_url(place.url)}, {rfc3339(place.due) if place.due > now else 'now'}{reason}"


def hub_problem(stored: StoredSource) -> str | None:
    """Return why a hub that was asked to push the source's feed does not, None if there is no problem."""
    if not stored.state.hub_error or pause_reason(stored):
        return None
    return f"{stored.state.hub_error}; the source is polled as before"
