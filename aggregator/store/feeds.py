"""Categories, and the feeds of their newest articles."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, cast

from sqlalchemy import Connection, RowMapping, Select, bindparam, exists, literal, not_, or_, select

from aggregator.model import CategoryFeed, Podcast
from aggregator.store.database import Database
from aggregator.store.rows import listed, slices
from aggregator.store.schema import (
    article,
    article_category,
    article_text,
    category,
    current_page,
    edited_since_closed,
    newest_first,
    of_article,
    page,
    shown,
    source,
    translation,
)
from aggregator.store.stored_articles import DERIVED, ROW_BY_ROW, has_names, is_published, stored_articles
from aggregator.store.withdrawals import retractions

_PRESENT = select(category.c.name).where(category.c.present).order_by(category.c.name)
_DROPPED = select(*category.c["name", "successor"]).where(not_(category.c.present)).order_by(category.c.name)
_CATEGORY = select(category).where(category.c.name == bindparam("name"))


def _newest(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(article)
        .join(source)
        .join(article_category)
        .outerjoin(page, current_page)
        .where(article_category.c.category == bindparam("category"), shown, is_published, has_names)
        .order_by(*newest_first)
        .limit(bindparam("limit"))
    )


_exists_in = or_(
    article.c.language == bindparam("language"),
    exists().where(
        translation.c.article_id == article.c.id,
        translation.c.language == bindparam("language"),
        translation.c.updated.is_not(None),
    ),
)
WITH_BODY = *article.c, *article_text.c["summary", "html"], literal("").label("markdown"), *DERIVED
_NEWEST = _newest(*WITH_BODY).join(article_text, of_article)
_EDITED = _NEWEST.join(category, category.c.name == article_category.c.category).where(
    edited_since_closed, article_category.c.edited_after > category.c.joined - bindparam("limit")
)
_UPDATED = _newest(article.c.updated)
_OWNERS = _newest(article.c.source_id)
_updated_of_newest = (
    select(article.c.updated)
    .select_from(article_category)
    .join(article)
    .where(article_category.c.category == category.c.name, shown, not_(article.c.pruned))
    .order_by(*newest_first)
    .limit(1)
    .correlate(category)
    .scalar_subquery()
)
_FEED_INFOS = select(source.c.feed_info).where(source.c.id.in_(listed("ids"))).order_by(source.c.ordinal)
_HEADS = select(*category.c["name", "label", "first_seen"], _updated_of_newest.label("updated")).where(
    category.c.name.in_(listed("names"))
)


def bounded(rows: Iterable[RowMapping], max_body: int) -> Iterator[RowMapping]:
    """Yield the rows until their bodies have more than `max_body` characters, longer ones cut off behind them."""
    total = 0
    for row in rows:
        length = len(row["html"])
        if length > max_body:
            yield cast(RowMapping, {**row, "html": row["html"][: max_body + 1]})
            continue
        total += length
        if total > max_body:
            return
        yield row


def _also_edited(connection: Connection, parameters: Any, newest: list[RowMapping]) -> list[RowMapping]:
    """Return the rows of edited articles of closed archive pages that are not among the newest."""
    ids = {row["id"] for row in newest}
    return [row for row in connection.execute(_EDITED, parameters).mappings() if row["id"] not in ids]


def _podcast(connection: Connection, sources: Collection[int]) -> Podcast | None:
    """Return the tags of a feed with articles of these sources, None unless all of them are podcasts."""
    return Podcast.of_feed(info.podcast for info in connection.scalars(_FEED_INFOS, {"ids": tuple(sources)}))


class FeedStore:
    """Categories and their feeds, `all` among them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def categories(self) -> tuple[str, ...]:
        """Return the names of the categories that have feeds, in alphabetical order."""
        with self._database.reading() as connection:
            return tuple(connection.scalars(_PRESENT))

    def dropped_categories(self) -> Mapping[str, str | None]:
        """Return the names of categories without a source; with each the only one that its sources have instead."""
        with self._database.reading() as connection:
            return {row.name: row.successor for row in connection.execute(_DROPPED)}

    def podcasts(self, limit: int) -> Mapping[str, Podcast]:
        """Return the tags of those feeds that are podcasts, by category, where a feed has `limit` articles."""
        with self._database.reading() as connection:
            of_feeds = {
                name: _podcast(connection, set(connection.scalars(_OWNERS, {"category": name, "limit": limit})))
                for name in connection.scalars(_PRESENT).all()
            }
        return {name: podcast for name, podcast in of_feeds.items() if podcast}

    def category_feed(self, name: str, limit: int, *, max_body: int, language: str | None = None) -> CategoryFeed:
        """Return the newest articles of a category whose ids are for good, newest first, without Markdown.

        HTML is read one by one until it has more than `max_body` characters in all; a body that alone has more is cut
        off behind them. Raises KeyError if the category was never seen.

        Behind the newest come articles of closed archive pages that were edited since, each until `limit` articles have
        joined after its edit. With a `language` there are none of these, nor any that do not exist in that language.
        """
        newest, updates = _NEWEST, _UPDATED
        if language:
            newest, updates = newest.where(_exists_in), updates.where(_exists_in)
        with self._database.reading() as connection:
            row = connection.execute(_CATEGORY, {"name": name}).one_or_none()
            if row is None:
                raise KeyError(name)
            parameters = {"category": name, "limit": limit, **({"language": language} if language else {})}
            updated = max(connection.scalars(updates, parameters), default=row.first_seen)
            with connection.execute(newest, parameters, execution_options=ROW_BY_ROW) as result:
                rows = list(bounded(result.mappings(), max_body))
            if not language:
                edited = _also_edited(connection, parameters, rows)
                updated = max([updated, *(row["updated"] for row in edited)])
                rows = list(bounded([*rows, *edited], max_body))
            articles = stored_articles(connection, rows)
            podcast = _podcast(connection, {each["source_id"] for each in rows})
            withdrawn = retractions(connection, name, limit)
        return CategoryFeed(
            name=name, label=row.label, updated=updated, articles=articles, podcast=podcast, retractions=withdrawn
        )

    def category_heads(self, names: Iterable[str]) -> tuple[CategoryFeed, ...]:
        """Return the feeds of these categories, in this order, without articles. Raises KeyError as `category_feed`.

        Each is dated by the update of its newest article, as a feed of one article would be.
        """
        wanted = tuple(names)
        with self._database.reading() as connection:
            rows = {row.name: row for part in slices(wanted) for row in connection.execute(_HEADS, {"names": part})}
        return tuple(
            CategoryFeed(name=name, label=row.label, updated=row.updated or row.first_seen, articles=())
            for name in wanted
            for row in (rows[name],)
        )
