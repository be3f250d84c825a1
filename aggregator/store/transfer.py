"""Copies all rows of one database to another, in steps that an interruption may come between."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, insert, select

from aggregator.store.database import Database
from aggregator.store.meta import UNFINISHED_COPY
from aggregator.store.partitions import PARTITIONED, make_partitions
from aggregator.store.schema import metadata, note

BATCH = 500  # rows of one transaction at most
BATCH_CHARACTERS = 4_000_000  # of text in them, about
_FETCHED = 50  # rows read at once: one may hold 2 MB

Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Content:
    """Number of rows of a table, and the sum of their digests: the same for both databases in any order."""

    rows: int
    digest: int


def progress(database: Database) -> Mapping[str, int] | None:
    """Return how many rows of each table an unfinished copy has, None if the database is no unfinished copy."""
    with database.reading() as connection:
        value = connection.scalar(select(note.c.value).where(note.c.name == UNFINISHED_COPY))
    return json.loads(value) if value is not None else None


def is_empty(database: Database) -> bool:
    """Return True if no table of the database has a row."""
    with database.reading() as connection:
        return all(connection.execute(select(table).limit(1)).first() is None for table in metadata.sorted_tables)


def begin(target: Database) -> None:
    """Empty the target, and note that it is an unfinished copy."""
    with target.writing() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))
        _set_progress(connection, {})


def copy_rows(source: Database, target: Database, report: Progress) -> None:
    """Copy what the target does not have yet. `report` gets each table's name and number of rows, as it is complete.

    The source is read in one transaction, so that what is copied belongs together.
    """
    counts = dict(progress(target) or {})
    with source.reading() as reading:
        for table in metadata.sorted_tables:
            for batch in _batches(reading, table, counts.get(table.name, 0)):
                counts[table.name] = counts.get(table.name, 0) + len(batch)
                with target.writing() as writing:
                    if column := PARTITIONED.get(table):
                        make_partitions(writing, (row[column] for row in batch))
                    writing.execute(insert(table), batch)
                    _set_progress(writing, counts)
            report(table.name, counts.get(table.name, 0))


def finish(target: Database) -> None:
    """Have the target number new rows after the copied ones, and note that it is complete."""
    with target.writing() as connection:
        target.dialect.continue_numbers(connection)
        connection.execute(delete(note).where(note.c.name == UNFINISHED_COPY))


def contents(database: Database, first: Mapping[str, int] | None = None) -> Mapping[str, Content]:
    """Return what each table holds, or its `first` so many rows; of the note about the copy, nothing."""
    with database.reading() as connection:
        return {
            table.name: _content(connection, table, None if first is None else first.get(table.name, 0))
            for table in metadata.sorted_tables
        }


def _content(connection: Connection, table: Table, first: int | None) -> Content:
    rows = total = 0
    for row in _read(connection, table, limit=first):
        rows += 1
        total += int.from_bytes(blake2b(repr(tuple(row)).encode("utf-8", "replace"), digest_size=16).digest())
    return Content(rows, total % (1 << 128))


def _read(
    connection: Connection, table: Table, *, skipped: int | None = None, limit: int | None = None
) -> Iterator[Row[Any]]:
    """Yield the rows of a table in the order of its primary key, without the first `skipped`."""
    statement = select(table).order_by(*table.primary_key).limit(limit).offset(skipped)
    statement = statement.execution_options(yield_per=_FETCHED)
    if table is note:
        statement = statement.where(note.c.name != UNFINISHED_COPY)
    yield from connection.execute(statement)


def _batches(connection: Connection, table: Table, skipped: int) -> Iterator[Sequence[Mapping[str, Any]]]:
    batch: list[Mapping[str, Any]] = []
    characters = 0
    for row in _read(connection, table, skipped=skipped):
        batch.append(dict(row._mapping))
        characters += sum(len(value) for value in row if isinstance(value, str | bytes))
        if len(batch) == BATCH or characters >= BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _set_progress(connection: Connection, counts: Mapping[str, int]) -> None:
    connection.execute(delete(note).where(note.c.name == UNFINISHED_COPY))
    connection.execute(insert(note), {"name": UNFINISHED_COPY, "value": json.dumps(counts)})
