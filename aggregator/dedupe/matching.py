"""Which candidate of a document is which article in the store: the surest match first. Pure.

A match by key alone would let two entries, each in its turn, change one article, or let a new entry take the place of
one like it. So every article is claimed once, by strong keys before weak ones, and never from an entry that stands.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from aggregator.dedupe.batch_matches import MOST
from aggregator.dedupe.rules import RULES, folded
from aggregator.dedupe.similarity import is_alike, is_another
from aggregator.model import Draft, Keyed, KnownArticle

Store = Mapping[bytes, tuple[KnownArticle, ...]]  # key digest: articles that have it, those seen first in front

_RULES = {rule.name: (rank, rule) for rank, rule in enumerate(RULES)}


class Claim(NamedTuple):
    """The candidate at `place` is an article that we know; the smaller the merit, the surer."""

    merit: tuple[object, ...]
    place: int
    known: KnownArticle
    reason: str


def claims(candidates: Sequence[Keyed], known: Store, present: frozenset[str]) -> dict[int, Claim]:
    """The claims that hold, by the candidate's place; linear in the candidates but for one sorting."""
    held: dict[int, Claim] = {}
    taken: set[str] = set()
    passed_on = _passed_on(candidates, known)
    present -= passed_on
    originals = _without_copies(candidates)
    for strong in (True, False):
        possible = [
            claim
            for place, keyed in originals
            if place not in held
            for claim in _possible(place, keyed, known, present, passed_on, strong=strong)
        ]
        for claim in sorted(possible, key=lambda claim: (claim.merit, claim.place, claim.known.id)):
            if claim.place not in held and claim.known.id not in taken:
                held[claim.place] = claim
                taken.add(claim.known.id)
    return held


def _passed_on(candidates: Sequence[Keyed], known: Store) -> frozenset[str]:
    """The guids that went to another entry; () unless one that is known by its link says so, since edits look alike.

    Some sources count the entries of a document, and give each the next one's guid when one is added.
    """
    moved = [keyed for keyed in candidates if any(is_another(keyed, other) for other in _under("guid", keyed, known))]
    if not any(is_alike(keyed, other) for keyed in moved for other in _under("link", keyed, known)):
        return frozenset()
    return frozenset(folded(keyed.draft.guid) for keyed in moved if keyed.draft.guid)


def _under(rule: str, keyed: Keyed, known: Store) -> Iterator[KnownArticle]:
    for key in keyed.keys:
        if key.rule == rule:
            yield from known.get(key.digest, ())[-MOST:]


def _without_copies(candidates: Sequence[Keyed]) -> tuple[tuple[int, Keyed], ...]:
    """The candidates with their places; of those equal in names and text the eldest, lest a copy claim another's."""
    originals: dict[tuple[object, ...], tuple[int, Keyed]] = {}
    for place, keyed in sorted(enumerate(candidates), key=lambda one: one[1].draft.published):
        names = (key.digest for key in keyed.keys if key.strong)
        originals.setdefault((keyed.fingerprint.digest, *names), (place, keyed))
    return tuple(originals.values())


def _possible(
    place: int, keyed: Keyed, known: Store, present: frozenset[str], passed_on: frozenset[str], *, strong: bool
) -> Iterator[Claim]:
    tried: set[str] = set()
    for key in keyed.keys:
        rank, rule = _RULES[key.rule]
        for other in known.get(key.digest, ())[-MOST:] if key.strong == strong else ():
            if other.id in tried or (rule.only_if_gone and _stands(other, keyed.draft, present)):
                continue
            if rule.name == "guid" and folded(keyed.draft.guid or "") in passed_on and is_another(keyed, other):
                continue
            tried.add(other.id)
            if reason := rule.same(keyed, other):
                yield Claim((rank, *_differences(keyed, other)), place, other, reason)


def _stands(known: KnownArticle, draft: Draft, present: frozenset[str]) -> bool:
    """Whether the document still has the known article's entry, under a name that is not the candidate's."""
    if known.source_id != draft.source_id:
        return False
    names = {folded(name) for name in (known.guid, known.link_key) if name}
    own = {folded(name) for name in (draft.guid, draft.link_key) if name}
    return not (names - own).isdisjoint(present)


def _differences(keyed: Keyed, known: KnownArticle) -> tuple[object, ...]:
    """What decides between two claims by one rule, gravest first; the order in the document has no part in it."""
    return (
        keyed.fingerprint.digest != known.fingerprint.digest,
        keyed.draft.guid != known.guid,
        keyed.draft.published != known.published,
        keyed.draft.published,
        keyed.fingerprint.digest,
    )
