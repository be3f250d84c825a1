"""Articles at first sight: their uid, path and story, settled in a few queries however many they are."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import PurePosixPath
from uuid import UUID, uuid4

from sqlalchemy import Connection, insert, select

from aggregator.model import Article, New
from aggregator.store.rows import article_columns, listed, slices
from aggregator.store.schema import article

LONGEST_UID = 1000  # characters; an index of PostgreSQL takes 2,704 bytes

_IDS = select(article.c.id, article.c.story).where(article.c.id.in_(listed("ids")))
_UIDS = select(article.c.uid).where(article.c.uid.in_(listed("uids")))
_PATHS = select(article.c.path).where(article.c.path.in_(listed("paths")))
_INSERT = insert(article)


def insert_new(
    connection: Connection, source_id: int, decisions: Iterable[New], name: Callable[[Article], str]
) -> dict[str, New]:
    """The articles inserted, by id: those that were not there yet. Each is marked to be published."""
    wanted = {decision.keyed.article.id: decision for decision in reversed(tuple(decisions))}
    stories = _stories(connection, wanted.values())
    fresh = [wanted[article_id] for article_id in reversed(wanted) if article_id not in stories]
    if not fresh:
        return {}
    uids = _free_uids(connection, fresh)
    paths = free_paths(connection, [name(decision.keyed.article) for decision in fresh])
    rows = []
    for decision, uid, path in zip(fresh, uids, paths, strict=True):
        own = decision.keyed.article.id
        stories[own] = stories.get(decision.story or own, own)
        given = {"source_id": source_id, "uid": uid, "path": path, "story": stories[own]}
        marks = {"pruned": False, "pending": True, "version": 1}
        rows.append(article_columns(decision.keyed) | given | marks)
    connection.execute(_INSERT, rows)
    return {decision.keyed.article.id: decision for decision in fresh}


def _stories(connection: Connection, decisions: Iterable[New]) -> dict[str, str]:
    """The story of each article that is there already, of those decided on and of the leaders they name."""
    ids = set(chain.from_iterable((decision.keyed.article.id, decision.story) for decision in decisions)) - {None}
    return {row.id: row.story for part in slices(ids) for row in connection.execute(_IDS, {"ids": part})}


def _free_uids(connection: Connection, fresh: Sequence[New]) -> list[str]:
    """The uid of each article, or one of ours where it is taken or too long. A stranger's guid may even claim ours."""
    choices = [
        (decision.keyed.article.uid[: LONGEST_UID + 1], UUID(decision.keyed.article.id).urn) for decision in fresh
    ]
    taken = {uid for part in slices(chain.from_iterable(choices)) for uid in connection.scalars(_UIDS, {"uids": part})}
    given = []
    for choice in choices:
        free = (uid for uid in choice if uid not in taken and len(uid) <= LONGEST_UID)
        given.append(next(free, None) or uuid4().urn)
        taken.add(given[-1])
    return given


def free_paths(connection: Connection, wanted: Sequence[str]) -> list[str]:
    """A path of its own for each that is wanted: `x.md`, then `x-2.md`, `x-3.md`, ...

    Each round asks for twice as many numbers as before, so that even a thousand clashes take a dozen queries.
    """
    missing = Counter(wanted)
    tried = dict.fromkeys(missing, 0)
    free: dict[str, list[str]] = {path: [] for path in missing}
    given: set[str] = set()
    while missing := +missing:
        options = {path: _numbered(path, tried[path], max(tried[path], count)) for path, count in missing.items()}
        taken = given | _taken_paths(connection, options)
        for path, names in options.items():
            chosen = [option for option in names if option not in taken][: missing[path]]
            free[path] += chosen
            given.update(chosen)
            taken.update(chosen)
            missing[path] -= len(chosen)
            tried[path] += len(names)
    turns = {path: iter(names) for path, names in free.items()}
    return [next(turns[path]) for path in wanted]


def _numbered(path: str, tried: int, count: int) -> list[str]:
    pure = PurePosixPath(path)
    numbers = range(tried + 1, tried + count + 1)
    return [path if number == 1 else str(pure.with_stem(f"{pure.stem}-{number}")) for number in numbers]


def _taken_paths(connection: Connection, options: Mapping[str, Iterable[str]]) -> set[str]:
    every = chain.from_iterable(options.values())
    return {path for part in slices(every) for path in connection.scalars(_PATHS, {"paths": part})}
