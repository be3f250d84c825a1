"""Decisions on articles before their first publication. Pure.

Until then nobody has seen them, so that they can be decided on together: the result depends on the articles alone and
not on the order in which their sources answered.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from aggregator.dedupe.batch_matches import MAX_ARTICLES
from aggregator.dedupe.ownership import owner_claim, owner_of
from aggregator.dedupe.similarity import Version, is_near_duplicate, same_page
from aggregator.model import KnownArticle


def joined(articles: Iterable[KnownArticle]) -> Mapping[str, str]:
    """Return the ids of those of these articles that another source's article stands for, each with that one's id.

    `articles` have one canonical link, their bodies and their owners. The one with the best claim comes first, behind
    published ones: the next ones belong to it if their text confirms it, else they are articles of their own.
    """
    owners: dict[str, KnownArticle] = {}
    sources: dict[str, set[int]] = {}
    results: dict[str, str] = {}
    for article in sorted(articles, key=_claim_order):
        for owner in () if article.is_published else owners.values():
            if article.source_id not in sources[owner.id] and same_page(_version(article), _version(owner)):
                results[article.id] = owner.id
                sources[owner.id].add(article.source_id)
                break
        else:
            owners[article.id] = article
            sources[article.id] = {article.source_id, *article.credited}
    return results


def clusters(articles: Sequence[KnownArticle]) -> Mapping[str, str]:
    """Return the cluster that each unpublished article joins, by id; those that join none are left out.

    `articles` have the keys of their texts that another one has too. Published ones stay where they are. The earliest
    published is the head, ties are broken by the place in feeds.yaml and in the document.
    """
    by_key: dict[bytes, list[KnownArticle]] = defaultdict(list)
    heads: dict[str, str] = {}
    for article in sorted(articles, key=_order):
        if not article.is_published:
            candidates = {candidate.id: candidate for key in article.keys for candidate in by_key[key]}
            for candidate in sorted(candidates.values(), key=_order):
                if is_near_duplicate(article, candidate):
                    heads[article.id] = heads.get(candidate.id, candidate.cluster)
                    break
        for key in article.keys:
            if len(by_key[key]) < MAX_ARTICLES:
                by_key[key].append(article)
    return heads


def _claim_order(article: KnownArticle) -> tuple[object, ...]:
    return not article.is_published, owner_claim(article), article.position, article.id


def _order(article: KnownArticle) -> tuple[object, ...]:
    return not article.is_published, article.published, owner_of(article).ordinal, article.position, article.id


def _version(article: KnownArticle) -> Version:
    return Version(article.link, article.html, article.fingerprint, owner_of(article))
