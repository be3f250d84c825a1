"""Categories, and the feeds of their newest articles."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from sqlalchemy import bindparam, not_, select

from aggregator.model import CategoryFeed
from aggregator.names import ALL
from aggregator.store.database import Database
from aggregator.store.rows import listed, slices
from aggregator.store.schema import article, article_category, article_source, category, newest_first, shown
from aggregator.store.stored_articles import ARTICLES, stored_articles

_PRESENT = select(category.c.name).where(category.c.present).order_by(category.c.name)
_DROPPED = select(*category.c["name", "successor"]).where(not_(category.c.present)).order_by(category.c.name)
_CATEGORY = select(category).where(category.c.name == bindparam("name"))
_NEWEST = (
    ARTICLES.join(article_category)
    .where(article_category.c.category == bindparam("category"), shown)
    .order_by(*newest_first)
    .limit(bindparam("limit"))
)
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
_HEADS = select(*category.c["name", "label", "first_seen"], _updated_of_newest.label("updated")).where(
    category.c.name.in_(listed("names"))
)
_DAYS = (
    select(article_source.c.source_id, article_category.c.published)
    .select_from(article_category)
    .join(article_source, article_source.c.article_id == article_category.c.article_id)
    .where(article_category.c.category == ALL, shown, article_category.c.published >= bindparam("since"))
)


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

    def category_feed(self, name: str, limit: int) -> CategoryFeed:
        """Return the newest articles of a category, newest first. Raises KeyError if it was never seen."""
        with self._database.reading() as connection:
            row = connection.execute(_CATEGORY, {"name": name}).one_or_none()
            if row is None:
                raise KeyError(name)
            newest = connection.execute(_NEWEST, {"category": name, "limit": limit}).mappings().all()
            articles = stored_articles(connection, newest)
        updated = max((article.updated for article in articles), default=row.first_seen)
        return CategoryFeed(name=name, label=row.label, updated=updated, articles=articles)

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

    def days(self, since: datetime) -> Mapping[int, Counter[date]]:
        """Return how many articles each source, by id, published on each day (UTC) since then.

        Only the first of a cluster counts.
        """
        counts: dict[int, Counter[date]] = defaultdict(Counter)
        with self._database.reading() as connection:
            for source_id, published in connection.execute(_DAYS, {"since": since}):
                counts[source_id][published.date()] += 1
        return counts
