"""Marks of closed archive pages that lose an article, and of archived articles that were edited."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from aggregator.store.partitions import delete_texts
from aggregator.store.rows import listed, slices
from aggregator.store.schema import archive_page, archived, article_category, category, on_closed_page

_joined = (
    select(category.c.joined).where(category.c.name == article_category.c.category).correlate(article_category)
).scalar_subquery()
_NOTE_EDITS = (
    update(article_category)
    .where(article_category.c.article_id.in_(listed("ids")), on_closed_page)
    .values(edited_after=_joined)
)
_LEAVE_PAGES = (
    update(article_category)
    .where(article_category.c.article_id.in_(listed("ids")))
    .values(number=None, archive_page=None, archived=None, edited_after=None)
)
_MARK = (
    update(archive_page)
    .where(archive_page.c.category == bindparam("of"), archive_page.c.number == bindparam("page"))
    .values(pending=archive_page.c.pending + 1)
)


def mark_pages(connection: Connection, articles: Any, **parameters: Any) -> None:
    """Mark the closed pages that have these articles; to be called before they leave a category or are hidden.

    `articles` are ids, or a query for ids with these `parameters`.
    """
    if isinstance(articles, Collection):
        for part in slices(sorted(articles)):
            mark_pages(connection, listed("ids"), ids=part)
        return
    pages = select(article_category.c.category.label("of"), article_category.c.archive_page.label("page")).distinct()
    rows = connection.execute(pages.where(article_category.c.article_id.in_(articles), on_closed_page), parameters)
    if marked := [dict(row) for row in rows.mappings()]:
        connection.execute(_MARK, marked)


def note_edits(connection: Connection, ids: Collection[str]) -> None:
    """Note that these articles were edited: feeds show those of closed pages again for a while."""
    connection.execute(_NOTE_EDITS, {"ids": sorted(ids)})


def leave_pages(connection: Connection, ids: Collection[str]) -> None:
    """Take these articles, whose texts are withdrawn, from the archives; with other texts they join again."""
    mark_pages(connection, ids)
    connection.execute(_LEAVE_PAGES, {"ids": sorted(ids)})
    delete_texts(connection, ids, tables=(archived,))
