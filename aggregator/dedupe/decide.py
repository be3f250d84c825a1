"""Decisions on the entries of one document. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import blake2b

from aggregator.dedupe.batch_matches import BatchMatches
from aggregator.dedupe.matching import KnownByKey, Match, find_matches
from aggregator.dedupe.rules import fold_scheme
from aggregator.dedupe.similarity import is_identified, same_cluster
from aggregator.model import Decision, Draft, Duplicate, Key, Keyed, KnownArticle, New, Unchanged, Updated


def decide(
    drafts: Sequence[Keyed], known_by_key: KnownByKey, *, still_listed: Iterable[str], near_duplicates: bool = True
) -> tuple[Decision, ...]:
    """Return a decision for each draft, in their order: the entries of a document that were not in the last one.

    `known_by_key` holds the stored articles that have one of the drafts' keys. `still_listed` holds `guid_key` and
    `link_key` of all entries of the document, old ones included: an article whose entry is still listed was not
    renamed, however similar a new entry is. With `near_duplicates` a new article joins the cluster of a near-equal one.
    The number of new articles does not depend on the order of dated entries.

    The id of a decision is that of a stored article or of an earlier decision. Keys of a new article that are strong
    keys of another one come back as weak keys, and give the new article another id.
    """
    matches = find_matches(drafts, known_by_key, frozenset(map(fold_scheme, still_listed)))
    batch = BatchMatches()
    for position, match in matches.items():
        batch.add(drafts[position], match.article.id, match.article.cluster, match.article)
    decisions: list[Decision] = []
    for position, keyed in enumerate(drafts):
        if position in matches:
            decision = _decide_match(keyed, matches[position])
        elif original := batch.original(keyed):
            decision = _decide_copy(keyed, original)
        else:
            keyed = _with_free_id(keyed, known_by_key, batch)
            decision = _decide_new(keyed, known_by_key, batch, near_duplicates=near_duplicates)
            batch.add(keyed, keyed.id, decision.cluster or keyed.id)
        decisions.append(_with_free_keys(decision, known_by_key, batch))
    return tuple(decisions)


def _decide_match(keyed: Keyed, match: Match) -> Decision:
    """Decide on an entry of a known article; only its first source edits it, else two would edit it in turn."""
    article, reason = match.article, match.reason
    keyed = _with_better_link(keyed, article)
    draft = keyed.draft
    if article.pruned:
        return Unchanged(id=article.id, keyed=keyed, reason=f"{reason}, pruned")
    if draft.source_id not in article.credited:
        return Duplicate(id=article.id, keyed=keyed, reason=reason)
    if draft.source_id == article.source_id:
        if keyed.fingerprint.digest != article.fingerprint.digest:
            return Updated(id=article.id, keyed=keyed, text_changed=True, reason=f"{reason}, edited")
        if draft.link_key not in (None, article.link_key) and draft.link != article.link:
            return Updated(id=article.id, keyed=keyed, text_changed=False, reason=f"{reason}, other link")
        if _people_and_media(draft) != _people_and_media(article):
            return Updated(id=article.id, keyed=keyed, text_changed=False, reason=f"{reason}, other people or media")
    return Unchanged(id=article.id, keyed=_without_changing_keys(keyed), reason=reason)


def _with_better_link(keyed: Keyed, article: KnownArticle) -> Keyed:
    """Return the entry with the article's link if its own is no key any more and would be the feed's page."""
    draft = keyed.draft
    if draft.link_key or not article.link_key or draft.source_id != article.source_id:
        return keyed
    return replace(keyed, draft=replace(draft, link=article.link, link_key=article.link_key))


def _people_and_media(entry: Draft | KnownArticle) -> tuple[object, ...]:
    """Return what feeds pass on beside the text: a podcast's file may move, or come hours after its notes."""
    return entry.authors, entry.enclosures, entry.image, entry.terms


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


def _decide_new(keyed: Keyed, known_by_key: KnownByKey, batch: BatchMatches, *, near_duplicates: bool) -> New:
    """Decide on a new article, which may join the cluster of the oldest near-equal one."""
    text_keys = [key for key in keyed.keys if key.rule == "text"] if near_duplicates else []
    articles = {article.id: article for key in text_keys for article in _with_key(key, known_by_key, batch)}
    for article in sorted(articles.values(), key=lambda article: (article.published, article.id)):
        if reason := same_cluster(keyed, article):
            return New(keyed=keyed, cluster=article.cluster, reason=reason)
    return New(keyed=keyed, cluster=None, reason="not seen before")


def _with_free_id(keyed: Keyed, known_by_key: KnownByKey, batch: BatchMatches) -> Keyed:
    """Return the entry with an id that no article has: that of its strongest key, or of its text too."""
    if all(article.id != keyed.id for key in keyed.keys for article in _with_key(key, known_by_key, batch)):
        return keyed
    id_ = blake2b(keyed.id.encode() + keyed.fingerprint.digest, digest_size=16).hexdigest()
    return replace(keyed, id=id_)


def _with_free_keys(decision: Decision, known_by_key: KnownByKey, batch: BatchMatches) -> Decision:
    """Return the decision with strong keys of other articles made weak: a strong key belongs to one article."""
    id_ = decision.keyed.id if isinstance(decision, New) else decision.id

    def free(key: Key) -> Key:
        shared = key.strong and any(article.id != id_ for article in _with_key(key, known_by_key, batch))
        return replace(key, strong=False) if shared else key

    keys = tuple(map(free, decision.keyed.keys))
    return decision if keys == decision.keyed.keys else replace(decision, keyed=replace(decision.keyed, keys=keys))


def _with_key(key: Key, known_by_key: KnownByKey, batch: BatchMatches) -> tuple[KnownArticle, ...]:
    return (*known_by_key.get(key.digest, ()), *batch.with_key(key.digest))
