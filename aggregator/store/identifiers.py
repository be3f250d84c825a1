"""Keys of articles: the digests by which the entries of an article are recognised."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import Any

from sqlalchemy import Connection, delete, func, not_, select, tuple_

from aggregator.model import Decision, New
from aggregator.store.dialect import RacedError
from aggregator.store.rows import listed, slices
from aggregator.store.schema import article
from aggregator.store.schema import key as key_table
from aggregator.store.statements import InsertRows, SelectByValues

MAX_PER_WEAK_KEY = 20  # articles, the newest: boilerplate and "Open thread" would find thousands

_select_keys = SelectByValues(select(*key_table.c["digest", "article_id", "strong"]), key_table.c.digest)
_insert = InsertRows(key_table, ("digest", "article_id", "strong"))
_by_age = func.row_number().over(
    partition_by=key_table.c.digest, order_by=(article.c.first_seen.desc(), article.c.position, article.c.id)
)
_ranked = (
    select(*key_table.c["digest", "article_id"], _by_age.label("rank"))
    .join(article)
    .where(key_table.c.digest.in_(listed("digests")), not_(key_table.c.strong))
    .subquery()
)
_surplus = select(*_ranked.c["digest", "article_id"]).where(_ranked.c.rank > MAX_PER_WEAK_KEY)
_DELETE_SURPLUS = delete(key_table).where(tuple_(key_table.c.digest, key_table.c.article_id).in_(_surplus))


def decided_id(decision: Decision) -> str:
    """Return the id of the article that a decision is about."""
    return decision.keyed.id if isinstance(decision, New) else decision.id


def insert_keys(connection: Connection, decisions: Sequence[Decision], inserted: Set[str]) -> int:
    """Insert the keys that the articles do not have yet, and return their number.

    A strong key of another article stays with it. Raises RacedError if an article that was `inserted` just now has a
    strong key of an older one: another process recorded that meanwhile.
    """
    digests = {key.digest for decision in decisions for key in decision.keyed.keys}
    stored = list(_select_keys(connection, digests))
    counts = Counter(row.digest for row in stored)
    rows = tuple(_missing_keys(decisions, stored, counts, inserted))
    _insert(connection, rows)
    for part in slices(digest for digest, count in counts.items() if count > MAX_PER_WEAK_KEY):
        connection.execute(_DELETE_SURPLUS, {"digests": part})
    return len(rows)


def _missing_keys(
    decisions: Iterable[Decision], stored: Iterable[Any], counts: Counter[bytes], inserted: Set[str]
) -> Iterator[tuple[bytes, str, bool]]:
    """Yield the rows to insert and add them to `counts`; an older article takes no newer one's place at a weak key."""
    present = {(row.digest, row.article_id) for row in stored}
    owners = {row.digest: row.article_id for row in stored if row.strong}
    for decision in decisions:
        article_id = decided_id(decision)
        for key in decision.keyed.keys:
            owner = owners.get(key.digest, article_id)
            if key.strong and article_id in inserted and owner not in inserted and owner != article_id:
                raise RacedError(f"Another process took the {key.rule} of an article first; try again")
            if key.strong:
                is_taken = owner != article_id
            else:
                is_taken = article_id not in inserted and counts[key.digest] >= MAX_PER_WEAK_KEY
            if is_taken or (key.digest, article_id) in present:
                continue
            present.add((key.digest, article_id))
            counts[key.digest] += 1
            if key.strong:
                owners[key.digest] = article_id
            yield key.digest, article_id, key.strong
