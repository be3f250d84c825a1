"""Departures of sources from articles that they shared with others."""

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, bindparam, delete, update

from aggregator.model import Departure, New
from aggregator.store.archive_marks import mark_pages
from aggregator.store.columns import EPOCH
from aggregator.store.due_hosts import refresh_due_of_sources
from aggregator.store.labels import unlabelled
from aggregator.store.rows import listed
from aggregator.store.schema import article, article_category, article_source, key, label, source

_DELETE = [
    delete(table).where(table.c.article_id == bindparam("of"), table.c.source_id == bindparam("by"))
    for table in (article_source, label)
]
_DELETE_KEYS = delete(key).where(key.c.article_id == bindparam("of"), key.c.digest.in_(listed("digests")))
_LEAVE_CATEGORIES = delete(article_category).where(article_category.c.article_id == bindparam("of"), *unlabelled)
_HAND_OVER = (
    update(article)
    .where(article.c.id == bindparam("of"), article.c.source_id == bindparam("by"))
    .values(source_id=bindparam("to"))
)
_READ_AGAIN = (  # its text of the article is not stored; an answer under way may have been read without it
    update(source)
    .where(source.c.id == bindparam("to"))
    .values(
        seen=b"",
        digest=b"",
        truncated_digest=None,
        etag=None,
        last_modified=None,
        next_fetch=EPOCH,
        readdressed=True,
    )
)


def leave_articles(connection: Connection, source_id: int, decisions: Iterable[New]) -> list[str]:
    """Take the source's credits, labels and own keys from the articles that it leaves, and return their ids.

    An article that it owned is the next owner's, whose document is read again for its text.
    """
    left = []
    for decision in decisions:
        if decision.leaves is None:
            continue
        digests = [key.digest for key in decision.keyed.keys if key.rule in {"guid", "entry", "title"}]
        leave_article(connection, source_id, decision.leaves, digests)
        left.append(decision.leaves.id)
    return left


def leave_article(
    connection: Connection, source_id: int, departure: Departure, digests: Collection[bytes] = ()
) -> bool:
    """Take the source's credit, labels and these keys from an article; return whether it owned it."""
    names = {"of": departure.id, "by": source_id}
    for statement in _DELETE:
        connection.execute(statement, names)
    if digests:
        connection.execute(_DELETE_KEYS, {**names, "digests": digests})
    mark_pages(connection, [departure.id])
    connection.execute(_LEAVE_CATEGORIES, names)
    is_owner = bool(connection.execute(_HAND_OVER, {**names, "to": departure.next_owner}).rowcount)
    if is_owner:
        connection.execute(_READ_AGAIN, {"to": departure.next_owner})
        refresh_due_of_sources(connection, [departure.next_owner])
    return is_owner
