"""The search: the terms of articles, written with the articles themselves, and the lists of those that match."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, String, bindparam, column, delete, select, text

from aggregator.model import Listing
from aggregator.search_terms import SearchTerm, article_terms
from aggregator.store.database import Database
from aggregator.store.listings import ListingStore
from aggregator.store.rows import listed
from aggregator.store.schema import article, article_text, of_article, searchable
from aggregator.store.search_index import SEARCH_INDEXES
from aggregator.store.statements import InsertRows

MAX_NUMBER = 2**63 - 1
BATCH = 200  # articles whose texts are in memory

_ids = listed("ids")
_STORED = (
    select(*article.c["id", "number", "title"], article_text.c.html, searchable.c.terms)
    .add_columns(article.c.dropped.is_not(None).label("is_dropped"))
    .select_from(article)
    .join(article_text, of_article)
    .outerjoin(searchable, searchable.c.number == article.c.number)
    .where(article.c.id.in_(_ids), article.c.pruned.is_(False))  # terms of pruned ones go with their texts
)
_DELETE = delete(searchable).where(searchable.c.number.in_(listed("numbers")))
_NEXT_IDS = select(article.c.id).where(article.c.id > bindparam("after")).order_by(article.c.id).limit(BATCH)
_NUMBER = select(article.c.number).where(article.c.id == bindparam("id"))
_insert = InsertRows(searchable, ("number", "terms"))


def index_articles(connection: Connection, ids: Iterable[str]) -> None:
    """Write the terms of these articles where they changed; those of dropped articles are deleted."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), BATCH):
        changes = _differing(connection, ordered[start : start + BATCH])
        if replaced := sorted(change.number for change in changes if change.before is not None):
            connection.execute(_DELETE, {"numbers": replaced})
        _insert(connection, ((change.number, change.terms) for change in changes if change.terms is not None))


def index_all(connection: Connection) -> None:
    """Write the terms of all articles where they differ."""
    last = ""
    while ids := connection.scalars(_NEXT_IDS, {"after": last}).all():
        last = ids[-1]
        index_articles(connection, ids)


class _Change(NamedTuple):
    """An article whose stored terms are not those of its text; None: it has, or is to have, none."""

    id: str
    number: int
    before: str | None
    terms: str | None


def _differing(connection: Connection, ids: Sequence[str]) -> list[_Change]:
    """Return those of these articles whose terms differ."""
    changes = [
        _Change(row.id, row.number, row.terms, None if row.is_dropped else article_terms(row.title, row.html))
        for row in connection.execute(_STORED, {"ids": ids})
    ]
    return [change for change in changes if change.before != change.terms]


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
            return (ids[-1], sorted(change.id for change in _differing(connection, ids))) if ids else (None, ())

    def repair(self) -> None:
        """Write the terms that differ, and make the index anew from them."""
        with self._database.writing() as connection:
            for statement in SEARCH_INDEXES[connection.dialect.name].rebuild:
                connection.exec_driver_sql(statement)
            index_all(connection)


def _place(connection: Connection, article_id: str) -> int:
    number: int | None = connection.scalar(_NUMBER, {"id": article_id})
    if number is None:
        raise KeyError(article_id)
    return number
