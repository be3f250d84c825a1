"""New articles with their uids, paths and clusters, by a few queries however many they are."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import PurePosixPath
from uuid import UUID, uuid4

from sqlalchemy import Connection, select

from aggregator.model import New
from aggregator.store.article_rows import FROM_KEYED, values_from_keyed
from aggregator.store.schema import article
from aggregator.store.statements import InsertRows, SelectByValues

MAX_UID = 1000  # characters; an index of PostgreSQL takes 2,704 bytes

_select_clusters = SelectByValues(select(article.c.id, article.c.cluster), article.c.id)
_select_uids = SelectByValues(select(article.c.uid), article.c.uid)
_select_paths = SelectByValues(select(article.c.path), article.c.path)
_insert = InsertRows(article, (*FROM_KEYED, "source_id", "uid", "path", "cluster", "pruned", "pending", "version"))


def insert_articles(
    connection: Connection, source_id: int, decisions: Iterable[New], paths: Mapping[str, str]
) -> dict[str, New]:
    """Insert the articles that are not stored yet, each marked as pending, and return their decisions by id.

    `paths` are the wanted paths of their files, by id.
    """
    wanted = {decision.keyed.id: decision for decision in reversed(tuple(decisions))}
    ids = set(chain.from_iterable((decision.keyed.id, decision.cluster) for decision in wanted.values())) - {None}
    clusters: dict[str, str] = dict(map(tuple, _select_clusters(connection, ids)))
    inserted = {article_id: wanted[article_id] for article_id in reversed(wanted) if article_id not in clusters}
    if not inserted:
        return {}
    uids = _free_uids(connection, tuple(inserted.values()))
    free_paths = _free_paths(connection, [paths[article_id] for article_id in inserted])
    rows = []
    for (article_id, decision), uid, path in zip(inserted.items(), uids, free_paths, strict=True):
        clusters[article_id] = clusters.get(decision.cluster or article_id, article_id)
        pruned, pending, version = False, True, 1
        stored = (source_id, uid, path, clusters[article_id], pruned, pending, version)
        rows.append((*values_from_keyed(decision.keyed), *stored))
    _insert(connection, rows)
    return inserted


def _free_uids(connection: Connection, decisions: Sequence[New]) -> list[str]:
    """Return a uid for each article: the wanted one, or one of ours if that is taken or too long.

    The guid of another source may be one of ours too.
    """
    wanted = [decision.keyed.uid[: MAX_UID + 1] for decision in decisions]
    taken = {uid for (uid,) in _select_uids(connection, wanted)}
    if not taken and len(set(wanted)) == len(wanted) and max(map(len, wanted)) <= MAX_UID:
        return wanted
    choices = [(uid, UUID(decision.keyed.id).urn) for uid, decision in zip(wanted, decisions, strict=True)]
    taken.update(uid for (uid,) in _select_uids(connection, [urn for _, urn in choices]))
    uids = []
    for choice in choices:
        free = (uid for uid in choice if uid not in taken and len(uid) <= MAX_UID)
        uids.append(next(free, None) or uuid4().urn)
        taken.add(uids[-1])
    return uids


def _free_paths(connection: Connection, wanted: Sequence[str]) -> list[str]:
    """Return a free path for each wanted one: `x.md`, or `x-2.md`, `x-3.md`, ... if that is taken.

    Each round asks for twice as many numbers as before, so that even a thousand clashes take a dozen queries.
    """
    missing = Counter(wanted)
    tried = dict.fromkeys(missing, 0)
    free: dict[str, list[str]] = {path: [] for path in missing}
    chosen: set[str] = set()
    while missing := +missing:
        options = {path: _numbered(path, tried[path], max(tried[path], count)) for path, count in missing.items()}
        taken = chosen.union(path for (path,) in _select_paths(connection, chain.from_iterable(options.values())))
        for path, candidates in options.items():
            fitting = [candidate for candidate in candidates if candidate not in taken][: missing[path]]
            free[path] += fitting
            chosen.update(fitting)
            taken.update(fitting)
            missing[path] -= len(fitting)
            tried[path] += len(candidates)
    remaining = {path: iter(paths) for path, paths in free.items()}
    return [next(remaining[path]) for path in wanted]


def _numbered(path: str, tried: int, count: int) -> list[str]:
    pure = PurePosixPath(path)
    numbers = range(tried + 1, tried + count + 1)
    return [path if number == 1 else str(pure.with_stem(f"{pure.stem}-{number}")) for number in numbers]
