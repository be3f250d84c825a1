"""The limit on a source's new articles of a day: entries that are recorded, and entries that wait. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from aggregator.dedupe.key_rules import fold_scheme
from aggregator.model import Decision, Draft, Keyed, New

NAME_BYTES = 8  # of an entry that waits; `SourceState.waiting` joins them


@dataclass(frozen=True, slots=True, kw_only=True)
class Limited:
    """Decisions on the entries of a document, within the limit of new articles."""

    decisions: tuple[Decision, ...]  # to be recorded
    waiting: tuple[Keyed, ...] = ()  # entries beyond the limit that would be new articles
    unread: frozenset[int] = frozenset()  # positions of the entries that are not recorded: of these, and their copies


def limited(decisions: Sequence[Decision], room: int | None, exempt: Collection[str] = ()) -> Limited:
    """Return the decisions without new articles beyond the newest `room` (None: no limit), nor copies of these.

    The articles with the ids `exempt` neither count nor wait.
    """
    new = [decision.keyed for decision in decisions if isinstance(decision, New) and decision.keyed.id not in exempt]
    if room is None or len(new) <= room:
        return Limited(decisions=tuple(decisions))
    # Of entries with the same date the first in the document: documents begin with the newest.
    new.sort(key=lambda keyed: (keyed.draft.published, -keyed.draft.position), reverse=True)
    waiting = new[room:]
    ids = {keyed.id for keyed in waiting}
    unread = frozenset(decision.keyed.draft.position for decision in decisions if _id(decision) in ids)
    recorded = tuple(decision for decision in decisions if _id(decision) not in ids)
    return Limited(decisions=recorded, waiting=tuple(waiting), unread=unread)


def entry_name(draft: Draft, digest: bytes) -> bytes:
    """Return the name of an entry that waits: of its guid or link, else its `digest`."""
    key = draft.guid_key or draft.link_key
    return key_name(key) if key else digest


def key_name(key: str) -> bytes:
    """Return the name of the entry with this `guid_key` or `link_key`."""
    return blake2b(fold_scheme(key).encode("utf-8", "surrogatepass"), digest_size=NAME_BYTES).digest()


def _id(decision: Decision) -> str:
    return decision.keyed.id if isinstance(decision, New) else decision.id
