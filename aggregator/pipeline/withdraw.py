"""Tombstones: the entries that they leave in force, and the articles that they withdraw. Shell."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from aggregator.app import App
from aggregator.dedupe import entries_in_force, guid_digest
from aggregator.document import SourceDrafts
from aggregator.model import Feed, Keyed, RecordCounts, Source, Withdrawal
from aggregator.names import counted
from aggregator.store import Recording

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The drafts of a document without deleted entries."""

    keyed: tuple[Keyed, ...]
    feed: Feed  # without these entries: the next document's are new, so that a newer date of theirs is noticed
    deleted: Mapping[bytes, datetime]  # times of deletion that are to be remembered, by the key of their guid
    unremembered: Mapping[bytes, datetime]  # times in the document that were not met before, by the same keys


def drafts_in_force(app: App, source: Source, drafts: SourceDrafts) -> InForce:
    """Return the drafts without those that a tombstone deletes, of this document or of an earlier one.

    Tombstones of the source's entries that are not known yet are remembered where its archive may still bring these.

    Raises StoreError.
    """
    archived = {} if source.settings.backfill == "none" else drafts.deleted
    guids = {digest for keyed in drafts.keyed if (digest := guid_digest(keyed))}
    remembered = app.store.withdrawals.tombstones(guids | drafts.deleted.keys())
    unremembered = {
        digest: when for digest, when in drafts.deleted.items() if digest not in remembered or remembered[digest] < when
    }
    times = dict(remembered)
    for digest, when in drafts.deleted.items():
        times[digest] = max(when, times.get(digest, when))
    keyed = entries_in_force(drafts.keyed, times)
    if len(keyed) == len(drafts.keyed):
        return InForce(keyed=keyed, feed=drafts.feed, deleted=archived, unremembered=unremembered)
    entries, in_force = drafts.feed.entries, {entry.draft.position for entry in keyed}
    withdrawn = [entry for entry in drafts.keyed if entry.draft.position not in in_force]
    digests = {entries[entry.draft.position].digest for entry in withdrawn}
    feed = replace(drafts.feed, entries=tuple(entry for entry in entries if entry.digest not in digests))
    withdrawn_guids = set(map(guid_digest, withdrawn))
    deleted = {digest: when for digest, when in drafts.deleted.items() if digest in withdrawn_guids}
    return InForce(keyed=keyed, feed=feed, deleted=archived or deleted, unremembered=unremembered)


def record_with_withdrawals(
    app: App,
    name: str,
    recording: Recording,
    deleted: Mapping[bytes, datetime],
    withdrawals: Mapping[bytes, Withdrawal],
) -> RecordCounts:
    """Record a document of the source `name`, and in the same transaction the tombstones that count.

    Where a push or a page withdraws an entry that the source's last document had, that document would go on to hide a
    newer date of it.

    Raises StoreError, RacedError.
    """
    if not deleted and not withdrawals:
        return app.store.articles.record(recording)
    tombstones = dict(deleted) | {digest: withdrawal.when for digest, withdrawal in withdrawals.items()}
    with app.store.together():
        counts = app.store.articles.record(recording)
        app.store.withdrawals.record(recording.source_id, tombstones, withdrawals.values())
        if withdrawals and (recording.pushed or recording.page):
            app.store.withdrawals.forget_entries(recording.source_id)
    if withdrawals:
        log.info("%s: its tombstones withdrew %s", name, counted(len(withdrawals), "article"))
    return counts
