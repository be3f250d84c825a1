"""New articles with their uids and paths, by a few queries however many they are."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select

from aggregator.model import New
from aggregator.store.article_numbers import free_numbers
from aggregator.store.article_rows import BODY, FROM_KEYED, body_values, values_from_keyed
from aggregator.store.free_names import WantedNames, free_paths, free_uids
from aggregator.store.partitions import make_partitions
from aggregator.store.schema import article, article_text, unpublished
from aggregator.store.statements import InsertRows, SelectByValues

_select_ids = SelectByValues(select(article.c.id), article.c.id)
_insert = InsertRows(
    article, (*FROM_KEYED, "source_id", "uid", "path", "cluster", "pruned", "pending", "version", "number")
)
_insert_texts = InsertRows(article_text, ("number", *BODY))
_insert_unpublished = InsertRows(unpublished, ("article_id", "path", "uid"))


def insert_articles(
    connection: Connection, source_id: int, decisions: Iterable[New], paths: Mapping[str, str]
) -> dict[str, New]:
    """Insert the articles that are not stored yet, each marked as pending, and return their decisions by id.

    `paths` are the wanted paths of their files, by id. Until their first publication they may get other names.
    """
    wanted = {decision.keyed.id: decision for decision in reversed(tuple(decisions))}
    stored = {article_id for (article_id,) in _select_ids(connection, wanted)}
    inserted = {article_id: wanted[article_id] for article_id in reversed(wanted) if article_id not in stored}
    if not inserted:
        return {}
    names = [
        WantedNames(article_id, paths[article_id], decision.keyed.uid) for article_id, decision in inserted.items()
    ]
    uids, paths_of_files = free_uids(connection, names), free_paths(connection, [name.path for name in names])
    pruned, pending, version = False, True, 1
    drafts = [decision.keyed.draft for decision in inserted.values()]
    numbers = free_numbers(
        connection, ((article_id, draft.published) for article_id, draft in zip(inserted, drafts, strict=True))
    )
    rows = [
        (*values_from_keyed(decision.keyed), source_id, uid, path, article_id, pruned, pending, version, number)
        for (article_id, decision), uid, path, number in zip(
            inserted.items(), uids, paths_of_files, numbers, strict=True
        )
    ]
    _insert(connection, rows)
    insert_texts(connection, ((number, *body_values(draft)) for number, draft in zip(numbers, drafts, strict=True)))
    _insert_unpublished(connection, names)
    return inserted


def insert_texts(connection: Connection, rows: Iterable[tuple[int, str, str, str]]) -> None:
    """Insert the numbers and texts (BODY) of articles that have none."""
    texts = list(rows)
    make_partitions(connection, (number for number, *_ in texts))
    _insert_texts(connection, texts)
