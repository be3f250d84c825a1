"""The keys by which articles are found again."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import Any

from sqlalchemy import Connection, delete, func, not_, select, tuple_

from aggregator.model import Decision, New
from aggregator.store.dialect import RacedError
from aggregator.store.rows import listed, slices
from aggregator.store.schema import article, key
from aggregator.store.statements import Among, Insert

MOST_BEARERS = 20  # articles that one weak key finds, the newest: boilerplate and "Open thread" name thousands

_bearers_of = Among(select(*key.c["digest", "article_id", "strong"]), key.c.digest)
_insert = Insert(key, ("digest", "article_id", "strong"))
_by_age = func.row_number().over(
    partition_by=key.c.digest, order_by=(article.c.first_seen.desc(), article.c.position, article.c.id)
)
_ranked = (
    select(*key.c["digest", "article_id"], _by_age.label("rank"))
    .join(article)
    .where(key.c.digest.in_(listed("digests")), not_(key.c.strong))
    .subquery()
)
_too_old = select(*_ranked.c["digest", "article_id"]).where(_ranked.c.rank > MOST_BEARERS)
_FORGET = delete(key).where(tuple_(key.c.digest, key.c.article_id).in_(_too_old))


def article_id(decision: Decision) -> str:
    """Id of the article that is decided on."""
    return decision.keyed.id if isinstance(decision, New) else decision.id


def insert_keys(connection: Connection, decisions: Sequence[Decision], fresh: Set[str]) -> int:
    """Give the articles those of their keys that they lack; the number of them.

    A strong key that is another's stays so. A `fresh` article whose strong key is another's should not be: RacedError.
    """
    digests = {one.digest for decision in decisions for one in decision.keyed.keys}
    stored = list(_bearers_of(connection, digests))
    bearers = Counter(row.digest for row in stored)
    rows = tuple(_missing(decisions, stored, bearers, fresh))
    _insert(connection, rows)
    for part in slices(digest for digest, count in bearers.items() if count > MOST_BEARERS):
        connection.execute(_FORGET, {"digests": part})
    return len(rows)


def _missing(
    decisions: Iterable[Decision], stored: Iterable[Any], bearers: Counter[bytes], fresh: Set[str]
) -> Iterator[tuple[bytes, str, bool]]:
    """Keys to insert, counted in `bearers`; under a weak key an older article takes no newer one's place."""
    named = {(row.digest, row.article_id) for row in stored}
    owners = {row.digest: row.article_id for row in stored if row.strong}
    for decision in decisions:
        bearer = article_id(decision)
        for one in decision.keyed.keys:
            owner = owners.get(one.digest, bearer)
            if one.strong and bearer in fresh and owner not in fresh and owner != bearer:
                raise RacedError(f"Another process took the {one.rule} of an article first; try again")
            full = owner != bearer if one.strong else bearer not in fresh and bearers[one.digest] >= MOST_BEARERS
            if full or (one.digest, bearer) in named:
                continue
            named.add((one.digest, bearer))
            bearers[one.digest] += 1
            if one.strong:
                owners[one.digest] = bearer
            yield one.digest, bearer, one.strong
