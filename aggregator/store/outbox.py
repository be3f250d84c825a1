"""The outbox: marks of articles and categories whose files are to be written."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import bindparam, not_, select, update

from aggregator.model import Mark, StoredArticle
from aggregator.store.clusters import listing
from aggregator.store.database import Database
from aggregator.store.hubs import HubStore
from aggregator.store.rows import listed
from aggregator.store.schema import (
    article,
    article_category,
    article_source,
    category,
    pending_article,
    pending_category,
)
from aggregator.store.stored_articles import (
    ARTICLES,
    MAX_CHARACTERS,
    ROW_BY_ROW,
    first_rows,
    has_names,
    stored_articles,
)

_ids = listed("ids")
_ARTICLES = (
    ARTICLES.where(pending_article, article.c.id > bindparam("after")).order_by(article.c.id).limit(bindparam("limit"))
)
_NAMED_ARTICLES = _ARTICLES.where(has_names)
_CATEGORIES = (
    select(*category.c["name", "version"])
    .where(pending_category, category.c.name > bindparam("after"))
    .order_by(category.c.name)
)
_REMOVE = {
    "article": update(article)
    .where(article.c.id == bindparam("of"), article.c.version == bindparam("at"))
    .values(pending=False),
    "category": update(category)
    .where(category.c.name == bindparam("of"), category.c.version == bindparam("at"))
    .values(pending=False),
}
_MARK_ARTICLES = (
    update(article)
    .where(article.c.id.in_(_ids), not_(article.c.pruned))
    .values(pending=True, version=article.c.version + 1)
)
_of_articles = select(article_category.c.category).distinct().where(article_category.c.article_id.in_(_ids))
_of_source = (
    select(article_category.c.category)
    .distinct()
    .where(
        article_category.c.article_id.in_(
            select(article_source.c.article_id).where(article_source.c.source_id == bindparam("source_id"))
        )
    )
)
# Locked in one order, or two recordings could wait for each other; without the key, which their new rows refer to.
_in_order = (
    select(category.c.name)
    .where(category.c.name.in_(listed("names")))
    .order_by(category.c.name)
    .with_for_update(key_share=True)
    .cte("in_order")
)
_MARK_CATEGORIES = (
    update(category)
    .where(category.c.name.in_(select(_in_order.c.name)))
    .values(pending=True, version=category.c.version + 1)
)
NO_DIGESTS: Mapping[str, bytes] = {}


class Outbox:
    """Marks "to publish", which are set in the transaction of the change that they follow."""

    def __init__(self, database: Database, hubs: HubStore) -> None:
        self._database, self._hubs = database, hubs

    def articles(self, limit: int, after: str = "", *, named: bool = False) -> tuple[tuple[StoredArticle, Mark], ...]:
        """Return articles behind this id whose files are to be written, each with its mark.

        They are at most `limit`, and fewer if they are long; `named` leaves out those whose id and path may change.
        """
        statement = _NAMED_ARTICLES if named else _ARTICLES
        with self._database.reading() as connection:
            with connection.execute(
                statement, {"limit": limit, "after": after}, execution_options=ROW_BY_ROW
            ) as result:
                rows = first_rows(result.mappings(), MAX_CHARACTERS)
            marks = (Mark(kind="article", id=row["id"], version=row["version"]) for row in rows)
            return tuple(zip(stored_articles(connection, rows), marks, strict=True))

    def categories(self, after: str = "") -> tuple[tuple[str, Mark], ...]:
        """Return the categories behind this name whose feeds are to be written or removed, each with its mark."""
        with self._database.reading() as connection:
            rows = connection.execute(_CATEGORIES, {"after": after}).all()
        return tuple((name, Mark(kind="category", id=name, version=version)) for name, version in rows)

    def published(self, marks: Iterable[Mark], now: datetime, digests: Mapping[str, bytes] = NO_DIGESTS) -> None:
        """Remove the marks of files that are on disk; one that was renewed since it was read stays.

        `digests` are those of the feeds, by path, that a hub distributes: it is to be notified of the changed ones.
        """
        parameters = defaultdict(list)
        for mark in sorted(marks, key=lambda mark: mark.id):
            parameters[mark.kind].append({"of": mark.id, "at": mark.version})
        with self._database.writing() as connection:
            for kind, rows in parameters.items():
                connection.execute(_REMOVE[kind], rows)
            self._hubs.note_topics(digests, now)

    def mark_articles(self, ids: Collection[str]) -> None:
        """Mark these articles, and the members of their clusters that list them; but not pruned ones."""
        if ids:
            with self._database.writing() as connection:
                connection.execute(_MARK_ARTICLES, {"ids": sorted({*ids, *listing(connection, ids)})})

    def mark_categories(
        self, articles: Collection[str], *, source_id: int | None = None, names: Iterable[str] = ()
    ) -> None:
        """Mark the categories that show a member of a cluster of these articles, and those with these names.

        With a `source_id` also those that show an article which this source is credited with.
        """
        marked = set(names)
        with self._database.writing() as connection:
            if articles:
                ids = {*articles, *listing(connection, articles)}
                marked.update(connection.scalars(_of_articles, {"ids": sorted(ids)}))
            if source_id is not None:
                marked.update(connection.scalars(_of_source, {"source_id": source_id}))
            if marked:
                connection.execute(_MARK_CATEGORIES, {"names": sorted(marked)})
