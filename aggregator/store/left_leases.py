"""Leases that nobody is behind any more, and that end before their time. Edge."""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, bindparam, select, update

from aggregator.store.schema import backfill, due_backfill, due_page, host, page, translation

_END_ALL = (
    update(host).where(host.c.lease_until.is_not(None)).values(lease_until=None).returning(host.c.name),
    update(page).where(due_page, page.c.lease_until.is_not(None)).values(lease_until=None),
    update(translation)
    .where(translation.c.due.is_not(None), translation.c.lease_until.is_not(None))
    .values(lease_until=None),
    update(backfill).where(due_backfill, backfill.c.lease_until.is_not(None)).values(lease_until=None),
)
_LEASED_BY = select(host.c.name, host.c.token).where(host.c.lease_until.is_not(None), host.c.owner == bindparam("by"))
_END = update(host).where(host.c.name == bindparam("of_host")).values(lease_until=None)


def end_all(connection: Connection) -> Collection[str]:
    """End the leases of hosts, pages, translations and archives, and return the names of the hosts."""
    hosts, *further = _END_ALL
    names = connection.scalars(hosts).all()
    for statement in further:
        connection.execute(statement)
    return names


def end_unknown(connection: Connection, owner: str, tokens: Mapping[str, int]) -> None:
    """End the leases of this owner on hosts, except those that it knows of, given with their `tokens`."""
    leases = connection.execute(_LEASED_BY, {"by": owner}).all()
    if rows := [{"of_host": lease.name} for lease in leases if tokens.get(lease.name) != lease.token]:
        connection.execute(_END, rows)
