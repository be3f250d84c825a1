"""Share compiled statements among all databases of a process of tests: half of what a cycle of tests costs.

A key of its cache holds the dialect, and each engine has one of its own; those of one kind count as equal here.
"""

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

_COMPILED: dict[Any, Any] = {}
_DIALECTS = (SQLiteDialect_pysqlite, PGDialect_psycopg)


@event.listens_for(Engine, "engine_connect")
def _share(connection: Connection) -> None:
    if isinstance(connection.dialect, _DIALECTS):
        connection.execution_options(compiled_cache=_COMPILED)


for _dialect in _DIALECTS:
    _dialect.__eq__ = lambda self, value: type(self) is type(value)  # type: ignore[method-assign]  # on purpose
    _dialect.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]  # on purpose
