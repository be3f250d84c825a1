"""The search: the terms of articles, written with the articles themselves, and the lists of those that match."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from zlib import crc32

from sqlalchemy import BigInteger, Connection, String, bindparam, column, delete, select, text

from aggregator.model import Listing
from aggregator.search_terms import SearchTerm, article_terms
from aggregator.store.database import Database
from aggregator.store.listings import ListingStore
from aggregator.store.rows import listed
from aggregator.store.schema import article, searchable
from aggregator.store.search_index import SEARCH_INDEXES
from aggregator.store.statements import InsertRows, SelectByValues

MAX_NUMBER = 2**63 - 1
_LAST_SECOND = 2**32 - 1
BATCH = 200  # articles whose texts are in memory

_ids = listed("ids")
_TEXTS = select(*article.c["id", "title", "html", "published"]).where(
    article.c.id.in_(_ids), article.c.pruned.is_(False), article.c.dropped.is_(None)
)
_TERMS = select(*searchable.c["article_id", "terms"]).where(searchable.c.article_id.in_(_ids))
_DELETE = delete(searchable).where(searchable.c.article_id.in_(_ids))
_NEXT_IDS = select(article.c.id).where(article.c.id > bindparam("after")).order_by(article.c.id).limit(BATCH)
_PLACE = (
    select(searchable.c.number, article.c.published)
    .select_from(article)
    .outerjoin(searchable)
    .where(article.c.id == bindparam("id"))
)
_select_numbers = SelectByValues(select(searchable.c.number), searchable.c.number)
_insert = InsertRows(searchable, ("number", "article_id", "terms"))


def index_articles(connection: Connection, ids: Iterable[str]) -> None:
    """Write the terms of these articles where they changed; those of pruned and dropped articles are deleted."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), BATCH):
        rows, changed, stored = _differing(connection, ordered[start : start + BATCH])
        if replaced := changed & stored:
            connection.execute(_DELETE, {"ids": sorted(replaced)})
        if changed:
            _insert_terms(connection, [rows[article_id] for article_id in sorted(changed & rows.keys())])


def index_all(connection: Connection) -> None:
    """Write the terms of all articles where they differ."""
    last = ""
    while ids := connection.scalars(_NEXT_IDS, {"after": last}).all():
        last = ids[-1]
        index_articles(connection, ids)


def _differing(
    connection: Connection, ids: Sequence[str]
) -> tuple[Mapping[str, tuple[str, datetime, str]], frozenset[str], frozenset[str]]:
    """Return the id, date and terms of these articles, by id, the ids of those that differ, and of those stored."""
    stored: dict[str, str] = dict(map(tuple, connection.execute(_TERMS, {"ids": ids})))
    rows = {
        row.id: (row.id, row.published, article_terms(row.title, row.html))
        for row in connection.execute(_TEXTS, {"ids": ids})
    }
    missing = (article_id for article_id, (*_, terms) in rows.items() if stored.get(article_id) != terms)
    return rows, frozenset((*missing, *(stored.keys() - rows.keys()))), frozenset(stored)


def _insert_terms(connection: Connection, rows: Iterable[tuple[str, datetime, str]]) -> None:
    """Insert terms under numbers in the order of the articles' dates; one that is taken gives way to the next."""
    numbered = [(_number(article_id, published), article_id, terms) for article_id, published, terms in rows]
    numbers = {number for (number,) in _select_numbers(connection, [number for number, *_ in numbered])}
    inserts: list[tuple[int, str, str]] = []
    for first, article_id, terms in numbered:
        number = first
        while number in numbers:
            number += 1
            numbers.update(number_in_use for (number_in_use,) in _select_numbers(connection, [number]))
        numbers.add(number)
        inserts.append((number, article_id, terms))
    _insert(connection, inserts)


def _number(article_id: str, published: datetime) -> int:
    """Return the place of an article in the search: by its second, and within that the same in every database."""
    second = min(max(0, int(published.timestamp())), _LAST_SECOND)
    return (second << 31) + (crc32(article_id.encode()) >> 1)


class SearchStore:
    """The full-text index over titles and texts."""

    def __init__(self, database: Database, listings: ListingStore) -> None:
        self._database, self._listings = database, listings

    def find(self, terms: Sequence[SearchTerm], limit: int, before: str | None = None) -> Listing:
        """Return up to `limit` articles that match all terms, newest first; those before the article `before`.

        All members of clusters are found. Raises KeyError for an unknown `before`.
        """
        with self._database.reading() as connection:
            below = MAX_NUMBER if before is None else _place(connection, before)
            if not terms:
                return Listing(articles=(), older=None)
            query, parameters = SEARCH_INDEXES[connection.dialect.name].select(terms)
            statement = text(query).bindparams(bindparam("below", type_=BigInteger))
            matching = statement.columns(column("article_id", String))
            ids = connection.scalars(matching, {**parameters, "below": below, "limit": limit + 1}).all()
        articles = {listed_article.id: listed_article for listed_article in self._listings.by_ids(ids[:limit])}
        return Listing(
            articles=tuple(articles[article_id] for article_id in ids[:limit] if article_id in articles),
            older=ids[limit - 1] if len(ids) > limit else None,
        )

    def differing(self, after: str | None) -> tuple[str | None, Collection[str]]:
        """Return the last id of the next articles, None at the end, and the ids of those whose terms differ."""
        with self._database.reading() as connection:
            ids = connection.scalars(_NEXT_IDS, {"after": after or ""}).all()
            return (ids[-1], sorted(_differing(connection, ids)[1])) if ids else (None, ())

    def repair(self) -> None:
        """Write the terms that differ, and make the index anew from them."""
        with self._database.writing() as connection:
            for statement in SEARCH_INDEXES[connection.dialect.name].rebuild:
                connection.exec_driver_sql(statement)
            index_all(connection)


def _place(connection: Connection, article_id: str) -> int:
    row = connection.execute(_PLACE, {"id": article_id}).one_or_none()
    if row is None:
        raise KeyError(article_id)
    return row.number if row.number is not None else _number(article_id, row.published)
