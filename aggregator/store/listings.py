"""Lists of articles for pages, from the newest on, without their texts."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, and_, bindparam, case, false, func, or_, select

from aggregator.model import ListedArticle, Listing
from aggregator.names import ALL
from aggregator.store.database import Database
from aggregator.store.rows import listed
from aggregator.store.schema import (
    article,
    article_category,
    article_source,
    article_text,
    newest_first,
    of_article,
    shown,
    source,
)

OPENING = 2000  # characters of an article's HTML
_ARTICLE = ("id", "title", "language", "published", "edited", "words", "image")
_opening = case((article.c.image.is_(None), func.substr(article_text.c.html, 1, OPENING)), else_="").label("opening")
_ALL_LISTED = (
    select(*article.c[_ARTICLE], article_text.c.summary, _opening, *source.c["name", "settings", "feed_info"])
    .select_from(article_category)
    .join(article)
    .join(article_text, of_article)
    .join(source, source.c.id == article.c.source_id)
    .where(
        article_category.c.category == bindparam("category"), article.c.pruned.is_(False), article.c.dropped.is_(None)
    )
)
_LISTED = _ALL_LISTED.order_by(*newest_first).limit(bindparam("limit"))
_BY_IDS = _ALL_LISTED.where(article_category.c.article_id.in_(listed("ids")))
_OF_CATEGORY = _LISTED.where(shown)
_carried = select(article_source.c.article_id).join(source).where(source.c.name == bindparam("source"))
_OF_SOURCE = _LISTED.where(article_category.c.article_id.in_(_carried))

_ORDER = (("published", True), ("ordinal", False), ("first_seen", True), ("position", False), ("article_id", False))
_place_of = (  # its row in the category may be gone
    select(
        *article.c["published", "first_seen", "position"],
        article.c.id.label("article_id"),
        func.coalesce(article_category.c.ordinal, 0).label("ordinal"),
    )
    .select_from(article)
    .outerjoin(
        article_category,
        (article_category.c.article_id == article.c.id) & (article_category.c.category == bindparam("category")),
    )
    .where(article.c.id == bindparam("id"))
)


def _is_older() -> ColumnElement[bool]:
    """Return the condition for a row that comes, in the order of `newest_first`, after the place in the parameters."""
    condition: ColumnElement[bool] = false()
    for name, is_descending in reversed(_ORDER):
        column = article_category.c[name]
        place = bindparam(f"before_{name}", type_=column.type)
        is_after = column < place if is_descending else column > place
        condition = or_(is_after, and_(column == place, condition))
    # For the index, which a comparison in two directions cannot use:
    first = article_category.c.published
    return and_(first <= bindparam("before_published", type_=first.type), condition)


class ListingStore:
    """Lists of articles for pages. A list goes on before an article (keyset pagination)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_category(self, name: str, limit: int, before: str | None = None) -> Listing:
        """Return up to `limit` articles of a category, newest first; those before the article with the id `before`.

        Of a cluster only the member that its feed shows is listed. Raises KeyError for an unknown `before`.
        """
        return self._listing(_OF_CATEGORY, {"category": name}, limit, before)

    def of_source(self, name: str, limit: int, before: str | None = None) -> Listing:
        """Return up to `limit` articles that a source carried, as `of_category` does, all members of clusters."""
        return self._listing(_OF_SOURCE, {"category": ALL, "source": name}, limit, before)

    def by_ids(self, ids: Collection[str]) -> tuple[ListedArticle, ...]:
        """Return those of these articles that pages show."""
        with self._database.reading() as connection:
            return _articles(connection.execute(_BY_IDS, {"category": ALL, "ids": ids}).mappings())

    def _listing(self, statement: Select[Any], values: dict[str, str], limit: int, before: str | None) -> Listing:
        parameters: dict[str, object] = {**values, "limit": limit + 1}
        with self._database.reading() as connection:
            if before is not None:
                place = connection.execute(_place_of, {**values, "id": before}).one_or_none()
                if place is None:
                    raise KeyError(before)
                statement = statement.where(_is_older())
                parameters |= {f"before_{name}": getattr(place, name) for name, _ in _ORDER}
            rows = connection.execute(statement, parameters).mappings().all()
        articles = _articles(rows[:limit])
        return Listing(articles=articles, older=articles[-1].id if len(rows) > limit else None)


def _articles(rows: Iterable[RowMapping]) -> tuple[ListedArticle, ...]:
    return tuple(
        ListedArticle(
            **{name: row[name] for name in (*_ARTICLE, "summary")},
            opening=row["opening"],
            source=row["name"],
            source_title=row["settings"].title or row["feed_info"].title or row["name"],
        )
        for row in rows
    )
