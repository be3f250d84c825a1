"""Statements that claim sources for a process, and write their states when it is done with them."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, Update, and_, bindparam, case, func, or_, select, true, update

from aggregator.model import SourceState
from aggregator.store.rows import Columns, listed, state_columns
from aggregator.store.schema import leased, pollable, source
from aggregator.urls import paced_host

_NOT_IN_STATE = {"present", "first_seen", "readdressed", "lease_until", "claimed_by", "host", "name", "enabled"}
_STORED_SOURCE = [column for column in source.c if column.name not in _NOT_IN_STATE]  # what `rows.stored_source` reads

_is_due = source.c.next_fetch <= bindparam("now")
_is_named = source.c.name.in_(listed("names"))

WANTED = select(source.c.name).where(pollable)
WANTED_DUE = WANTED.where(_is_due)
WANTED_NAMED = WANTED.where(_is_named)

SET_LEASE_END = (
    update(source)
    .where(source.c.id.in_(listed("ids")), source.c.claimed_by == bindparam("process"), leased)
    .values(lease_until=bindparam("until"))
)
END_ALL_LEASES = (
    update(source).where(source.c.lease_until.is_not(None)).values(lease_until=None).returning(source.c.host)
)

# Leases by host: this process's and others'; a host without a rate limit is not among them.
_is_own = source.c.claimed_by.is_not_distinct_from(bindparam("process"))
_held = (
    select(
        source.c.host,
        func.sum(case((_is_own, 1), else_=0)).label("own"),
        func.sum(case((_is_own, 0), else_=1)).label("foreign"),
    )
    .where(leased, source.c.lease_until > bindparam("now"), source.c.host.is_not(None))
    .group_by(source.c.host)
    .cte("held")
)
_FOREIGN_HOSTS = select(_held.c.host).where(_held.c.foreign > 0)
_free = or_(source.c.lease_until.is_(None), source.c.lease_until <= bindparam("now"))
_claimable = and_(pollable, _free, or_(source.c.host.is_(None), source.c.host.not_in(_FOREIGN_HOSTS)))


def _claim_ids(candidates: Select[int]) -> Update:
    """Return the statement that claims the sources whose ids `candidates` selects."""
    due = candidates.cte("due")
    # PostgreSQL: rows that a change of the configuration has locked are left out; SQLite has one writer anyway.
    locked = (
        select(source.c.id)
        .where(source.c.id.in_(select(due.c.id)), pollable, _free)
        .with_for_update(skip_locked=True, key_share=True)
        .cte("locked")
    )
    claimed = {"lease_until": bindparam("until"), "claimed_by": bindparam("process"), "readdressed": False}
    return update(source).where(source.c.id.in_(select(locked.c.id))).values(claimed).returning(*_STORED_SOURCE)


def _claim(condition: ColumnElement[bool]) -> Update:
    candidates = select(source.c.id).where(_claimable, condition).order_by(source.c.next_fetch, source.c.ordinal)
    return _claim_ids(candidates.limit(bindparam("limit")))


def _claim_share(condition: ColumnElement[bool]) -> Update:
    """Return the statement that claims up to `share` sources of one host, counting those that are claimed already."""
    rank = func.row_number().over(partition_by=source.c.host, order_by=(source.c.next_fetch, source.c.ordinal))
    columns = source.c["id", "host", "next_fetch", "ordinal"]
    queue = select(*columns, rank.label("rank")).where(_claimable, condition).cte("queue")
    candidates = (
        select(queue.c.id)
        .select_from(queue.outerjoin(_held, _held.c.host == queue.c.host))
        .where(or_(queue.c.host.is_(None), queue.c.rank + func.coalesce(_held.c.own, 0) <= bindparam("share")))
        .order_by(queue.c.next_fetch, queue.c.ordinal)
    )
    return _claim_ids(candidates.limit(bindparam("limit")))


CLAIM_DUE = _claim(_is_due)
CLAIM_DUE_SHARE = _claim_share(_is_due)
CLAIM_ALL = _claim(true())
CLAIM_NAMED = _claim(_is_named)
_urls = listed("urls")
_stayed = func.coalesce(source.c.moved_to, "") == ""  # for `IS NULL` SQLite would read all of them by their index
CLAIM_SAME_URL = _claim(or_(source.c.moved_to.in_(_urls), and_(_stayed, source.c.url.in_(_urls))))
NO_LIMIT = 1_000_000_000

_WRITE_STATE = (
    update(source)
    .where(source.c.id == bindparam("source_id"), source.c.readdressed.is_(False))
    .values({name: bindparam(name) for name in (*state_columns(SourceState()), "lease_until")})
)
_WRITE_STATE_AND_HOST = _WRITE_STATE.values(host=bindparam("host"))
_RESCHEDULE = (
    update(source)
    .where(source.c.id == bindparam("source_id"))
    .values(next_fetch=bindparam("due"), due_reason=bindparam("reason"))
)


def write_states(
    connection: Connection, states: Iterable[tuple[int, SourceState]], unpaced: Collection[str] = ()
) -> None:
    """Write states of sources, by id, and end their leases; not of a source whose URL changed since it was claimed.

    A source that moved gets the host it moved to, unless that is among `unpaced`.
    """
    stayed: list[Columns] = []
    moved: list[Columns] = []
    for source_id, state in sorted(states, key=lambda pair: pair[0]):
        columns = state_columns(state) | {"source_id": source_id, "lease_until": None}
        if state.moved_to is None:
            stayed.append(columns)
        else:
            moved.append(columns | {"host": paced_host(state.moved_to, unpaced)})
    for statement, rows in ((_WRITE_STATE, stayed), (_WRITE_STATE_AND_HOST, moved)):
        if rows:
            connection.execute(statement, rows)


def reschedule(connection: Connection, due: Iterable[tuple[int, tuple[datetime, str] | None]]) -> None:
    """Set the time of the next fetch, and its reason, of sources by id; None leaves it as it is."""
    if rows := [{"source_id": source_id, "due": fetch[0], "reason": fetch[1]} for source_id, fetch in due if fetch]:
        connection.execute(_RESCHEDULE, rows)
