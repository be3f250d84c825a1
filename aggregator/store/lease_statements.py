"""Statements that take, extend and end leases of hosts."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Select,
    bindparam,
    case,
    func,
    or_,
    select,
    type_coerce,
    update,
)

from aggregator.store.claimable import IS_NAMED
from aggregator.store.columns import Moment, Span, Words
from aggregator.store.due_hosts import due_of_host
from aggregator.store.rows import listed
from aggregator.store.schema import host, pollable, source
from aggregator.store.update_each import UpdateEach

HELD = select(host.c.name, host.c.token).where(host.c.name.in_(listed("hosts")))
HELD_LOCKED = HELD.order_by(host.c.name).with_for_update(key_share=True)
END_LEASES = (
    update(host)
    .where(host.c.name == bindparam("of_host"), host.c.token == bindparam("of_token"))
    .values(
        due=due_of_host,
        lease_until=None,
        last_asked=func.coalesce(bindparam("asked", type_=Moment), host.c.last_asked),
    )
)
FINISH = UpdateEach(
    {"of_host": Words(), "of_token": BigInteger(), "asked": Moment(), "ends": Boolean()},
    lambda parameters: (
        update(host)
        .where(host.c.name == parameters["of_host"], host.c.token == parameters["of_token"])
        .values(
            due=due_of_host,
            last_asked=func.coalesce(parameters["asked"], host.c.last_asked),
            lease_until=case((parameters["ends"], None), else_=host.c.lease_until),
        )
    ),
)
NOTE_CLAIM = update(source).where(source.c.id.in_(listed("ids"))).values(readdressed=False)


class LeaseStatements:
    """Statements of the leases of one `process`, whose time is what `lease_time` makes of the caller's."""

    def __init__(self, lease_time: Callable[[ColumnElement[Any]], ColumnElement[Any]], process: str) -> None:
        now = lease_time(bindparam("now", type_=Moment))
        is_free = or_(host.c.lease_until.is_(None), host.c.lease_until <= now)

        def free(condition: ColumnElement[bool]) -> Select[Any]:
            columns = select(*host.c["name", "token", "lease_until", "owner", "last_asked"])
            chosen = columns.where(is_free, condition).order_by(host.c.due, host.c.name).limit(bindparam("limit"))
            return chosen.with_for_update(skip_locked=True, key_share=True)

        hosts_of_names = select(source.c.host).where(pollable, IS_NAMED)
        self.free_due = free(host.c.due <= bindparam("now", type_=Moment))
        self.free_all = free(host.c.due.is_not(None))
        self.free_named = free(host.c.name.in_(hosts_of_names))
        self.free_host = free(host.c.name == bindparam("of_host"))
        until = now + bindparam("lease", type_=Span)
        self.write_lease = (
            update(host)
            .where(host.c.name.in_(listed("hosts")))
            .values(lease_until=until, owner=bindparam("by"), token=host.c.token + 1)
        )
        self.extend = (
            update(host)
            .where(host.c.name == bindparam("of_host"), host.c.token == bindparam("of_token"))
            .values(lease_until=until)
        )
        self.any_leased = select(host.c.name).where(host.c.lease_until > now).limit(1)
        self.leased_elsewhere = select(host.c.name).where(
            host.c.name.in_(listed("hosts")), host.c.lease_until > now, host.c.owner != process
        )
        self.wait = select(type_coerce(host.c.lease_until - now, Span)).where(host.c.name == bindparam("of_host"))
