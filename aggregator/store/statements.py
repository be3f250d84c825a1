"""Statements for thousands of rows, compiled once and given to the driver without SQLAlchemy's parameter handling.

That handling takes longer than SQLite itself. Values are converted by the columns' types as usual.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Dialect, Select, Table

from aggregator.store.rows import slices

_PLACEHOLDERS = {"qmark": "?", "format": "%s", "pyformat": "%s"}  # by the name of the driver's style (PEP 249)

Bind = Callable[[Any], Any]


class InsertRows:
    """`INSERT` of rows into these columns of a table."""

    def __init__(self, table: Table, names: Sequence[str]) -> None:
        self._table, self._columns = table, [table.c[name] for name in names]
        self._compiled: dict[str, tuple[str, list[Bind | None]]] = {}  # by the dialect's name

    def __call__(self, connection: Connection, rows: Iterable[Sequence[Any]]) -> None:
        """Insert the rows, each with one value for each column, in the columns' order."""
        columns = list(zip(*rows, strict=True))
        if columns:
            statement, binds = self._for(connection.dialect)
            stored = (map(bind, values) if bind else values for bind, values in zip(binds, columns, strict=True))
            connection.exec_driver_sql(statement, list(zip(*stored, strict=True)))

    def _for(self, dialect: Dialect) -> tuple[str, list[Bind | None]]:
        if dialect.name not in self._compiled:
            preparer = dialect.identifier_preparer
            names = ", ".join(map(preparer.format_column, self._columns))
            values = ", ".join([_PLACEHOLDERS[dialect.paramstyle]] * len(self._columns))
            statement = f"INSERT INTO {preparer.format_table(self._table)} ({names}) VALUES ({values})"  # noqa: S608 - our own names
            self._compiled[dialect.name] = statement, [_bind(column, dialect) for column in self._columns]
        return self._compiled[dialect.name]


def _bind(column: "Column[Any]", dialect: Dialect) -> Bind | None:
    if isinstance(column.type, Boolean):  # SQLAlchemy would check each value; both drivers take Python's
        return None
    return column.type.dialect_impl(dialect).bind_processor(dialect)


class SelectByValues:
    """`SELECT` of the rows in which a column has one of many values, for columns of texts, numbers and bytes.

    `query` has no WHERE. The values are padded with the last one to one of a few lengths, so that the database can
    reuse the prepared statement.
    """

    def __init__(self, query: "Select[Any]", column: "Column[Any]") -> None:
        self._query, self._column = query, column
        self._compiled: dict[str, str] = {}  # by the dialect's name

    def __call__(self, connection: Connection, values: Iterable[Any]) -> Iterator[Any]:
        """Yield the rows."""
        dialect = connection.dialect
        if dialect.name not in self._compiled:
            column = dialect.identifier_preparer.format_column(self._column, use_table=True)
            self._compiled[dialect.name] = f"{self._query.compile(dialect=dialect)} WHERE {column} IN "
        for part in slices(values):
            step = 1 << max(0, len(part).bit_length() - 3)
            padded = part + part[-1:] * (-len(part) % step)
            placeholders = ", ".join([_PLACEHOLDERS[dialect.paramstyle]] * len(padded))
            yield from connection.exec_driver_sql(f"{self._compiled[dialect.name]}({placeholders})", padded)
