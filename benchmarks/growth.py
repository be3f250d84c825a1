"""Whether a source, or a round, costs more where there are more: sources, or articles in the database.

The database of a million articles is made of the articles of one poll, copied under other names by SQL: so they have
all rows and keys that ours have, but short texts, which a poll that finds nothing new does not read.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import Cost, Sources, folder
from benchmarks.programs import Ours

ENTRIES, BODY_BYTES = 4, 1000  # a source, where ten thousand of them are to be made


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """The rounds of ours with so many sources, or so many articles stored."""

    number: int
    rounds: dict[str, Cost]


def sources(numbers: Sequence[int]) -> Iterator[Growth]:
    """The first poll, nothing new, and 5 % changed, by the number of sources."""
    for number in numbers:
        with Sources(number, ENTRIES, BODY_BYTES) as served:
            ours = Ours()
            ours.prepare(folder(), served)
            first = ours.poll()
            unmodified = _unmodified(ours)
            served.tell("newer 2 5")
            yield Growth(number=number, rounds={"first poll": first, "all 304": unmodified, "5 % changed": ours.poll()})


def stored(number: int, numbers: Sequence[int]) -> Iterator[Growth]:
    """A round in which nothing is new, and one with 5 % changed, by the number of articles that are stored."""
    with Sources(number, 20) as served:
        ours, place = Ours(), folder()
        ours.prepare(place, served)
        ours.poll()
        ours.poll()
        database = place / "storage" / "aggregator.db"
        for wanted in numbers:
            fill(database, wanted)
            ours.poll()  # while the system is still busy writing gigabytes
            unmodified = _unmodified(ours)
            served.tell("newer 2 5")
            yield Growth(number=wanted, rounds={"all 304": unmodified, "5 % changed": ours.poll()})


def _unmodified(ours: Ours) -> Cost:
    """The cheapest of three rounds in which nothing is new: of half a second, what else the machine does is a fifth."""
    return min((ours.poll() for _ in range(3)), key=lambda cost: cost.cpu)


def fill(database: Path, wanted: int) -> None:
    """Copy the database's own articles under other names until it holds as many as are wanted."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.create_function("renamed", 2, _renamed, deterministic=True)
        statements = [_copy(connection, table, changes) for table, changes in COPIES.items()]
        (last,) = connection.execute(_LAST_COPY).fetchone()
        for copy in range(last + 1, 1_000_000):
            (there,) = connection.execute("SELECT count(*) FROM article").fetchone()
            if there >= wanted:
                break
            with connection:
                for statement in statements:
                    connection.execute(statement, {"n": copy, "most": wanted - there})


def _renamed(digest: bytes, copy: int) -> bytes:
    return digest[:12] + copy.to_bytes(4, "big")


_LAST_COPY = """
    SELECT coalesce(max(CAST(substr(path, instr(path, '.md.') + 4) AS INTEGER)), 0) FROM article
    WHERE path GLOB '*.md.*'
"""
_ID = "printf('c%06d', :n) || substr({}, 8)"
_OWN = "(SELECT id FROM article WHERE path NOT GLOB '*.md.*' ORDER BY id LIMIT :most)"
COPIES: dict[str, dict[str, str]] = {
    "article": {
        "id": _ID.format("id"),
        "cluster": _ID.format("cluster"),
        "uid": "uid || '?copy=' || :n",
        "guid": "guid || '?copy=' || :n",
        "guid_key": "guid_key || '?copy=' || :n",
        "link_key": "link_key || '?copy=' || :n",
        "path": "path || '.' || :n",
        "html": "substr(html, 1, 200)",
        "markdown": "substr(markdown, 1, 200)",
        "published": "published - :n * 3600000000",
        "pending": "0",
    },
    "article_source": {"article_id": _ID.format("article_id")},
    "article_category": {"article_id": _ID.format("article_id"), "published": "published - :n * 3600000000"},
    "key": {"article_id": _ID.format("article_id"), "digest": "renamed(digest, :n)"},
}


def _copy(connection: sqlite3.Connection, table: str, changes: dict[str, str]) -> str:
    """The statement that copies a table's rows of the original articles, changed as said, once."""
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(changes.get(column, f'"{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    bearer = "id" if table == "article" else "article_id"
    return f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} WHERE {bearer} IN {_OWN}"
