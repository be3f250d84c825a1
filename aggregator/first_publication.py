"""Last decisions on recorded articles, before their first publication. Shell.

Articles of several sources under one link are joined, near-equal ones put into clusters, and all get their names. That
is done for all of them together, so that nothing depends on the order in which their sources answered.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace

from aggregator.dedupe import clusters, joined, keys, text_keys
from aggregator.model import KnownArticle
from aggregator.store import Join, Store

PAGE = 1_000  # articles in memory at once, apart from those that may be near duplicates


def prepare(store: Store, *, near_duplicates: bool) -> int:
    """Prepare all unpublished articles for publication; return the number of those that joined another one.

    Raises StoreError.
    """
    if not store.unpublished.exist():
        return 0
    with store.together():
        count = _join(store)
        if near_duplicates:
            store.unpublished.set_clusters(clusters(_with_shared_text(store)))
        store.unpublished.give_names()
        store.unpublished.clear()
    return count


def _join(store: Store) -> int:
    joins: list[Join] = []
    for ids in store.unpublished.with_shared_links():
        drafts = {article.id: (draft, article) for draft, article in store.unpublished.read(ids)}
        for article_id, into in joined(article for _, article in drafts.values()).items():
            draft, article = drafts[article_id]
            joins.append(Join(id=article_id, into=into, keys=keys(draft, article.fingerprint)))
    store.unpublished.join(joins)
    return len(joins)


def _with_shared_text(store: Store) -> list[KnownArticle]:
    """Return the unpublished articles whose text shares a key with that of another article, and these."""
    articles: dict[str, KnownArticle] = {}
    others: dict[str, set[bytes]] = defaultdict(set)
    last: str | None = None
    while page := store.unpublished.page(last, PAGE):
        last = max(article.id for article in page)
        digests = {article.id: text_keys(article.fingerprint) for article in page}
        shared = _shared(store, {digest for group in digests.values() for digest in group})
        for article in page:
            if own := digests[article.id] & shared.keys():
                articles[article.id] = replace(article, keys=frozenset(own))
        for digest, ids in shared.items():
            for article_id in ids:
                others[article_id].add(digest)
    published = [article_id for article_id in others if article_id not in articles]
    for article in store.unpublished.known(published):
        if article.is_published:
            articles[article.id] = replace(article, keys=frozenset(others[article.id]))
    return list(articles.values())


def _shared(store: Store, digests: Collection[bytes]) -> dict[bytes, Collection[str]]:
    """Return those of these keys that several articles have, with their ids."""
    return {digest: ids for digest, ids in store.unpublished.with_keys(digests).items() if len(ids) > 1}
