"""Credits of sources for articles, and the categories that articles enter with a credit."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import Connection, bindparam, not_, select, update

from aggregator.model import Decision, New, Unchanged, Updated
from aggregator.names import ALL
from aggregator.store.clusters import clusters_of, hide_members
from aggregator.store.identifiers import decided_id
from aggregator.store.labels import SourceLabels, entry_rows, insert_labels, source_rows
from aggregator.store.places import CATEGORIES, ORDER, insert_places
from aggregator.store.rows import listed
from aggregator.store.schema import article, article_source
from aggregator.store.statements import InsertRows

_LINKS = select(*article_source.c["article_id", "link"]).where(
    article_source.c.source_id == bindparam("source_id"), article_source.c.article_id.in_(listed("ids"))
)
_UPDATE_LINK = (
    update(article_source)
    .where(article_source.c.article_id == bindparam("of"), article_source.c.source_id == bindparam("by"))
    .values(link=bindparam("to"))
)
_ORDER = ORDER.where(not_(article.c.pruned), article.c.dropped.is_(None))
_insert_credits = InsertRows(article_source, ("article_id", "source_id", "link", "at"))


def insert_credits(
    connection: Connection, source_id: int, decisions: Sequence[Decision], inserted: Mapping[str, New], now: datetime
) -> tuple[list[str], list[str]]:
    """Credit the source with the articles of these decisions, and update its links to those that it brought.

    Returns the ids of the articles that it is credited with only now, and of those whose link changed.
    """
    changing = (decision for decision in reversed(decisions) if not isinstance(decision, Unchanged))
    decided = {decided_id(decision): decision for decision in changing}
    links = {article_id: decision.keyed.draft.link for article_id, decision in decided.items()}
    stored: dict[str, str] = {}
    if older := sorted(decided.keys() - inserted.keys()):
        rows = connection.execute(_LINKS, {"source_id": source_id, "ids": older})
        stored = {row.article_id: row.link for row in rows}
    credited = sorted(decided.keys() - stored.keys())
    _insert_credits(connection, [(article_id, source_id, links[article_id], now) for article_id in credited])
    relinked = sorted(
        article_id
        for article_id, link in stored.items()
        if isinstance(decided[article_id], Updated) and links[article_id] != link
    )
    if relinked:
        parameters = [{"of": article_id, "by": source_id, "to": links[article_id]} for article_id in relinked]
        connection.execute(_UPDATE_LINK, parameters)
    return credited, relinked


def insert_labels_and_categories(
    connection: Connection,
    source_id: int,
    credited: Sequence[str],
    inserted: Mapping[str, New],
    labels: SourceLabels,
    ordinal: int,
) -> None:
    """Give the articles that the source is credited with its labels, and put them into its categories.

    `ordinal` is the source's place in feeds.yaml.
    """
    order: list[tuple[str, Any]] = [(new, inserted[new].keyed.draft) for new in credited if new in inserted]
    present: set[tuple[str, ...]] = set()
    if older := [article_id for article_id in credited if article_id not in inserted]:
        order += [(row.id, row) for row in connection.execute(_ORDER, {"ids": older})]
        present = {tuple(row) for row in connection.execute(CATEGORIES, {"ids": older})}
    terms = {article_id: draft.terms for article_id, draft in order if article_id in inserted}
    of_source = source_rows((article_id for article_id, _ in order), source_id, labels)
    insert_labels(connection, chain(of_source, entry_rows(source_id, terms)))
    names = sorted({ALL, *dict(labels.categories)})
    rows = [
        (article_id, name, dates.published, dates.first_seen, dates.position, getattr(dates, "ordinal", ordinal), False)
        for article_id, dates in order
        for name in names
        if (article_id, name) not in present
    ]
    insert_places(connection, rows)
    if older:
        hide_members(connection, clusters_of(connection, older))
