"""What is known of the articles that bear given names."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Connection, RowMapping, select

from aggregator.model import KnownArticle
from aggregator.store.rows import FINGERPRINT, fingerprint_from, listed, slices
from aggregator.store.schema import article, article_source, key
from aggregator.store.statements import Among

_ids = listed("ids")
_bearers_of = Among(select(key.c.digest, key.c.article_id), key.c.digest)
_NAMES = ("id", "source_id", "guid", "link", "link_key", "title", "published", "cluster", "pruned")
_AS_STORED = (*_NAMES, "authors", "enclosures", "image", "terms")
_ARTICLES = select(*article.c[*_AS_STORED, *FINGERPRINT, "first_seen", "position"]).where(article.c.id.in_(_ids))
_CREDITED = select(article_source.c.article_id, article_source.c.source_id).where(article_source.c.article_id.in_(_ids))


def known(connection: Connection, digests: Iterable[bytes]) -> dict[bytes, tuple[KnownArticle, ...]]:
    """The articles that each of these keys names, those seen first in front; keys that name none are left out.

    Three queries, however many keys.
    """
    named: dict[str, set[bytes]] = defaultdict(set)
    for digest, article_id in _bearers_of(connection, digests):
        named[article_id].add(digest)
    credited: dict[str, set[int]] = defaultdict(set)
    rows: list[RowMapping] = []
    for ids in slices(named):
        rows += connection.execute(_ARTICLES, {"ids": ids}).mappings()
        for article_id, source_id in connection.execute(_CREDITED, {"ids": ids}):
            credited[article_id].add(source_id)
    found: dict[bytes, list[KnownArticle]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row["first_seen"], row["position"], row["id"])):
        one = _known(row, frozenset(credited[row["id"]]), frozenset(named[row["id"]]))
        for digest in one.keys:
            found[digest].append(one)
    return {digest: tuple(several) for digest, several in found.items()}


def _known(row: RowMapping, credited: frozenset[int], keys: frozenset[bytes]) -> KnownArticle:
    stored = {name: row[name] for name in _AS_STORED}
    return KnownArticle(credited=credited, fingerprint=fingerprint_from(row), keys=keys, **stored)
