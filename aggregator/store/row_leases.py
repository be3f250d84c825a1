"""Leases of rows: of marks that one process works on at a time."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, bindparam, or_, update

from aggregator.store.columns import Moment, Span
from aggregator.store.database import Database


class RowLeases:
    """Leases of the rows of one table, which has the columns `lease_until` and `owner`.

    A leased row is its owner's until it is recorded or released, or until the lease is over and another process leases
    it: then the former owner's writes are dropped, since each of them asks for `owned`. `chosen` is the condition for
    the rows that are meant, with parameters.
    """

    def __init__(self, database: Database, table: Table, chosen: ColumnElement[bool]) -> None:
        self._database = database
        now = database.dialect.lease_time(bindparam("now", type_=Moment))
        until = now + bindparam("lease", type_=Span)
        self.free = or_(table.c.lease_until.is_(None), table.c.lease_until <= now)
        self.owned = table.c.owner == database.process
        of_process = update(table).where(chosen, self.owned, table.c.lease_until.is_not(None))
        self._take = update(table).where(chosen).values(lease_until=until, owner=database.process)
        self._extend, self._release = of_process.values(lease_until=until), of_process.values(lease_until=None)

    def take(self, chosen: Mapping[str, Any], now: datetime, lease: timedelta) -> None:
        """Lease rows, which this transaction found free and has locked."""
        self._write(self._take, {**chosen, "now": now, "lease": lease})

    def extend(self, chosen: Mapping[str, Any], now: datetime, lease: timedelta) -> None:
        """Have the leases of these rows last for `lease` from now on, as far as they are this process's."""
        self._write(self._extend, {**chosen, "now": now, "lease": lease})

    def release(self, chosen: Mapping[str, Any]) -> None:
        """End the leases of these rows, as far as they are this process's."""
        self._write(self._release, chosen)

    def _write(self, statement: Any, parameters: Mapping[str, Any]) -> None:
        with self._database.writing() as connection:
            connection.execute(statement, dict(parameters))
