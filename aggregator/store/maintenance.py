"""What looks after the tables: articles that grew too old lose their text, and rows that do not fit are found."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, bindparam, delete, exists, func, insert, not_, or_, select, union, update

from aggregator.model import Keyed
from aggregator.names import ALL, category_name
from aggregator.store.clusters import hide_in_stories
from aggregator.store.columns import Moment
from aggregator.store.recording import mark_categories
from aggregator.store.rows import Columns, draft_from, fingerprint_from, listed
from aggregator.store.schema import (
    article,
    article_category,
    article_source,
    host,
    key,
    pending_article,
    revision,
    source,
)

CLOCKS_APART = timedelta(minutes=5)  # processes on two machines may share a database
FURTHEST = timedelta(days=32)  # no answer holds a host off for longer than 31 days

_ids = listed("ids")
_OLD = (  # over the places in `all`, which what was pruned has not: rows a hundred times smaller than articles
    select(*article.c["id", "path"])
    .join(article_category)
    .where(
        article_category.c.category == ALL,
        article_category.c.published < bindparam("before"),
        article_category.c.article_id > bindparam("after"),
    )
    .order_by(article_category.c.article_id)
    .limit(bindparam("most"))
)
_LEFT = (
    select(*article.c["id", "cluster"])
    .where(article.c.cluster.in_(_ids), article.c.id.not_in(_ids))
    .order_by(article.c.first_seen, article.c.position, article.c.id)
)
_EMPTY = (
    update(article)
    .where(article.c.id.in_(_ids))
    .values(pruned=True, pending=False, cluster=article.c.id, html="", markdown="", summary="")
)
_OUT_OF_FEEDS = delete(article_category).where(article_category.c.article_id.in_(_ids))
_FORGET_REVISIONS = delete(revision).where(revision.c.article_id.in_(_ids))
_LEAD = update(article).where(article.c.id == bindparam("of")).values(cluster=bindparam("by"))

_LAST_FETCH = select(func.max(source.c.last_fetch))
_TOUCHED = union(
    select(article_source.c.article_id).where(article_source.c.at >= bindparam("since")),
    select(revision.c.article_id).where(revision.c.at >= bindparam("since")),
)
_LATER = or_(  # than a right clock can have noted
    exists().where(source.c.last_fetch > bindparam("soon")), exists().where(host.c.not_before > bindparam("furthest"))
)
_FROM_NOW = (
    update(source)
    .where(source.c.last_fetch > bindparam("soon"))
    .values(
        next_fetch=bindparam("now", type_=Moment) + (source.c.next_fetch - source.c.last_fetch),
        last_fetch=bindparam("now", type_=Moment),
        lease_until=None,
    )
)
_HOSTS_FROM_NOW = (
    update(host).where(host.c.not_before > bindparam("furthest")).values(not_before=bindparam("a_while", type_=Moment))
)
_AT = select(*article.c["path", "pruned"]).where(article.c.path.in_(listed("paths")))
_WAITING = select(article.c.id).where(article.c.id.in_(_ids), pending_article)
_NAMELESS = (
    select(article)
    .where(article.c.id > bindparam("after"), not_(exists().where(key.c.article_id == article.c.id)))
    .order_by(article.c.id)
    .limit(bindparam("most"))
)

_NEXT = (
    select(*article.c["id", "pruned"])
    .where(article.c.id > bindparam("after"))
    .order_by(article.c.id)
    .limit(bindparam("most"))
)
_LABELS = (
    select(article_source.c.article_id, source.c.settings).join(source).where(article_source.c.article_id.in_(_ids))
)
_PLACES = select(*article_category.c["article_id", "category"]).where(article_category.c.article_id.in_(_ids))
_ORDER = select(*article.c["id", "published", "first_seen", "position"]).where(article.c.id.in_(_ids))
_LEAVE = delete(article_category).where(
    article_category.c.article_id == bindparam("of"), article_category.c.category == bindparam("name")
)
_ENTER = insert(article_category)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The categories (names) that an article stands in, and those that it belongs in."""

    id: str
    actual: frozenset[str]
    wanted: frozenset[str]


def old(connection: Connection, before: datetime, after: str, limit: int) -> dict[str, str]:
    """Path of each of the next articles, by id, that were published before that moment and have their text still."""
    rows = connection.execute(_OLD, {"before": before, "after": after, "most": limit})
    return {row.id: row.path for row in rows}


