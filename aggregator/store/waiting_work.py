"""Numbers of pages that wait to be read, and of translations that wait to be made, by source."""

from collections.abc import Mapping

from sqlalchemy import Connection, func, not_, select

from aggregator.store.schema import article, current_page, due_page, page, translation

_published = not_(article.c.pruned) & article.c.dropped.is_(None)
_PAGES = (
    select(article.c.source_id, func.count().label("number"))
    .select_from(page)
    .join(article, current_page)
    .where(due_page, _published)
    .group_by(article.c.source_id)
)
_TRANSLATIONS = (
    select(article.c.source_id, func.count().label("number"))
    .select_from(translation)
    .join(article)
    .where(translation.c.due.is_not(None), _published)
    .group_by(article.c.source_id)
)


def waiting_pages(connection: Connection) -> Mapping[int, int]:
    """Return how many pages of each source's articles are still to be read for their full text."""
    return {row.source_id: row.number for row in connection.execute(_PAGES)}


def waiting_translations(connection: Connection) -> Mapping[int, int]:
    """Return how many translations of each source's articles are still to be made."""
    return {row.source_id: row.number for row in connection.execute(_TRANSLATIONS)}
