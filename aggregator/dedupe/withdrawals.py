"""Entries and articles that their source withdrew by tombstones (RFC 6721). Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from aggregator.dedupe.matching import KnownByKey
from aggregator.dedupe.ownership import next_owner
from aggregator.model import Decision, Keyed, New, Withdrawal


def entries_in_force(keyed: Sequence[Keyed], deleted: Mapping[bytes, datetime]) -> tuple[Keyed, ...]:
    """Return the entries without those that were deleted at these times, by the key of their guid, and not renewed.

    An entry without a date of its own has that of its first sight, which says nothing.
    """
    return tuple(entry for entry in keyed if not _is_deleted(entry, deleted)) if deleted else tuple(keyed)


def guid_digest(keyed: Keyed) -> bytes | None:
    """Return the digest of the key of the entry's guid, None if no guid identifies it."""
    return next((key.digest for key in keyed.keys if key.rule == "guid"), None)


def _is_deleted(keyed: Keyed, deleted: Mapping[bytes, datetime]) -> bool:
    when = deleted.get(guid_digest(keyed) or b"")
    return when is not None and not when < keyed.draft.updated < keyed.draft.first_seen


def listed_articles(
    undeleted: Collection[bytes], known_by_key: KnownByKey, decisions: Iterable[Decision]
) -> frozenset[str]:
    """Return the ids of the articles that the document has an entry of which it does not delete.

    These entries are known by the keys of their guids, or are new and were decided on.
    """
    known = {article.id for digest in undeleted for article in known_by_key.get(digest, ())}
    return frozenset(known | {decision.id for decision in decisions if not isinstance(decision, New)})


def kept_tombstones(
    deleted: Mapping[bytes, datetime], known_by_key: KnownByKey, listed: Collection[str]
) -> Mapping[bytes, datetime]:
    """Return the times of deletion of former guids of articles that the document lists.

    They are to be remembered, as they say nothing of these articles when the document lists them no more.
    """
    return {
        digest: when
        for digest, when in deleted.items()
        if any(article.id in listed for article in known_by_key.get(digest, ()))
    }


def withdrawals(
    deleted: Mapping[bytes, datetime], known_by_key: KnownByKey, source_id: int, listed: Collection[str]
) -> Mapping[bytes, Withdrawal]:
    """Return what the source withdraws with these times of deletion, by the key of the entry's guid.

    A tombstone counts for an article that the source carries, and not if the source updated its text later, nor if the
    document lists it: its entry has another guid now. Of two articles under a guid that the source gave to another
    entry, it is the later one's.
    """
    counting = {}
    for digest, when in deleted.items():
        carried = [each for each in known_by_key.get(digest, ()) if source_id in each.credited and not each.pruned]
        if not carried:
            continue
        article = carried[-1]
        is_owner = article.source_id == source_id  # of another's entry no update is stored
        if article.updated and (not is_owner or article.updated <= when) and article.id not in listed:
            counting[digest] = Withdrawal(id=article.id, when=when, next_owner=next_owner(article, source_id))
    return counting
