"""Clusters of near-equal articles: in each category the first member is shown, the others are hidden behind it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, groupby
from typing import Any

from sqlalchemy import Connection, bindparam, exists, select, update

from aggregator.store.archive_marks import mark_pages
from aggregator.store.rows import listed, slices
from aggregator.store.schema import article, article_category

MAX_MEMBERS = 20  # of a cluster that are listed beside an article

_self, _other = article.alias(), article.alias()
_has_others = exists().where(_other.c.cluster == _self.c.cluster, _other.c.id != _self.c.id)
_OF_IDS = select(_self.c.cluster).distinct().where(_self.c.id.in_(listed("ids")), _has_others)
_HEADS = select(*article.c["id", "cluster"]).where(article.c.id.in_(listed("clusters")), article.c.dropped.is_(None))
_FIRST = (
    select(*article.c["id", "cluster"])
    .where(article.c.cluster == bindparam("cluster"), article.c.dropped.is_(None))
    .order_by(article.c.first_seen, article.c.position, article.c.id)
    .limit(MAX_MEMBERS + 1)
)
_ALL = select(article.c.id).where(article.c.cluster == bindparam("cluster"))
_PLACED = (
    select(article.c.cluster, *article_category.c["article_id", "category", "hidden"])
    .select_from(article)
    .join(article_category)
    .where(article.c.cluster.in_(listed("clusters")))
    .order_by(
        article.c.cluster,
        article_category.c.category,
        article.c.id != article.c.cluster,
        *article_category.c["first_seen", "ordinal", "position", "article_id"],
    )
)
_SET_HIDDEN = (
    update(article_category)
    .where(article_category.c.article_id == bindparam("of"), article_category.c.category == bindparam("name"))
    .values(hidden=bindparam("to"))
)


def clusters_of(connection: Connection, articles: Any, **parameters: Any) -> Sequence[str]:
    """Return the ids of the clusters with several members that `articles` belong to.

    `articles` are ids, or a query for ids with these `parameters`.
    """
    if isinstance(articles, Collection):
        parts = (connection.scalars(_OF_IDS, {"ids": part}) for part in slices(sorted(articles)))
        return sorted(set(chain.from_iterable(parts)))
    query = select(_self.c.cluster).distinct().where(_self.c.id.in_(articles), _has_others)
    return sorted(connection.scalars(query, parameters))


def first_members(connection: Connection, clusters: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the ids of the members that are listed beside any other, by cluster: the head, then the first seen."""
    parts = (connection.execute(_HEADS, {"clusters": part}) for part in slices(sorted(clusters)))
    heads = {row.cluster for row in chain.from_iterable(parts) if row.id == row.cluster}
    members = {}
    for cluster in sorted(clusters):
        ids = dict.fromkeys([cluster] if cluster in heads else [])
        ids |= dict.fromkeys(row.id for row in connection.execute(_FIRST, {"cluster": cluster}))
        members[cluster] = tuple(ids)[: MAX_MEMBERS + 1]
    return members


def listing(connection: Connection, articles: Collection[str]) -> Iterator[str]:
    """Yield the articles beside which some of `articles` are listed: the members of their clusters.

    Members behind the first ones are listed nowhere, so that one more in a large cluster costs no more.
    """
    changed = set(articles)
    for cluster, first in first_members(connection, clusters_of(connection, articles)).items():
        if len(first) <= MAX_MEMBERS:
            yield from first
        elif not changed.isdisjoint(first):
            yield from connection.scalars(_ALL, {"cluster": cluster})


def hide_members(connection: Connection, clusters: Collection[str]) -> None:
    """Update which members of these clusters are hidden in which category."""
    parts = (connection.execute(_PLACED, {"clusters": part}) for part in slices(sorted(clusters)))
    rows = chain.from_iterable(parts)
    changes = [
        {"of": row.article_id, "name": row.category, "to": bool(place)}
        for _, placed in groupby(rows, key=lambda row: (row.cluster, row.category))
        for place, row in enumerate(placed)
        if row.hidden != bool(place)
    ]
    if changes:
        mark_pages(connection, {change["of"] for change in changes})
        connection.execute(_SET_HIDDEN, changes)
