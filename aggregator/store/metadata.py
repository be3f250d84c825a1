"""The registry of the tables, and what their definitions share."""

from typing import Any

from sqlalchemy import Column, ColumnElement, MetaData

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)


def required(name: str, kind: Any, *args: Any, **options: Any) -> Column[Any]:
    """Return a column that is never NULL."""
    return Column(name, kind, *args, nullable=False, **options)


def where(condition: ColumnElement[bool]) -> dict[str, Any]:
    """Return the options of an index over the rows that meet a condition.

    Queries use the condition as it stands: SQLite takes a partial index for no other wording.
    """
    return {"sqlite_where": condition, **on_postgresql(where=condition)}


def by_month(column: str) -> dict[str, Any]:
    """Return the options of a table that PostgreSQL partitions by a column of articles' numbers."""
    return on_postgresql(partition_by=f"RANGE ({column})")


def on_postgresql(**options: Any) -> dict[str, Any]:
    """Return options of an index or table in PostgreSQL.

    Not as SQLAlchemy has them, `postgresql_where`: that loads PostgreSQL's dialect, which most runs have no use for.
    """
    return {"info": {"postgresql": options}}
