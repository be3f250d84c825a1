"""Lists of articles for pages, from the newest on, without their texts."""

from typing import Any

from sqlalchemy import Select, and_, bindparam, or_, select, tuple_

from aggregator.model import ListedArticle, Listing
from aggregator.names import ALL
from aggregator.store.database import Database
from aggregator.store.schema import article, article_category, article_source, newest_first, shown, source

_TEXTS = ("id", "title", "summary", "language", "published", "edited", "words")
_LISTED = (
    select(*article.c[_TEXTS], *source.c["name", "settings", "feed_info"])
    .select_from(article_category)
    .join(article)
    .join(source, source.c.id == article.c.source_id)
    .where(
        article_category.c.category == bindparam("category"), article.c.pruned.is_(False), article.c.dropped.is_(None)
    )
    .order_by(*newest_first)
    .limit(bindparam("limit"))
)
_OF_CATEGORY = _LISTED.where(shown)
_carried = select(article_source.c.article_id).join(source).where(source.c.name == bindparam("source"))
_OF_SOURCE = _LISTED.where(article_category.c.article_id.in_(_carried))

_PLACE = ("published", "first_seen", "position")  # in the order of newest_first, with the id
_place = {name: bindparam(f"before_{name}", type_=article_category.c[name].type) for name in _PLACE}
_place_of = select(*article.c[_PLACE]).where(article.c.id == bindparam("id"))
# The first condition is for the index, which a comparison of rows in two directions cannot use.
_is_older = and_(
    article_category.c.published <= _place["published"],
    or_(
        tuple_(article_category.c.published, article_category.c.first_seen)
        < tuple_(_place["published"], _place["first_seen"]),
        and_(
            article_category.c.published == _place["published"],
            article_category.c.first_seen == _place["first_seen"],
            tuple_(article_category.c.position, article_category.c.article_id)
            > tuple_(_place["position"], bindparam("before_id", type_=article.c.id.type)),
        ),
    ),
)


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

    def _listing(self, statement: Select[Any], values: dict[str, str], limit: int, before: str | None) -> Listing:
        parameters: dict[str, object] = {**values, "limit": limit + 1}
        with self._database.reading() as connection:
            if before is not None:
                place = connection.execute(_place_of, {"id": before}).one_or_none()
                if place is None:
                    raise KeyError(before)
                statement = statement.where(_is_older)
                parameters |= {f"before_{name}": getattr(place, name) for name in _PLACE} | {"before_id": before}
            rows = connection.execute(statement, parameters).mappings().all()
        articles = tuple(
            ListedArticle(
                **{name: row[name] for name in _TEXTS},
                source=row["name"],
                source_title=row["settings"].title or row["feed_info"].title or row["name"],
            )
            for row in rows[:limit]
        )
        return Listing(articles=articles, older=articles[-1].id if len(rows) > limit else None)