def prune(connection: Connection, ids: Collection[str]) -> None:
    """Empty these articles and take them out of all feeds; keys and fingerprints stay, by which they are known again.

    A story that loses its lead is led by the earliest of those left.
    """
    given = {"ids": sorted(ids)}
    mark_categories(connection, ids)
    left = connection.execute(_LEFT, given).all()
    connection.execute(_OUT_OF_FEEDS, given)
    connection.execute(_FORGET_REVISIONS, given)
    connection.execute(_EMPTY, given)
    if left:
        leads: dict[str, str] = {}
        led = [{"of": row.id, "by": leads.setdefault(row.cluster, row.id)} for row in left]
        connection.execute(_LEAD, led)
        hide_in_stories(connection, sorted(leads.values()))


def forget_future(connection: Connection, now: datetime) -> None:
    """Let the waits of sources that a clock noted which ran ahead count from now; else they would last for as long.

    How long such a clock held a host off cannot be told any more: an hour is what a 429 without a time means.
    """
    bounds = {"soon": now + CLOCKS_APART, "furthest": now + FURTHEST}
    connection.execute(_FROM_NOW, {"now": now, "soon": bounds["soon"]})
    connection.execute(_HOSTS_FROM_NOW, {"furthest": bounds["furthest"], "a_while": now + timedelta(hours=1)})


def is_ahead(connection: Connection, now: datetime) -> bool:
    """Whether something was noted by a clock that ran ahead of this one."""
    return bool(connection.scalar(select(_LATER), {"soon": now + CLOCKS_APART, "furthest": now + FURTHEST}))


def touched(connection: Connection, within: timedelta) -> tuple[str, ...]:
    """Ids of the articles that were taken in, credited to another source or edited in the last days before the end.

    The end is the last fetch that was recorded. Read from rows that are small, or have the moment before the text.
    """
    end = connection.scalar(_LAST_FETCH)
    return tuple(connection.scalars(_TOUCHED, {"since": end - within})) if end else ()


def owned(connection: Connection, paths: Collection[str]) -> dict[str, bool]:
    """Of these paths those that are an article's, each with whether it has its text still and so a file."""
    return {row.path: not row.pruned for row in connection.execute(_AT, {"paths": paths})}


def waiting(connection: Connection, ids: Collection[str]) -> frozenset[str]:
    """Of these articles those that are marked to be published."""
    return frozenset(connection.scalars(_WAITING, {"ids": ids}))


def nameless(connection: Connection, after: str, limit: int) -> tuple[Keyed, ...]:
    """The next articles that no key names, pruned ones too, with the fingerprints that are stored."""
    rows = connection.execute(_NAMELESS, {"after": after, "most": limit}).mappings()
    return tuple(
        Keyed(id=row["id"], uid=row["uid"], draft=draft_from(row), keys=(), fingerprint=fingerprint_from(row))
        for row in rows
    )


def places(connection: Connection, after: str, limit: int) -> tuple[Placed, ...]:
    """Where each of the next articles stands, and where it belongs: in the categories of its sources, and in `all`."""
    rows = connection.execute(_NEXT, {"after": after, "most": limit}).all()
    ids = {"ids": [row.id for row in rows]}
    actual: dict[str, set[str]] = defaultdict(set)
    for article_id, name in connection.execute(_PLACES, ids):
        actual[article_id].add(name)
    wanted: dict[str, set[str]] = defaultdict(set)
    for article_id, settings in connection.execute(_LABELS, ids):
        wanted[article_id] |= {ALL, *map(category_name, settings.categories or ())}
    return tuple(
        Placed(
            id=row.id,
            actual=frozenset(actual[row.id]),
            wanted=frozenset() if row.pruned else frozenset(wanted[row.id]),
        )
        for row in rows
    )


def place(connection: Connection, articles: Collection[Placed]) -> None:
    """Put the articles where they belong; the feeds that they leave and enter are marked."""
    ids = sorted(one.id for one in articles)
    mark_categories(connection, ids)
    if leaving := [{"of": one.id, "name": name} for one in articles for name in one.actual - one.wanted]:
        connection.execute(_LEAVE, leaving)
    order = {row["id"]: row for row in connection.execute(_ORDER, {"ids": ids}).mappings()}
    if entering := [_row(order[one.id], name) for one in articles for name in one.wanted - one.actual]:
        connection.execute(_ENTER, entering)
    hide_in_stories(connection, ids)
    mark_categories(connection, ids)


def _row(order: RowMapping, name: str) -> Columns:
    moments = {column: order[column] for column in ("published", "first_seen", "position")}
    return {"article_id": order["id"], "category": name, "hidden": False} | moments
