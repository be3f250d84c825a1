"""Articles at first sight: their uid, path and story, settled in a few queries however many they are."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from pathlib import PurePosixPath
from uuid import UUID, uuid4

from sqlalchemy import Connection, select

from aggregator.model import Keyed, New
from aggregator.store.rows import AT_FIRST_SIGHT, values_at_first_sight
from aggregator.store.schema import article
from aggregator.store.statements import Among, Insert

LONGEST_UID = 1000  # characters; an index of PostgreSQL takes 2,704 bytes

_stories_of = Among(select(article.c.id, article.c.cluster), article.c.id)
_taken_uids = Among(select(article.c.uid), article.c.uid)
_taken_paths = Among(select(article.c.path), article.c.path)
_insert = Insert(article, (*AT_FIRST_SIGHT, "source_id", "uid", "path", "cluster", "pruned", "pending", "version"))


def insert_new(
    connection: Connection, source_id: int, decisions: Iterable[New], name: Callable[[Keyed], str]
) -> dict[str, New]:
    """The articles inserted, by id: those that were not there yet. Each is marked to be published."""
    wanted = {decision.keyed.id: decision for decision in reversed(tuple(decisions))}
    stories = _stories(connection, wanted.values())
    fresh = [wanted[article_id] for article_id in reversed(wanted) if article_id not in stories]
    if not fresh:
        return {}
    uids = _free_uids(connection, fresh)
    paths = free_paths(connection, [name(decision.keyed) for decision in fresh])
    rows = []
    for decision, uid, path in zip(fresh, uids, paths, strict=True):
        own = decision.keyed.id
        stories[own] = stories.get(decision.cluster or own, own)
        pruned, pending, version = False, True, 1
        given = (source_id, uid, path, stories[own], pruned, pending, version)
        rows.append((*values_at_first_sight(decision.keyed), *given))
    _insert(connection, rows)
    return {decision.keyed.id: decision for decision in fresh}


def _stories(connection: Connection, decisions: Iterable[New]) -> dict[str, str]:
    """The story of each article that is there already, of those decided on and of the leaders they name."""
    ids = set(chain.from_iterable((decision.keyed.id, decision.cluster) for decision in decisions)) - {None}
    return dict(map(tuple, _stories_of(connection, ids)))


def _free_uids(connection: Connection, fresh: Sequence[New]) -> list[str]:
    """The uid of each article, or one of ours where it is taken or too long. A stranger's guid may even claim ours."""
    wanted = [decision.keyed.uid[: LONGEST_UID + 1] for decision in fresh]
    taken = {uid for (uid,) in _taken_uids(connection, wanted)}
    if not taken and len(set(wanted)) == len(wanted) and max(map(len, wanted)) <= LONGEST_UID:
        return wanted
    choices = [(uid, UUID(decision.keyed.id).urn) for uid, decision in zip(wanted, fresh, strict=True)]
    taken.update(uid for (uid,) in _taken_uids(connection, [own for _, own in choices]))
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
        taken = given.union(path for (path,) in _taken_paths(connection, chain.from_iterable(options.values())))
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
    numbers = range(tried + 1, tried + count + 1)
    return [path if number == 1 else _with_number(PurePosixPath(path), number) for number in numbers]


def _with_number(path: PurePosixPath, number: int) -> str:
    return str(path.with_stem(f"{path.stem}-{number}"))
