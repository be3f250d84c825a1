"""Partitions of the texts on PostgreSQL, one for each month of publication; retention drops those of whole months.

They are made as their first article is recorded. SQLite has plain tables: nothing here does anything there.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple, Self

from sqlalchemy import ARRAY, Connection, Table, Text, bindparam, delete, exists, not_, select, text

from aggregator.errors import StoreBusyError
from aggregator.store.article_numbers import SECONDS, first_number, numbers_of
from aggregator.store.database import Database
from aggregator.store.rows import listed
from aggregator.store.schema import (
    archived,
    article,
    article_text,
    original,
    page_text,
    revision,
    searchable,
    translation_text,
)

PARTITIONED = {  # by these columns
    article_text: "number",
    searchable: "number",
    revision: "article_number",
    original: "number",
    page_text: "number",
    translation_text: "article_number",
    archived: "article_number",
}
_TABLES = tuple(table.name for table in PARTITIONED)
# By a list of numbers, as PostgreSQL looks only then into their partitions alone when it plans a statement.
_DELETE = {table: delete(table).where(table.c[name].in_(listed("numbers"))) for table, name in PARTITIONED.items()}
FIRST_YEAR = 2020  # all older months together have one partition
LOCK = 0x61676773  # next to that of the schema, among the advisory locks of the database
LOCK_TIMEOUT = "500ms"  # for which a partition that is dropped may keep others waiting

_MISSING = text(
    "SELECT name FROM unnest(:names) AS name WHERE to_regclass('article_text_' || name) IS NULL ORDER BY name"
).bindparams(bindparam("names", type_=ARRAY(Text)))
_PRESENT = text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'article_text'::regclass")
_IN_USE = select(
    exists().where(article.c.number >= bindparam("first"), article.c.number < bindparam("end"), not_(article.c.pruned))
)


class Month(NamedTuple):
    """A month of publication; that of the year 0 is all time before FIRST_YEAR."""

    year: int
    month: int

    @classmethod
    def of(cls, number: int) -> Self:
        """Return the month of an article's number."""
        moment = datetime.fromtimestamp(number >> SECONDS, UTC)
        return cls(moment.year, moment.month) if moment.year >= FIRST_YEAR else cls(0, 1)

    @classmethod
    def named(cls, name: str) -> Self:
        """Return the month with this name."""
        year, month = name.split("_")
        return cls(int(year), int(month))

    @property
    def name(self) -> str:
        """The end of the names of its partitions."""
        return f"{self.year:04}_{self.month:02}"

    @property
    def first(self) -> int:
        """The least number of an article in it."""
        return first_number(datetime(self.year, self.month, 1, tzinfo=UTC)) if self.year else 0

    @property
    def end(self) -> int:
        """The least number of an article behind it."""
        year, month = self if self.year else (FIRST_YEAR - 1, 12)
        return first_number(datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC))


def make_partitions(connection: Connection, numbers: Iterable[int], tables: Iterable[str] = _TABLES) -> None:
    """Make what is missing for rows with these articles' numbers, in this transaction.

    A migration gives the names of the tables that its version of the schema has.
    """
    if connection.dialect.name != "postgresql":
        return
    names = {"names": sorted({Month.of(number).name for number in numbers})}
    if connection.scalars(_MISSING, names).all():
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        for name in connection.scalars(_MISSING, names).all():  # another process may have made it meanwhile
            _make(connection, Month.named(name), tables)


def partition_as_texts(connection: Connection, tables: Iterable[str]) -> None:
    """Make a partition of these new tables for each month that `article_text` has one of, in a migration."""
    if connection.dialect.name == "postgresql":
        for name in connection.scalars(_PRESENT).all():
            _make(connection, Month.named(name.removeprefix("article_text_")), tables)


def _make(connection: Connection, month: Month, tables: Iterable[str]) -> None:
    for table in tables:
        # Attached, as one that is made in its place would wait for all who read or write the others.
        partition = f"{table}_{month.name}"
        connection.exec_driver_sql(f"CREATE TABLE {partition} (LIKE {table} INCLUDING ALL)")
        connection.exec_driver_sql(
            f"ALTER TABLE {table} ATTACH PARTITION {partition} FOR VALUES FROM ({month.first}) TO ({month.end})"
        )


def delete_texts(
    connection: Connection, ids: Iterable[str], *, first: int = 0, tables: Iterable[Table] = PARTITIONED
) -> None:
    """Delete the texts of these articles from these tables, without those of numbers below `first`."""
    numbers = sorted(number for number in numbers_of(connection, ids).values() if number >= first)
    if numbers:
        for table in tables:
            connection.execute(_DELETE[table], {"numbers": numbers})


def first_kept(connection: Connection, before: datetime | None) -> int:
    """Return the least number whose texts go row by row if articles published `before` a moment are pruned.

    Those of the months before it go with their partitions. Without a moment it is that of the first article.
    """
    if before is None or connection.dialect.name != "postgresql":
        return 0
    return Month.of(first_number(before)).first


def drop_partitions(database: Database, before: datetime) -> int:
    """Drop the partitions of the months before that of `before` if all of their articles are pruned; return how many.

    One that others use just now stays until the next time.
    """
    if database.dialect.one_writer:
        return 0
    with database.reading() as connection:
        first = first_kept(connection, before)
        names = sorted(name.removeprefix("article_text_") for name in connection.scalars(_PRESENT))
    dropped = 0
    for month in map(Month.named, names):
        try:
            if month.end <= first and _drop(database, month):
                dropped += 1
        except StoreBusyError:
            break
    return dropped


def _drop(database: Database, month: Month) -> bool:
    partitions = [f"{table.name}_{month.name}" for table in PARTITIONED]
    with database.writing() as connection:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        # No text comes any more from here on, and an article that came before is seen. Dropping needs these locks.
        parents = ", ".join(f"ONLY {table.name}" for table in PARTITIONED)
        connection.exec_driver_sql(f"LOCK TABLE {parents}, {', '.join(partitions)} IN ACCESS EXCLUSIVE MODE")
        if connection.scalar(_IN_USE, {"first": month.first, "end": month.end}):
            return False
        connection.exec_driver_sql(f"DROP TABLE {', '.join(partitions)}")
        return True
