"""Matches between the entries of one document and stored articles, the surest first. Pure.

If keys alone decided, two entries could change one article in turn, or a new entry could replace a similar one. So each
article is matched once, by strong keys before weak ones, and by some rules only if the document no longer lists the
article's own entry.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from aggregator.dedupe.batch_matches import MAX_ARTICLES
from aggregator.dedupe.key_rules import RULES, fold_scheme
from aggregator.dedupe.ownership import owner_claim
from aggregator.dedupe.similarity import is_different, is_republication, is_similar
from aggregator.model import Carrier, Draft, Keyed, KnownArticle

KnownByKey = Mapping[bytes, tuple[KnownArticle, ...]]  # by key digest: the articles that have the key, oldest first

REPUBLISHED = 3  # entries, and half of the document
PERIOD = timedelta(days=2)  # over which these were published at first; forecasts of a day look alike each day

_RULES = {rule.name: (rank, rule) for rank, rule in enumerate(RULES)}


class _Document(NamedTuple):
    """The document that the drafts come from."""

    carrier: Carrier  # its source
    still_listed: frozenset[str]  # ids of its entries, less the reassigned ones
    reassigned: frozenset[str]  # guids that now belong to another entry
    is_republished: bool = False  # with other guids and links, and perhaps dates, than before


class Match(NamedTuple):
    """The draft at `position` is an entry of `article`; a smaller rank is surer."""

    rank: tuple[object, ...]
    position: int
    article: KnownArticle
    reason: str


def find_matches(
    drafts: Sequence[Keyed], known_by_key: KnownByKey, still_listed: frozenset[str], carrier: Carrier
) -> dict[int, Match]:
    """Return the matches by the drafts' positions; takes linear time but for one sorting.

    `carrier` is the source of the drafts.
    """
    matches: dict[int, Match] = {}
    matched_ids: set[str] = set()
    reassigned = _reassigned_guids(drafts, known_by_key)
    document = _Document(carrier, still_listed - reassigned, reassigned)
    originals = _without_copies(drafts)
    for strong in (True, False):
        unmatched = [(position, keyed) for position, keyed in originals if position not in matches]
        if not strong:
            document = document._replace(is_republished=_is_republished(unmatched, known_by_key, document))
        possible = [
            match
            for position, keyed in unmatched
            for match in _possible(position, keyed, known_by_key, document, strong=strong)
        ]
        for match in sorted(possible, key=lambda match: (match.rank, match.position, match.article.id)):
            if match.position not in matches and match.article.id not in matched_ids:
                matches[match.position] = match
                matched_ids.add(match.article.id)
    return matches


def _reassigned_guids(drafts: Sequence[Keyed], known_by_key: KnownByKey) -> frozenset[str]:
    """Return the guids that now belong to another entry; () unless a link proves one case, since edits look alike.

    Some sources number the entries of a document, and give each the next one's guid when an entry is added.
    """
    moved = [
        keyed
        for keyed in drafts
        if any(is_different(keyed, article) for article in _with_key_of("guid", keyed, known_by_key))
    ]
    if not any(is_similar(keyed, article) for keyed in moved for article in _with_key_of("link", keyed, known_by_key)):
        return frozenset()
    return frozenset(fold_scheme(keyed.draft.guid) for keyed in moved if keyed.draft.guid)


def _is_republished(unmatched: Sequence[tuple[int, Keyed]], known_by_key: KnownByKey, document: _Document) -> bool:
    """Return whether the source has published its entries anew, as after a change of its software.

    One alone could be the next issue of a column, and a few among others offers that come again. Here they are half of
    the document at least, the only ones of their title and text that were ever seen, were published over days, and are
    gone at once.
    """
    dates, ids = [], set[str]()
    for _, keyed in unmatched:
        titled = _with_key_of("title", keyed, known_by_key)
        articles = [article for article in titled if is_republication(keyed, article)]
        if len(articles) == 1 and not _is_listed(articles[0], keyed.draft, document.still_listed):
            dates.append(articles[0].published)
            ids.update(_ids(keyed.draft.guid_key, keyed.draft.link_key))
    is_half = 2 * len(ids) >= len(document.still_listed)
    return is_half and len(dates) >= REPUBLISHED and max(dates) - min(dates) >= PERIOD


def _with_key_of(rule: str, keyed: Keyed, known_by_key: KnownByKey) -> Iterator[KnownArticle]:
    for key in keyed.keys:
        if key.rule == rule:
            yield from known_by_key.get(key.digest, ())[-MAX_ARTICLES:]


def _without_copies(drafts: Sequence[Keyed]) -> tuple[tuple[int, Keyed], ...]:
    """Return the drafts and their positions; of those with equal keys and text only the oldest can match."""
    originals: dict[tuple[object, ...], tuple[int, Keyed]] = {}
    for position, keyed in sorted(enumerate(drafts), key=lambda numbered: numbered[1].draft.published):
        strong_keys = (key.digest for key in keyed.keys if key.strong)
        originals.setdefault((keyed.fingerprint.digest, *strong_keys), (position, keyed))
    return tuple(originals.values())


def _possible(
    position: int,
    keyed: Keyed,
    known_by_key: KnownByKey,
    document: _Document,
    *,
    strong: bool,
) -> Iterator[Match]:
    """Yield the matches of a draft that its strong or its weak keys find and the evidence confirms."""
    tried: set[str] = set()
    for key in keyed.keys:
        rank, rule = _RULES[key.rule]
        for article in known_by_key.get(key.digest, ())[-MAX_ARTICLES:] if key.strong == strong else ():
            if article.id in tried or (rule.only_if_gone and _is_listed(article, keyed.draft, document.still_listed)):
                continue
            is_reassigned = rule.name == "guid" and fold_scheme(keyed.draft.guid or "") in document.reassigned
            if is_reassigned and is_different(keyed, article):
                continue
            tried.add(article.id)
            reason = rule.evidence(keyed, article, document.carrier)
            if not reason and rule.name == "title" and document.is_republished and is_republication(keyed, article):
                reason = "same title and text or date, published anew"
            if reason:
                yield Match((rank, *_differences(keyed, article)), position, article, reason)


def _is_listed(article: KnownArticle, draft: Draft, still_listed: frozenset[str]) -> bool:
    """Return whether the document still has the article's own entry, under a guid or link that `draft` has not."""
    if article.source_id != draft.source_id:
        return False
    ids = _ids(article.guid, article.link_key) - _ids(draft.guid, draft.link_key)
    return not ids.isdisjoint(still_listed)


def _ids(*ids: str | None) -> frozenset[str]:
    return frozenset(fold_scheme(id_) for id_ in ids if id_)


def _differences(keyed: Keyed, article: KnownArticle) -> tuple[object, ...]:
    """Return the rank of a match within its rule, by the greatest differences; the entries' order plays no part."""
    return (
        owner_claim(article) if keyed.draft.source_id not in article.credited else (),
        keyed.fingerprint.digest != article.fingerprint.digest,
        keyed.draft.guid != article.guid,
        keyed.draft.published != article.published,
        keyed.draft.published,
        keyed.fingerprint.digest,
    )
