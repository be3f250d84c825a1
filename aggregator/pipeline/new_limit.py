"""The limit of a source's new articles on a day, `max_new`: what is recorded, what waits, what is said. Shell."""

import logging
from collections.abc import Mapping, Sequence

from aggregator.app import App
from aggregator.dedupe import Limited, entry_name, key_name, limited
from aggregator.document import SourceDrafts
from aggregator.model import Decision, New, Ruling, SourceState, StoredSource
from aggregator.pipeline.read import ReceivedDocument
from aggregator.schedule.waiting import after_limit

log = logging.getLogger(__name__)


def within_limit(
    app: App,
    received: ReceivedDocument,
    stored: StoredSource,
    decisions: Sequence[Decision],
    rulings: Mapping[str, Ruling],
) -> Limited:
    """Return the decisions that the source's limit allows today. Raises StoreError.

    Its first document and the pages of its archive are not limited. Articles that rules drop do not count.
    """
    maximum = stored.source.settings.max_new
    is_limited = stored.state.has_document and not received.page
    if maximum is None or not is_limited or not any(isinstance(decision, New) for decision in decisions):
        return Limited(decisions=tuple(decisions))
    room = max(0, maximum - app.store.sources.recorded_on(stored.source.id, received.now))
    return limited(decisions, room, {id_ for id_, ruling in rulings.items() if ruling.dropped})


def state_within_limit(
    received: ReceivedDocument, drafts: SourceDrafts, state: SourceState, within: Limited
) -> SourceState:
    """Return the source's state after the document, with the entries that wait."""
    if received.page or (not within.waiting and not state.waiting):
        return state
    entries = drafts.feed.entries
    return after_limit(
        state,
        unread={entries[position].digest for position in within.unread},
        waiting=[entry_name(keyed.draft, entries[keyed.draft.position].digest) for keyed in within.waiting],
        listed={*map(key_name, drafts.still_listed), *(entry.digest for entry in entries)},
        is_part=received.is_pushed or drafts.feed.problem is not None,
    )


def report_waiting(stored: StoredSource, state: SourceState, within: Limited) -> None:
    """Log the entries that begin to wait, and those that were lost."""
    name, maximum = stored.source.name, stored.source.settings.max_new
    if within.waiting and not stored.state.waiting:
        log.warning(
            "%s: new entries that wait: %d; `max_new` allows %s new articles a day (UTC), later polls read the others",
            name,
            len(within.waiting),
            maximum,
        )
    if lost := state.lost - stored.state.lost:
        log.warning("%s: entries that left the document while they waited for `max_new`, and are lost: %d", name, lost)
