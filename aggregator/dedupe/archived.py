"""Decisions on the entries of an archive's page, which are older than what is stored. Pure."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import chain

from msgspec.structs import replace

from aggregator.dedupe.matching import KnownByKey
from aggregator.model import Decision, Keyed, New


def dated_before(entries: Sequence[Keyed], oldest: datetime | None) -> tuple[Keyed, ...]:
    """Return the entries, those without a date of their own dated before all others of the page and before `oldest`.

    With the time of their first sight they would be the newest of all.
    """
    dates = [keyed.draft.published for keyed in entries if not _is_undated(keyed)]
    newer = [*dates, oldest] if oldest else dates
    if len(dates) == len(entries) or not newer:
        return tuple(entries)
    before = min(newer) - timedelta(seconds=1)
    return tuple(_dated(keyed, before) if _is_undated(keyed) else keyed for keyed in entries)


def known_entries(known_by_key: KnownByKey, source_id: int) -> frozenset[str]:
    """Return `guid_key` and `link_key` of the source's articles: that a page lacks an entry says nothing of it."""
    articles = chain.from_iterable(known_by_key.values())
    keys = ((article.guid, article.link_key) for article in articles if article.source_id == source_id)
    return frozenset(key for key in chain.from_iterable(keys) if key)


def without_edits(decisions: Collection[Decision], known_by_key: KnownByKey, source_id: int) -> tuple[Decision, ...]:
    """Return the decisions without those on articles that the source carries: a page has their older text and link."""
    credited = {article.id: article.credited for article in chain.from_iterable(known_by_key.values())}
    moved = {decision.keyed.id for decision in decisions if isinstance(decision, New) and decision.leaves}
    return tuple(
        decision
        for decision in decisions
        if not (isinstance(decision, New) and decision.leaves)
        and (isinstance(decision, New) or (decision.id not in moved and source_id not in credited.get(decision.id, ())))
    )


def _is_undated(keyed: Keyed) -> bool:
    """Return True if the date of an entry is that of its first sight."""
    return keyed.draft.published == keyed.draft.first_seen


def _dated(keyed: Keyed, date: datetime) -> Keyed:
    return replace(keyed, draft=replace(keyed.draft, published=date, updated=date))
