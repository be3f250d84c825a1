"""What goes out: articles with their credits, categories and tags, feeds of categories, and the marks "to publish"."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, bindparam, not_, select, update

from aggregator.model import CategoryFeed, ClusterMember, Credit, FeedInfo, Mark, StoredArticle
from aggregator.names import ALL, category_name, distinct
from aggregator.store.rows import article_from, listed, slices
from aggregator.store.schema import (
    article,
    article_category,
    article_source,
    category,
    newest_first,
    pending_article,
    pending_category,
    shown,
    source,
)
from aggregator.urls import without_credentials

_ids = listed("ids")
_ARTICLES = select(article, source.c.name.label("source")).join(source).where(not_(article.c.pruned))
_ONE = _ARTICLES.where(article.c.id == bindparam("id"))
_SOME = _ARTICLES.where(article.c.id.in_(_ids)).order_by(article.c.id)
_AFTER = _ARTICLES.where(article.c.id > bindparam("after")).order_by(article.c.id).limit(bindparam("most"))
_PENDING = _ARTICLES.where(pending_article).order_by(article.c.id).limit(bindparam("most"))
_NEWEST = (
    _ARTICLES.join(article_category)
    .where(article_category.c.category == bindparam("category"), shown)
    .order_by(*newest_first)
    .limit(bindparam("most"))
)
_DAYS = (
    select(article_source.c.source_id, article_category.c.published)
    .select_from(article_category)
    .join(article_source, article_source.c.article_id == article_category.c.article_id)
    .where(article_category.c.category == ALL, shown, article_category.c.published >= bindparam("since"))
)
_CREDITS = (
    select(*article_source.c["article_id", "source_id", "link"])
    .where(article_source.c.article_id.in_(_ids))
    .order_by(article_source.c.at, article_source.c.source_id)
)
_CREDITED = select(*source.c["id", "name", "url", "feed_info", "settings"]).where(source.c.id.in_(_ids))
_FOLLOWED = (
    select(article.c.cluster)
    .where(article.c.cluster.in_(listed("stories")), article.c.id != article.c.cluster)
    .distinct()
)
_MATES = (
    select(*article.c["id", "cluster", "title", "link"], source.c.name)
    .join(source)
    .where(article.c.cluster.in_(listed("stories")), not_(article.c.pruned))
    .order_by(article.c.published, article.c.first_seen, article.c.position, article.c.id)
)
_CATEGORY = select(category).where(category.c.name == bindparam("name"))
_newest_of_each = (
    select(article.c.updated)
    .select_from(article_category)
    .join(article)
    .where(article_category.c.category == category.c.name, shown, not_(article.c.pruned))
    .order_by(*newest_first)
    .limit(1)
    .correlate(category)
    .scalar_subquery()
)
_HEADS = select(*category.c["name", "label", "first_seen"], _newest_of_each.label("updated")).where(
    category.c.name.in_(listed("names"))
)
_PRESENT = select(category.c.name).where(category.c.present).order_by(category.c.name)
_DROPPED = select(*category.c["name", "successor"]).where(not_(category.c.present)).order_by(category.c.name)
_PENDING_CATEGORIES = select(*category.c["name", "version"]).where(pending_category).order_by(category.c.name)
_DONE = {
    "article": update(article)
    .where(article.c.id == bindparam("of"), article.c.version == bindparam("at"))
    .values(pending=False),
    "category": update(category)
    .where(category.c.name == bindparam("of"), category.c.version == bindparam("at"))
    .values(pending=False),
}


def one(connection: Connection, article_id: str) -> StoredArticle | None:
    """The article with this id; None where there is none, or it was pruned."""
    return next(iter(_articles(connection, connection.execute(_ONE, {"id": article_id}).mappings().all())), None)


def some(connection: Connection, ids: Collection[str]) -> tuple[StoredArticle, ...]:
    """Those of these articles that were not pruned, in the order of their ids."""
    return _articles(connection, connection.execute(_SOME, {"ids": ids}).mappings().all())


def after(connection: Connection, last: str, limit: int) -> tuple[StoredArticle, ...]:
    """The next articles in the order of their ids."""
    rows = connection.execute(_AFTER, {"after": last, "most": limit}).mappings().all()
    return _articles(connection, rows)


def pending_articles(connection: Connection, limit: int) -> tuple[tuple[StoredArticle, Mark], ...]:
    """Articles whose files are to be written, each with its mark."""
    rows = connection.execute(_PENDING, {"most": limit}).mappings().all()
    marks = (Mark(kind="article", id=row["id"], version=row["version"]) for row in rows)
    return tuple(zip(_articles(connection, rows), marks, strict=True))


def pending_categories(connection: Connection) -> tuple[tuple[str, Mark], ...]:
    """Categories whose feeds are to be written, or taken away, each with its mark."""
    return tuple(
        (name, Mark(kind="category", id=name, version=version))
        for name, version in connection.execute(_PENDING_CATEGORIES)
    )


def take_marks_away(connection: Connection, marks: Iterable[Mark]) -> None:
    """Take the marks away, but for those that were renewed since they were read."""
    parameters = defaultdict(list)
    for mark in sorted(marks, key=lambda mark: mark.id):
        parameters[mark.kind].append({"of": mark.id, "at": mark.version})
    for kind, done in parameters.items():
        connection.execute(_DONE[kind], done)


def categories(connection: Connection) -> tuple[str, ...]:
    """Names of the categories that have feeds, `all` among them, in alphabetical order."""
    return tuple(connection.scalars(_PRESENT))


def dropped_categories(connection: Connection) -> dict[str, str | None]:
    """Names of the categories that no source names any more; with each the one that all its sources name instead."""
    return {row.name: row.successor for row in connection.execute(_DROPPED)}


def category_feed(connection: Connection, name: str, limit: int) -> CategoryFeed:
    """The newest articles of a category, newest first. Raises KeyError for one that was never seen."""
    stored = connection.execute(_CATEGORY, {"name": name}).one_or_none()
    if stored is None:
        raise KeyError(name)
    rows = connection.execute(_NEWEST, {"category": name, "most": limit}).mappings().all()
    articles = _articles(connection, rows)
    updated = max((one.updated for one in articles), default=stored.first_seen)
    return CategoryFeed(name=name, label=stored.label, updated=updated, articles=articles)


def category_heads(connection: Connection, names: Iterable[str]) -> tuple[CategoryFeed, ...]:
    """The feeds of these categories, in their order, as of their newest article, without any; one query for all."""
    wanted = tuple(names)
    rows = {row.name: row for part in slices(wanted) for row in connection.execute(_HEADS, {"names": part})}
    return tuple(
        CategoryFeed(
            name=name, label=rows[name].label, updated=rows[name].updated or rows[name].first_seen, articles=()
        )
        for name in wanted
    )


def days(connection: Connection, since: datetime) -> dict[int, Counter[date]]:
    """How many articles each source, by id, carried on each day since then; a story told twice counts once."""
    found: dict[int, Counter[date]] = defaultdict(Counter)
    for source_id, published in connection.execute(_DAYS, {"since": since}):
        found[source_id][published.date()] += 1
    return found


def _articles(connection: Connection, rows: Sequence[RowMapping]) -> tuple[StoredArticle, ...]:
    """Articles of rows of `_ARTICLES`, in their order, filled from other tables by a few queries in all."""
    if not rows:
        return ()
    credited = _credits(connection, [row["id"] for row in rows])
    also = _also(connection, {row["cluster"] for row in rows})
    return tuple(_article(row, credited[row["id"]], also.get(row["cluster"], ())) for row in rows)


def _article(row: RowMapping, credited: list["_Owed"], mates: Iterable[Any]) -> StoredArticle:
    if len(credited) > 1:
        credited.sort(key=lambda owed: owed.by.id != row["source_id"])  # stable: only the first moves
    return article_from(
        row,
        source=row["source"],
        credits=tuple(owed.credit for owed in credited),
        categories=_united([owed.by.categories for owed in credited], category_name),
        tags=_united([owed.by.tags for owed in credited], str),
        also=tuple(
            ClusterMember(title=mate.title, link=mate.link, source=mate.name) for mate in mates if mate.id != row["id"]
        ),
    )


class _Carrier(NamedTuple):
    """A source that is credited; `feed_url` is its URL without credentials, labels and tags are each there once."""

    id: int
    name: str
    feed_info: FeedInfo
    feed_url: str
    categories: tuple[str, ...]
    tags: tuple[str, ...]


class _Owed(NamedTuple):
    """A credit, and the source to which it goes."""

    credit: Credit
    by: _Carrier


def _carrier(row: Any) -> _Carrier:
    return _Carrier(
        id=row.id,
        name=row.name,
        feed_info=row.feed_info,
        feed_url=without_credentials(row.url),
        categories=distinct(row.settings.categories or (), category_name),
        tags=distinct(row.settings.tags or (), str),
    )


def _credit(by: _Carrier, link: str) -> Credit:
    return Credit(
        source=by.name, link=link, feed_title=by.feed_info.title, feed_link=by.feed_info.link, feed_url=by.feed_url
    )


def _united(several: Sequence[tuple[str, ...]], same: Callable[[str], str]) -> tuple[str, ...]:
    """What is in any of these, of which each has nothing twice."""
    return several[0] if len(several) == 1 else distinct(chain.from_iterable(several), same)


def _credits(connection: Connection, ids: Collection[str]) -> Mapping[str, list[_Owed]]:
    rows = connection.execute(_CREDITS, {"ids": ids}).all()
    ids = sorted({source_id for _, source_id, _ in rows})
    sources = {row.id: _carrier(row) for row in connection.execute(_CREDITED, {"ids": ids})}
    found = defaultdict(list)
    for article_id, source_id, link in rows:
        found[article_id].append(_Owed(_credit(sources[source_id], link), sources[source_id]))
    return found


def _also(connection: Connection, stories: Collection[str]) -> Mapping[str, list[Any]]:
    """Articles of those stories that several articles tell, the first one in front."""
    found = defaultdict(list)
    if followed := sorted(connection.scalars(_FOLLOWED, {"stories": sorted(stories)})):
        for row in connection.execute(_MATES, {"stories": followed}):
            found[row.cluster].append(row)
    return found
