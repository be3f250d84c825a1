"""Last decisions on recorded articles, before their first publication. Shell.

Articles of several sources under one link are joined, near-equal ones put into clusters, and all get their names. That
is done for all of them together, so that nothing depends on the order in which their sources answered.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from itertools import chain

from msgspec.structs import replace

from aggregator.model import KnownArticle
from aggregator.store import Join, Store

PAGE = 1_000  # articles whose fingerprints are in memory at once, apart from those that may be near duplicates
BATCH = 50  # articles whose bodies are in memory at once, or those of one link


def prepare(store: Store, *, near_duplicates: bool) -> int:
    """Prepare all unpublished articles for publication; return the number of those that joined another one.

    Raises StoreError.
    """
    if not store.unpublished.exist():
        return 0
    from aggregator.dedupe import clusters  # a round without news does without its libraries

    with store.together():
        ids = store.unpublished.all()  # those that another process records meanwhile wait for the next time
        count = _join(store)
        if near_duplicates:
            store.unpublished.set_clusters(clusters(_with_shared_text(store)))
        store.unpublished.give_names()
        store.unpublished.clear(ids)
    return count


def _join(store: Store) -> int:
    from aggregator.dedupe import joined

    joins: list[Join] = []
    for groups in _batches(store.unpublished.with_shared_links()):
        articles = {article.id: article for article in store.unpublished.read(list(chain(*groups)))}
        for ids in groups:
            for article_id, into in joined(articles[article_id] for article_id in ids).items():
                joins.append(Join(id=article_id, into=into, is_published=articles[into].is_published))
    store.unpublished.join(joins)
    return len(joins)


def _batches(groups: Iterable[Collection[str]]) -> Iterator[list[Collection[str]]]:
    """Yield the groups of ids in batches: the bodies of one batch are in memory at once."""
    batch: list[Collection[str]] = []
    for ids in groups:
        batch.append(ids)
        if sum(map(len, batch)) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _with_shared_text(store: Store) -> list[KnownArticle]:
    """Return the unpublished articles whose text shares a key with that of another article, and these."""
    from aggregator.dedupe import text_keys

    shared: dict[str, set[bytes]] = defaultdict(set)
    last: str | None = None
    while page := store.unpublished.fingerprints(last, PAGE):
        last = max(page)
        digests = {article_id: text_keys(fingerprint) for article_id, fingerprint in page.items()}
        several = store.unpublished.with_shared_keys(set(chain(*digests.values())))
        for digest, ids in several.items():
            for article_id in ids:
                shared[article_id].add(digest)
        for article_id, own in digests.items():  # its row may be gone: a key has a limited number of articles
            if shared_keys := own & several.keys():
                shared[article_id] |= shared_keys
    return [replace(article, keys=frozenset(shared[article.id])) for article in store.unpublished.known(sorted(shared))]
