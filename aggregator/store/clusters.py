"""Near-equal articles: in each category the first of a story is shown, the others are hidden behind it."""

from typing import Any

from sqlalchemy import Connection, Select, and_, or_, select, tuple_, update

from aggregator.store.schema import article, article_category

_me, _other, _place = article.alias(), article.alias(), article_category.alias()

_earlier = (
    select(_other.c.id)
    .select_from(_me)
    .join(_other, _other.c.cluster == _me.c.cluster)
    .join(_place, and_(_place.c.article_id == _other.c.id, _place.c.category == article_category.c.category))
    .where(
        _me.c.id == article_category.c.article_id,
        _me.c.id != _me.c.cluster,
        _other.c.id != _me.c.id,
        or_(
            _other.c.id == _me.c.cluster,
            tuple_(_place.c.first_seen, _place.c.position, _place.c.article_id)
            < tuple_(article_category.c.first_seen, article_category.c.position, article_category.c.article_id),
        ),
    )
    .correlate(article_category)
    .exists()
)


def mates(articles: Any) -> Select[tuple[str]]:
    """Ids of all articles that tell a story which one of `articles` tells, these included."""
    return select(_me.c.id).where(_me.c.cluster.in_(select(_other.c.cluster).where(_other.c.id.in_(articles))))


def part(connection: Connection) -> None:
    """Let every article stand for itself again."""
    connection.execute(update(article).where(article.c.cluster != article.c.id).values(cluster=article.c.id))
    connection.execute(update(article_category).where(article_category.c.hidden).values(hidden=False))


def hide_in_stories(connection: Connection, articles: Any, **parameters: Any) -> None:
    """Settle anew who is hidden where, in the stories of `articles` (ids, or a query for them with `parameters`)."""
    settled = (
        update(article_category)
        .values(hidden=_earlier)
        .where(article_category.c.article_id.in_(mates(articles)), article_category.c.hidden != _earlier)
    )
    connection.execute(settled, parameters)
