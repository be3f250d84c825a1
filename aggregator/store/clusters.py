"""Clusters of near-equal articles: in each category the first member is shown, the others are hidden behind it."""

from typing import Any

from sqlalchemy import Connection, Select, and_, or_, select, tuple_, update

from aggregator.store.schema import article, article_category

_self, _other, _placed = article.alias(), article.alias(), article_category.alias()

_has_earlier_member = (
    select(_other.c.id)
    .select_from(_self)
    .join(_other, _other.c.cluster == _self.c.cluster)
    .join(_placed, and_(_placed.c.article_id == _other.c.id, _placed.c.category == article_category.c.category))
    .where(
        _self.c.id == article_category.c.article_id,
        _self.c.id != _self.c.cluster,
        _other.c.id != _self.c.id,
        or_(
            _other.c.id == _self.c.cluster,
            tuple_(_placed.c.first_seen, _placed.c.position, _placed.c.article_id)
            < tuple_(article_category.c.first_seen, article_category.c.position, article_category.c.article_id),
        ),
    )
    .correlate(article_category)
    .exists()
)


def members(articles: Any) -> Select[tuple[str]]:
    """Select the ids of all members of the clusters that `articles` (ids, or a query for them) belong to."""
    return select(_self.c.id).where(_self.c.cluster.in_(select(_other.c.cluster).where(_other.c.id.in_(articles))))


def hide_members(connection: Connection, articles: Any, **parameters: Any) -> None:
    """Update which members are hidden in which category, in the clusters of `articles`.

    `articles` are ids, or a query for ids with these `parameters`.
    """
    connection.execute(
        update(article_category)
        .values(hidden=_has_earlier_member)
        .where(article_category.c.article_id.in_(members(articles)), article_category.c.hidden != _has_earlier_member),
        parameters,
    )
