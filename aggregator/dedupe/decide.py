"""Decisions on the entries of one document. Pure."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b

from msgspec.structs import replace

from aggregator.dedupe.batch_matches import BatchMatches
from aggregator.dedupe.key_rules import fold_scheme
from aggregator.dedupe.matching import KnownByKey, Match, find_matches
from aggregator.dedupe.ownership import claim, next_owner, owner_claim
from aggregator.dedupe.similarity import is_identified
from aggregator.model import (
    Carrier,
    Decision,
    Departure,
    Draft,
    Duplicate,
    Key,
    Keyed,
    KnownArticle,
    New,
    Unchanged,
    Updated,
)
from aggregator.urls import registrable_name


def decide(
    drafts: Sequence[Keyed], known_by_key: KnownByKey, *, still_listed: Iterable[str], carrier: Carrier
) -> tuple[Decision, ...]:
    """Return a decision for each draft, in their order: the entries of a document that were not in the last one.

    `known_by_key` holds the stored articles that have one of the drafts' keys. `still_listed` holds `guid_key` and
    `link_key` of all entries of the document, old ones included: an article whose entry is still listed was not
    renamed, however similar a new entry is. `carrier` is the source of the document. The number of new articles does
    not depend on the order of dated entries.

    The id of a decision is that of a stored article or of an earlier decision. Keys of a new article that are strong
    keys of another one come back as weak keys, and give the new article another id.
    """
    matches = find_matches(drafts, known_by_key, frozenset(map(fold_scheme, still_listed)), carrier)
    departures = {
        position: departure
        for position, match in matches.items()
        if (departure := _departure(drafts[position].draft, match.article))
    }
    batch = BatchMatches()
    for position, match in matches.items():
        if position not in departures:
            batch.add(drafts[position], match.article.id, match.article)
    decisions: list[Decision] = []
    for position, keyed in enumerate(drafts):
        if position in matches and position not in departures:
            decision = _decide_match(keyed, matches[position], carrier)
        elif original := batch.original(keyed):
            decision = _decide_copy(keyed, original)
        else:
            keyed = _with_free_id(keyed, known_by_key, batch)
            decision = _decide_new(keyed, departures.get(position))
            batch.add(keyed, keyed.id)
        decisions.append(_with_free_keys(decision, known_by_key, batch))
    return tuple(decisions)


def _departure(draft: Draft, article: KnownArticle) -> Departure | None:
    """Return the departure of a source that moves its link to another host from an article that others carry too."""
    if article.pruned or draft.source_id not in article.credited or not draft.link_key or not article.link_key:
        return None
    if registrable_name(draft.link_key) == registrable_name(article.link_key):
        return None
    owner = next_owner(article, draft.source_id)
    return Departure(id=article.id, next_owner=owner) if owner is not None else None


def _decide_match(keyed: Keyed, match: Match, carrier: Carrier) -> Decision:
    """Decide on an entry of a known article; only its owner edits it, else two would edit it in turn."""
    article, reason = match.article, match.reason
    keyed = _with_better_link(keyed, article)
    draft = keyed.draft
    if article.withdrawn:
        reason = f"{reason}, published again"
        return Updated(id=article.id, keyed=keyed, text_changed=True, is_edit=False, takes_over=True, reason=reason)
    if article.pruned:
        return Unchanged(id=article.id, keyed=keyed, reason=f"{reason}, pruned")
    if draft.source_id != article.source_id and _takes_over(keyed, article, carrier):
        text_changed = keyed.fingerprint.digest != article.fingerprint.digest
        reason = f"{reason}, of its owner"
        return Updated(id=article.id, keyed=keyed, text_changed=text_changed, takes_over=True, reason=reason)
    if draft.source_id not in article.credited:
        return Duplicate(id=article.id, keyed=keyed, reason=reason)
    if draft.source_id == article.source_id:
        if keyed.fingerprint.digest != article.fingerprint.digest:
            is_edit = article.fingerprint.digest != b""  # else its former owner withdrew the text
            reason = f"{reason}, edited" if is_edit else f"{reason}, of its next owner"
            return Updated(id=article.id, keyed=keyed, text_changed=True, is_edit=is_edit, reason=reason)
        if draft.link_key not in (None, article.link_key) and draft.link != article.link:
            return Updated(id=article.id, keyed=keyed, text_changed=False, reason=f"{reason}, other link")
        if _people_and_media(draft) != _people_and_media(article):
            return Updated(id=article.id, keyed=keyed, text_changed=False, reason=f"{reason}, other people or media")
    return Unchanged(id=article.id, keyed=_without_changing_keys(keyed), reason=reason)


def _takes_over(keyed: Keyed, article: KnownArticle, carrier: Carrier) -> bool:
    """Return whether the source owns the article from now on: one that carries it already, for its link's host only."""
    present, claimed = owner_claim(article), claim(carrier, article.link, keyed.fingerprint.words)
    if keyed.draft.source_id in article.credited:
        return claimed.ground < present.ground
    return claimed < present


