"""Updates of many rows, each with values of its own."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import JSON, ColumnElement, Connection, Text, Update, bindparam, cast, column, func
from sqlalchemy.types import TypeEngine

from aggregator.store.columns import direct_value


class UpdateEach:
    """An UPDATE whose parameters are given for each row.

    SQLite runs it row by row, which costs next to nothing there. PostgreSQL gets all rows with one statement: it takes
    them from a JSON text.
    """

    def __init__(
        self, types: Mapping[str, TypeEngine[Any]], build: Callable[[Mapping[str, ColumnElement[Any]]], Update]
    ) -> None:
        self._types = types
        self._single = build({name: bindparam(name, type_=kind) for name, kind in types.items()})
        columns = [column(name, kind) for name, kind in types.items()]
        table = func.json_to_recordset(cast(bindparam("rows", type_=Text()), JSON)).table_valued(*columns)
        self._joint = build(dict(table.render_derived(name="given", with_types=True).c))

    def execute(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Update with the parameters of each of these rows, if there are any."""
        if not rows:
            return
        if connection.dialect.name == "sqlite":
            connection.execute(self._single, rows)
            return
        values = [{name: direct_value(kind, row[name]) for name, kind in self._types.items()} for row in rows]
        connection.execute(self._joint, {"rows": json.dumps(values, ensure_ascii=False)})
