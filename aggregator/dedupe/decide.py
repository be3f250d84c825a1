"""Drafts, KnownArticle -> Decisions. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b

from aggregator.dedupe.batch_matches import Companions
from aggregator.dedupe.matching import Claim, Store, claims
from aggregator.dedupe.rules import folded
from aggregator.dedupe.similarity import is_named, same_story
from aggregator.model import Decision, Draft, Duplicate, Key, Keyed, KnownArticle, New, Unchanged, Updated


def decide(
    candidates: Sequence[Keyed], known: Store, *, still_listed: Iterable[str], near_duplicates: bool = True
) -> tuple[Decision, ...]:
    """One decision for each candidate, in their order: the entries of one document that were not seen last time.

    `known` holds, by key digest, the articles in the store that have one of the candidates' keys. `still_listed` holds
    `guid_key` and `link_key` of every entry of the document, those that were seen last time too: an article whose
    entry still stands there was not renamed, however much a new entry is like it. With `near_duplicates`, a new
    article joins the story of a near-equal one. How many are new does not depend on the order of dated entries.

    An id that a decision refers to is in `known` or an earlier decision's. Of a new article's names, those that are
    another article's already come back as weak keys, and make it another id.
    """
    claimed = claims(candidates, known, frozenset(map(folded, still_listed)))
    companions = Companions()
    for place, claim in claimed.items():
        companions.add(candidates[place], claim.known.id, claim.known.cluster, claim.known)
    decisions: list[Decision] = []
    for place, keyed in enumerate(candidates):
        if place in claimed:
            decision = _known_again(keyed, claimed[place])
        elif original := companions.original(keyed):
            decision = _copied(keyed, original)
        else:
            keyed = _with_free_id(keyed, known, companions)
            decision = _new(keyed, _look_alikes(keyed, known, companions) if near_duplicates else ())
            companions.add(keyed, keyed.id, decision.cluster or keyed.id)
        decisions.append(_with_free_keys(decision, known, companions))
    return tuple(decisions)


def _known_again(keyed: Keyed, claim: Claim) -> Decision:
    """An entry of an article of ours; only the source that had it first edits it, else two would edit in turn."""
    known, reason = claim.known, claim.reason
    keyed = _with_better_link(keyed, known)
    draft = keyed.draft
    if known.pruned:
        return Unchanged(id=known.id, keyed=keyed, reason=f"{reason}, pruned")
    if draft.source_id not in known.credited:
        return Duplicate(id=known.id, keyed=keyed, reason=reason)
    if draft.source_id == known.source_id:
        if keyed.fingerprint.digest != known.fingerprint.digest:
            return Updated(id=known.id, keyed=keyed, text_changed=True, reason=f"{reason}, edited")
        if draft.link_key not in (None, known.link_key) and draft.link != known.link:
            return Updated(id=known.id, keyed=keyed, text_changed=False, reason=f"{reason}, other link")
        if _beside_the_text(draft) != _beside_the_text(known):
            return Updated(id=known.id, keyed=keyed, text_changed=False, reason=f"{reason}, other people or media")
    return Unchanged(id=known.id, keyed=_without_passing_names(keyed), reason=reason)


def _with_better_link(keyed: Keyed, known: KnownArticle) -> Keyed:
    """An entry whose link is no name any more keeps the one that was: printed instead would be the feed's page."""
    draft = keyed.draft
    if draft.link_key or not known.link_key or draft.source_id != known.source_id:
        return keyed
    return replace(keyed, draft=replace(draft, link=known.link, link_key=known.link_key))


def _beside_the_text(one: Draft | KnownArticle) -> tuple[object, ...]:
    """What feeds pass on: a podcast's audio file may move, or come hours after its notes."""
    return one.authors, one.enclosures, one.image, one.terms


def _without_passing_names(keyed: Keyed) -> Keyed:
    """A source that dates its nameless entries anew at each fetch would leave a key at each fetch."""
    return keyed if is_named(keyed.draft) else replace(keyed, keys=tuple(key for key in keyed.keys if not key.strong))


def _copied(keyed: Keyed, original: KnownArticle) -> Duplicate | Unchanged:
    """A second entry of one article in one document; it never edits, since it would do so in turn with the first."""
    strong = {key.digest for key in keyed.keys if key.strong}
    kind = Unchanged if original.pruned or strong <= original.keys else Duplicate
    return kind(id=original.id, keyed=keyed, reason="copy of another entry")


def _look_alikes(keyed: Keyed, known: Store, companions: Companions) -> Iterator[KnownArticle]:
    for key in keyed.keys:
        if key.rule == "text":
            yield from _bearers(key, known, companions)


def _new(keyed: Keyed, look_alikes: Iterable[KnownArticle]) -> New:
    several = {known.id: known for known in look_alikes}
    for known in sorted(several.values(), key=lambda known: (known.published, known.id)):
        if reason := same_story(keyed, known):
            return New(keyed=keyed, cluster=known.cluster, reason=reason)
    return New(keyed=keyed, cluster=None, reason="not seen before")


def _with_free_id(keyed: Keyed, known: Store, companions: Companions) -> Keyed:
    """An id comes from the strongest name; who shares that name with another article gets one from its text too."""
    if all(bearer.id != keyed.id for key in keyed.keys for bearer in _bearers(key, known, companions)):
        return keyed
    own = blake2b(keyed.id.encode() + keyed.fingerprint.digest, digest_size=16).hexdigest()
    return replace(keyed, id=own)


def _bearers(key: Key, known: Store, companions: Companions) -> tuple[KnownArticle, ...]:
    stored, beside = known.get(key.digest, ()), companions.under(key.digest)
    return (*stored, *beside) if beside else stored


def _with_free_keys(decision: Decision, known: Store, companions: Companions) -> Decision:
    """The decision with those strong keys made weak that belong to another article: a strong key has one owner."""
    mine = decision.keyed.id if isinstance(decision, New) else decision.id

    def free(key: Key) -> Key:
        shared = key.strong and any(bearer.id != mine for bearer in _bearers(key, known, companions))
        return replace(key, strong=False) if shared else key

    keys = tuple(map(free, decision.keyed.keys))
    return decision if keys == decision.keyed.keys else replace(decision, keyed=replace(decision.keyed, keys=keys))