def _with_better_link(keyed: Keyed, article: KnownArticle) -> Keyed:
    """Return the entry with the article's link if its own is no key any more and would be the feed's page."""
    draft = keyed.draft
    if draft.link_key or not article.link_key or draft.source_id != article.source_id:
        return keyed
    return replace(keyed, draft=replace(draft, link=article.link, link_key=article.link_key))


def _people_and_media(entry: Draft | KnownArticle) -> tuple[object, ...]:
    """Return what feeds pass on beside the text: a podcast's file may move, or come hours after its notes."""
    return entry.authors, entry.enclosures, entry.image, entry.external_url, entry.terms, entry.details


def _without_changing_keys(keyed: Keyed) -> Keyed:
    """Return the entry without strong keys if they are of its date, which some sources change at each fetch."""
    if is_identified(keyed.draft):
        return keyed
    return replace(keyed, keys=tuple(key for key in keyed.keys if not key.strong))


def _decide_copy(keyed: Keyed, original: KnownArticle) -> Duplicate | Unchanged:
    """Decide on a second entry of one article in one document; it never edits, or both would edit in turn."""
    strong = {key.digest for key in keyed.keys if key.strong}
    kind = Unchanged if original.pruned or strong <= original.keys else Duplicate
    return kind(id=original.id, keyed=keyed, reason="copy of another entry")


def _decide_new(keyed: Keyed, departure: Departure | None) -> New:
    reason = "its link moved to another host" if departure else "not seen before"
    return New(keyed=keyed, leaves=departure, reason=reason)


def _with_free_id(keyed: Keyed, known_by_key: KnownByKey, batch: BatchMatches) -> Keyed:
    """Return the entry with an id that no article has: that of its strongest key, or of its text too."""
    if all(article.id != keyed.id for key in keyed.keys for article in _with_key(key, known_by_key, batch)):
        return keyed
    id_ = blake2b(keyed.id.encode() + keyed.fingerprint.digest, digest_size=16).hexdigest()
    return replace(keyed, id=id_)


def _with_free_keys(decision: Decision, known_by_key: KnownByKey, batch: BatchMatches) -> Decision:
    """Return the decision with strong keys of other articles made weak: a strong key belongs to one article."""
    ids = {decision.keyed.id if isinstance(decision, New) else decision.id}
    if isinstance(decision, New) and decision.leaves:
        ids.add(decision.leaves.id)  # gives up the keys

    def free(key: Key) -> Key:
        shared = key.strong and any(article.id not in ids for article in _with_key(key, known_by_key, batch))
        return replace(key, strong=False) if shared else key

    keys = tuple(map(free, decision.keyed.keys))
    return decision if keys == decision.keyed.keys else replace(decision, keyed=replace(decision.keyed, keys=keys))


def _with_key(key: Key, known_by_key: KnownByKey, batch: BatchMatches) -> tuple[KnownArticle, ...]:
    return (*known_by_key.get(key.digest, ()), *batch.with_key(key.digest))
