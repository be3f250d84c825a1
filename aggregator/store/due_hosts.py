"""Hosts as the units of polling: each is due when the first of its sources is."""

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, bindparam, func, select, update

from aggregator.store.dialect import Dialect
from aggregator.store.rows import listed, slices
from aggregator.store.schema import host, pollable, source

due_of_host = select(func.min(source.c.next_fetch)).where(source.c.host == host.c.name, pollable).scalar_subquery()

_OUTDATED = select(host.c.name).where(host.c.due.is_distinct_from(due_of_host))
_OF_SOURCES = select(source.c.host).where(source.c.id.in_(listed("ids")), source.c.host.is_not(None))
_REFRESH = update(host).where(host.c.name == bindparam("of_host")).values(due=due_of_host)


def insert_hosts(connection: Connection, dialect: Dialect, names: Iterable[str]) -> None:
    """Add those of these hosts that are new."""
    rows = [{"name": name, "refusals": 0, "forbidden": 0} for name in sorted(set(names))]
    if rows:
        connection.execute(dialect.insert(host).on_conflict_do_nothing(index_elements=[host.c.name]), rows)


def refresh_due(connection: Connection, names: Iterable[str]) -> None:
    """Write when these hosts are due, in one order for all processes; sources of theirs may have changed."""
    if rows := [{"of_host": name} for name in sorted(set(names))]:
        connection.execute(_REFRESH, rows)


def refresh_due_of_sources(connection: Connection, ids: Collection[int]) -> None:
    """Write when the hosts of these sources are due."""
    refresh_due(connection, [name for part in slices(ids) for name in connection.scalars(_OF_SOURCES, {"ids": part})])


def refresh_all_due(connection: Connection) -> None:
    """Write when each host is due for which that is another time than is written."""
    refresh_due(connection, connection.scalars(_OUTDATED).all())
