"""Statements for thousands of rows: SQLAlchemy words them once, and its handling of single parameters is left out.

That handling takes longer than SQLite does. What a column's type makes of a value is the same here as there.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Dialect, Select, Table

from aggregator.store.rows import slices

_MARKS = {"qmark": "?", "format": "%s", "pyformat": "%s"}  # of a parameter, by PEP 249's names

Bind = Callable[[Any], Any]


class Insert:
    """`INSERT` into these columns of a table."""

    def __init__(self, table: Table, names: Sequence[str]) -> None:
        self._table, self._columns = table, [table.c[name] for name in names]
        self._made: dict[str, tuple[str, list[Bind | None]]] = {}

    def __call__(self, connection: Connection, rows: Iterable[Sequence[Any]]) -> None:
        """Insert the rows, each with one value a column, in the columns' order."""
        statement, binds = self._for(connection.dialect)
        columns = list(zip(*rows, strict=True))
        if columns:
            stored = (map(bind, values) if bind else values for bind, values in zip(binds, columns, strict=True))
            connection.exec_driver_sql(statement, list(zip(*stored, strict=True)))

    def _for(self, dialect: Dialect) -> tuple[str, list[Bind | None]]:
        if dialect.name not in self._made:
            words = dialect.identifier_preparer
            names = ", ".join(map(words.format_column, self._columns))
            marks = ", ".join([_MARKS[dialect.paramstyle]] * len(self._columns))
            statement = f"INSERT INTO {words.format_table(self._table)} ({names}) VALUES ({marks})"  # noqa: S608 - our own names
            self._made[dialect.name] = statement, [_bind(column, dialect) for column in self._columns]
        return self._made[dialect.name]


def _bind(column: "Column[Any]", dialect: Dialect) -> Bind | None:
    if isinstance(column.type, Boolean):  # checked one by one there; both drivers take Python's
        return None
    return column.type.dialect_impl(dialect).bind_processor(dialect)


class Among:
    """A `SELECT` by a list of values of one column, for results that need no type: texts, numbers and bytes.

    `query` ends where its condition on that column would begin. The list is filled up by its last value to one of
    some lengths, so that the database finds the statement among those that it prepared before.
    """

    def __init__(self, query: "Select[Any]", column: "Column[Any]") -> None:
        self._query, self._column = query, column
        self._made: dict[str, str] = {}

    def __call__(self, connection: Connection, values: Iterable[Any]) -> Iterator[Any]:
        """Rows in which the column has one of the values."""
        dialect = connection.dialect
        if dialect.name not in self._made:
            column = dialect.identifier_preparer.format_column(self._column, use_table=True)
            self._made[dialect.name] = f"{self._query.compile(dialect=dialect)} WHERE {column} IN "
        for part in slices(values):
            step = 1 << max(0, len(part).bit_length() - 3)
            filled = part + part[-1:] * (-len(part) % step)
            marks = ", ".join([_MARKS[dialect.paramstyle]] * len(filled))
            yield from connection.exec_driver_sql(f"{self._made[dialect.name]}({marks})", filled)
