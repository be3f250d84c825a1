"""Free uids and paths of articles: those they want, or others if these are taken."""

from collections import Counter
from collections.abc import Collection, Sequence
from itertools import chain
from pathlib import PurePosixPath
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import Connection, select

from aggregator.store.schema import article
from aggregator.store.statements import SelectByValues

MAX_UID = 1000  # characters; an index of PostgreSQL takes 2,704 bytes

_select_uids = SelectByValues(select(article.c.uid), article.c.uid)
_select_paths = SelectByValues(select(article.c.path), article.c.path)


class WantedNames(NamedTuple):
    """The names that an article wants: the path of its file, and its uid."""

    id: str
    path: str
    uid: str


def free_uids(connection: Connection, names: Sequence[WantedNames], available: Collection[str] = ()) -> list[str]:
    """Return a uid for each article: the wanted one, or one of ours if that is taken or too long.

    The guid of another source may be one of ours too. Uids in `available` count as free.
    """
    wanted = [name.uid[: MAX_UID + 1] for name in names]
    used_uids = {uid for (uid,) in _select_uids(connection, wanted)}.difference(available)
    if not used_uids and len(set(wanted)) == len(wanted) and max(map(len, wanted)) <= MAX_UID:
        return wanted
    choices = [(uid, UUID(name.id).urn) for uid, name in zip(wanted, names, strict=True)]
    used_uids.update({uid for (uid,) in _select_uids(connection, [urn for _, urn in choices])}.difference(available))
    uids = []
    for choice in choices:
        free = (uid for uid in choice if uid not in used_uids and len(uid) <= MAX_UID)
        uids.append(next(free, None) or uuid4().urn)
        used_uids.add(uids[-1])
    return uids


def free_paths(connection: Connection, wanted: Sequence[str], available: Collection[str] = ()) -> list[str]:
    """Return a free path for each wanted one: `x.md`, or `x-2.md`, `x-3.md`, ... if that is taken.

    Each round asks for twice as many numbers as before, so that even a thousand clashes take a dozen queries. Paths in
    `available` count as free.
    """
    missing = Counter(wanted)
    tried = dict.fromkeys(missing, 0)
    free: dict[str, list[str]] = {path: [] for path in missing}
    chosen: set[str] = set()
    while missing := +missing:
        options = {path: numbered(path, tried[path], max(tried[path], count)) for path, count in missing.items()}
        stored = {path for (path,) in _select_paths(connection, chain.from_iterable(options.values()))}
        used_paths = chosen | stored.difference(available)
        for path, candidates in options.items():
            fitting = [candidate for candidate in candidates if candidate not in used_paths][: missing[path]]
            free[path] += fitting
            chosen.update(fitting)
            used_paths.update(fitting)
            missing[path] -= len(fitting)
            tried[path] += len(candidates)
    remaining = {path: iter(paths) for path, paths in free.items()}
    return [next(remaining[path]) for path in wanted]


def numbered(path: str, tried: int, count: int) -> list[str]:
    """Return the next `count` paths with a number after `tried` ones: `x.md`, `x-2.md`, `x-3.md`, ..."""
    pure = PurePosixPath(path)
    numbers = range(tried + 1, tried + count + 1)
    return [path if number == 1 else str(pure.with_stem(f"{pure.stem}-{number}")) for number in numbers]
