"""The outbox: marks of articles and categories whose files are to be written."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, not_, select, update

from aggregator.model import Job, Mark, StoredArticle, end_of, shard_of
from aggregator.store.clusters import listing
from aggregator.store.database import Database
from aggregator.store.hubs import HubStore
from aggregator.store.rows import listed, slices
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
_NAMED_OF_SHARD = _NAMED_ARTICLES.where(article.c.id < bindparam("end"))
_CATEGORIES = (
    select(*category.c["name", "version"])
    .where(pending_category, category.c.name > bindparam("after"))
    .order_by(category.c.name)
)
_CATEGORY = _CATEGORIES.where(category.c.name == bindparam("name"))
_is_ripe = category.c.rendered.is_(None) | ~category.c.rendered.between(bindparam("since"), bindparam("now"))
_REMOVE = {
    "article": update(article)
    .where(article.c.id == bindparam("of"), article.c.version == bindparam("at"))
    .values(pending=False),
    "category": update(category)
    .where(category.c.name == bindparam("of"))
    .values(pending=category.c.pending & (category.c.version != bindparam("at")), rendered=bindparam("now")),
}
_MARK_ARTICLES = (
    update(article)
    .where(article.c.id.in_(_ids), not_(article.c.pruned))
    .values(pending=True, version=article.c.version + 1)
)
_NEXT = (
    select(article.c.id)
    .where(article.c.id > bindparam("after"), not_(article.c.pruned))
    .order_by(article.c.id)
    .limit(bindparam("limit"))
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
Moments = tuple[datetime, datetime]  # the earlier one first
NO_DIGESTS: Mapping[str, bytes] = {}


class Outbox:
    """Marks "to publish", which are set in the transaction of the change that they follow."""

    def __init__(self, database: Database, hubs: HubStore) -> None:
        self._database, self._hubs = database, hubs

    def articles(
        self, limit: int, after: str = "", *, named: bool = False, shard: str = ""
    ) -> tuple[tuple[StoredArticle, Mark], ...]:
        """Return articles behind this id whose files are to be written, each with its mark.

        They are at most `limit`, and fewer if they are long; `named` leaves out those whose id and path may change,
        `shard` takes those of one shard.
        """
        statement: Any = _NAMED_ARTICLES if named else _ARTICLES
        parameters: dict[str, int | str] = {"limit": limit, "after": after}
        if shard:
            statement, parameters = _NAMED_OF_SHARD, {"limit": limit, "after": after or shard, "end": end_of(shard)}
        with self._database.reading() as connection:
            with connection.execute(statement, parameters, execution_options=ROW_BY_ROW) as result:
                rows = first_rows(result.mappings())
            marks = (Mark(kind="article", id=row["id"], version=row["version"]) for row in rows)
            return tuple(zip(stored_articles(connection, rows), marks, strict=True))

    def categories(
        self, after: str = "", name: str = "", unrendered: Moments | None = None
    ) -> tuple[tuple[str, Mark], ...]:
        """Return the categories behind this name whose feeds are to be written or removed, each with its mark.

        With a `name` it is at most the one of this name; with `unrendered` those whose feeds were not rendered between
        these two moments.
        """
        statement = _CATEGORY if name else _CATEGORIES
        parameters: dict[str, Any] = {"after": after, "name": name}
        if unrendered:
            statement = statement.where(_is_ripe)
            parameters |= zip(("since", "now"), unrendered, strict=True)
        with self._database.reading() as connection:
            rows = connection.execute(statement, parameters).all()
        return tuple((name, Mark(kind="category", id=name, version=version)) for name, version in rows)

    def published(self, marks: Iterable[Mark], now: datetime, digests: Mapping[str, bytes] = NO_DIGESTS) -> None:
        """Remove the marks of files that are on disk; one that was renewed since it was read stays.

        `digests` are those of the feeds, by path, that a hub distributes: it is to be notified of the changed ones.
        """
        parameters = defaultdict(list)
        for mark in sorted(marks, key=lambda mark: mark.id):
            row = {"of": mark.id, "at": mark.version}
            parameters[mark.kind].append(row | {"now": now} if mark.kind == "category" else row)
        with self._database.writing() as connection:
            for kind, rows in parameters.items():
                connection.execute(_REMOVE[kind], rows)
            self._hubs.note_topics(digests, now)

    def mark_articles(self, ids: Collection[str]) -> None:
        """Mark these articles, and the members of their clusters that list them; but not pruned ones."""
        if ids:
            with self._database.writing() as connection:
                marked = {*ids, *listing(connection, ids)}
                for part in slices(sorted(marked)):
                    connection.execute(_MARK_ARTICLES, {"ids": part})
                self._database.defer(Job("articles", shard_of(article_id)) for article_id in marked)

    def mark_page(self, after: str, limit: int) -> str | None:
        """Mark the next articles behind this id, and return the last one's; None if there are no more."""
        with self._database.writing() as connection:
            ids = connection.scalars(_NEXT, {"after": after, "limit": limit}).all()
            if not ids:
                return None
            connection.execute(_MARK_ARTICLES, {"ids": ids})
            self._database.defer({Job("articles", shard_of(article_id)) for article_id in ids})
            return str(ids[-1])

    def mark_categories(
        self,
        articles: Collection[str],
        *,
        source_id: int | None = None,
        names: Iterable[str] = (),
        of_unpublished: Iterable[str] = (),
    ) -> None:
        """Mark the categories that show a member of a cluster of these articles, and those with these names.

        With a `source_id` also those that show an article which this source is credited with. Those `of_unpublished`
        articles get no job: they have nothing to show before the articles are prepared, which marks them again.
        """
        marked, waiting = set(names), set(of_unpublished)
        with self._database.writing() as connection:
            if articles:
                ids = {*articles, *listing(connection, articles)}
                for part in slices(sorted(ids)):
                    marked.update(connection.scalars(_of_articles, {"ids": part}))
            if source_id is not None:
                marked.update(connection.scalars(_of_source, {"source_id": source_id}))
            self._database.defer(Job("category", name) for name in marked)
            for part in slices(sorted(marked | waiting)):
                connection.execute(_MARK_CATEGORIES, {"names": part})
