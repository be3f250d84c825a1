"""Places of articles in categories, the rows of `article_category`: a category's feed shows what has a place in it."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from aggregator.store.rows import listed
from aggregator.store.schema import article, article_category, source
from aggregator.store.statements import InsertRows

CATEGORIES = select(*article_category.c["article_id", "category"]).where(
    article_category.c.article_id.in_(listed("ids"))
)
ORDER = (  # an article's place in every category
    select(*article.c["id", "published", "first_seen", "position"], source.c.ordinal)
    .join(source)
    .where(article.c.id.in_(listed("ids")))
)
insert_places = InsertRows(
    article_category, ("article_id", "category", "published", "first_seen", "position", "ordinal", "hidden")
)


def place_articles(connection: Connection, places: Collection[tuple[str, str]]) -> None:
    """Put articles into categories, given as pairs of an id and a name, in which they are not yet."""
    rows = connection.execute(ORDER, {"ids": sorted({article_id for article_id, _ in places})})
    orders = {row.id: tuple(row)[1:] for row in rows}
    insert_places(connection, [(*place, *orders[place[0]], False) for place in places])
