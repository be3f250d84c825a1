"""Which sources are due, who works on them, and how they and their hosts fared."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    Update,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    true,
    update,
)

from aggregator.model import HostState, SourceState, StoredSource
from aggregator.store.dialect import Dialect
from aggregator.store.rows import Columns, Headers, listed, slices, source_from, state_columns, state_from
from aggregator.store.schema import host, leased, pollable, source
from aggregator.urls import paced_host

_ROW = [  # what a source and its state are made of, and their order
    column
    for column in source.c
    if column.name not in {"present", "first_seen", "readdressed", "lease_until", "claimed_by", "host"}
]
_PRESENT = select(source).where(source.c.present).order_by(source.c.ordinal)
_IDS = select(*source.c["id", "name"]).where(source.c.present)
_LEASE = (
    update(source)
    .where(source.c.id.in_(listed("ids")), source.c.claimed_by == bindparam("process"), leased)
    .values(lease_until=bindparam("until"))
)
_RELEASE_ALL = update(source).where(source.c.lease_until.is_not(None)).values(lease_until=None)
_HOSTS = select(host).where(host.c.name.in_(listed("names")))
_LAST_ASKED = (
    select(source.c.host, func.max(source.c.last_fetch).label("last_fetch"))
    .where(source.c.host.in_(listed("names")), source.c.last_fetch.is_not(None))
    .group_by(source.c.host)
)
_STATE = (
    update(source)
    .where(source.c.id == bindparam("source_id"), source.c.readdressed.is_(False))
    .values({name: bindparam(name) for name in (*state_columns(SourceState()), "lease_until")})
)
_RESCHEDULE = (
    update(source)
    .where(source.c.id == bindparam("source_id"))
    .values(next_fetch=bindparam("due"), due_reason=bindparam("reason"))
)
_STATE_OF_MOVED = _STATE.values(host=bindparam("host"))


def present(connection: Connection, headers: Mapping[int, Headers]) -> tuple[StoredSource, ...]:
    """All sources of `feeds.yaml`, in its order."""
    return _claimed(connection.execute(_PRESENT).mappings(), headers)


def ids(connection: Connection) -> dict[str, int]:
    """Id of each source of `feeds.yaml`, by its name."""
    return {row.name: row.id for row in connection.execute(_IDS)}


def _claimed(rows: Iterable[RowMapping], headers: Mapping[int, Headers]) -> tuple[StoredSource, ...]:
    return tuple(StoredSource(source=source_from(row, headers), state=state_from(row)) for row in rows)


# What this process (`mine`) and others have claimed, by host; a host without a pace has no name here.
_by_me = source.c.claimed_by.is_not_distinct_from(bindparam("process"))
_held = (
    select(
        source.c.host,
        func.sum(case((_by_me, 1), else_=0)).label("mine"),
        func.sum(case((_by_me, 0), else_=1)).label("others"),
    )
    .where(leased, source.c.lease_until > bindparam("now"), source.c.host.is_not(None))
    .group_by(source.c.host)
    .cte("held")
)
_OTHERS_HOSTS = select(_held.c.host).where(_held.c.others > 0)
_free = or_(source.c.lease_until.is_(None), source.c.lease_until <= bindparam("now"))
_claimable = and_(pollable, _free, or_(source.c.host.is_(None), source.c.host.not_in(_OTHERS_HOSTS)))
_is_due = source.c.next_fetch <= bindparam("now")


def _take(chosen: Select[int]) -> Update:
    """Claim those that `chosen` gives the ids of."""
    due = chosen.cte("due")
    # PostgreSQL: what a sync is just changing stays; SQLite has one writer anyway.
    locked = (
        select(source.c.id)
        .where(source.c.id.in_(select(due.c.id)), pollable, _free)
        .with_for_update(skip_locked=True, key_share=True)
        .cte("locked")
    )
    taken = update(source).where(source.c.id.in_(select(locked.c.id)))
    claimed = {"lease_until": bindparam("until"), "claimed_by": bindparam("process"), "readdressed": False}
    return taken.values(claimed).returning(*_ROW)


def _claim(wanted: ColumnElement[bool]) -> Update:
    in_order = select(source.c.id).where(_claimable, wanted).order_by(source.c.next_fetch, source.c.ordinal)
    return _take(in_order.limit(bindparam("most")))


def _claim_fairly(wanted: ColumnElement[bool]) -> Update:
    """Up to `share` sources of one host, those included that are claimed already."""
    place = func.row_number().over(partition_by=source.c.host, order_by=(source.c.next_fetch, source.c.ordinal))
    columns = source.c["id", "host", "next_fetch", "ordinal"]
    queue = select(*columns, place.label("place")).where(_claimable, wanted).cte("queue")
    mine = func.coalesce(_held.c.mine, 0)
    fair = (
        select(queue.c.id)
        .select_from(queue.outerjoin(_held, _held.c.host == queue.c.host))
        .where(or_(queue.c.host.is_(None), queue.c.place + mine <= bindparam("share")))
        .order_by(queue.c.next_fetch, queue.c.ordinal)
    )
    return _take(fair.limit(bindparam("most")))


_CLAIM_DUE = _claim(_is_due)
_CLAIM_DUE_FAIRLY = _claim_fairly(_is_due)
_CLAIM_ALL = _claim(true())
_CLAIM_NAMED = _claim(source.c.name.in_(listed("names")))
_urls = listed("urls")
_stayed = func.coalesce(source.c.moved_to, "") == ""  # for `IS NULL` SQLite would read all who stayed by their index
_CLAIM_SAME_URL = _claim(or_(source.c.moved_to.in_(_urls), and_(_stayed, source.c.url.in_(_urls))))
_NO_LIMIT = 1_000_000_000

_WANTED = select(source.c.name).where(pollable)
_WANTED_DUE = _WANTED.where(_is_due)
_WANTED_NAMED = _WANTED.where(source.c.name.in_(listed("names")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which sources are wanted: those that are due, these names, or everything."""

    now: datetime
    names: Collection[str] | None
    everything: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """For whom and how long sources are claimed, how many, and, with a share, how many of one host."""

    process: str
    until: datetime
    limit: int
    share: int | None


def claim(
    connection: Connection, choice: Choice, terms: Terms, headers: Mapping[int, Headers]
) -> tuple[StoredSource, ...]:
    """Take the sources that are wanted, and those that share a URL with one of them."""
    always = {"now": choice.now, "until": terms.until, "process": terms.process}
    rows = _claim_wanted(connection, choice, terms, always | {"most": terms.limit})
    taken = sorted(rows, key=_due_order)
    for urls in slices({row["moved_to"] or row["url"] for row in rows}):
        same = connection.execute(_CLAIM_SAME_URL, always | {"most": _NO_LIMIT, "urls": urls}).mappings()
        taken += sorted(same, key=_due_order)
    return _claimed(taken, headers)


def _claim_wanted(
    connection: Connection, choice: Choice, terms: Terms, parameters: Mapping[str, Any]
) -> Sequence[RowMapping]:
    if choice.names is not None:
        parts = slices(choice.names)
        named = (connection.execute(_CLAIM_NAMED, {**parameters, "names": part}).mappings() for part in parts)
        return [row for rows in named for row in rows]
    if choice.everything:
        return connection.execute(_CLAIM_ALL, parameters).mappings().all()
    if terms.share is not None:
        return connection.execute(_CLAIM_DUE_FAIRLY, {**parameters, "share": terms.share}).mappings().all()
    return connection.execute(_CLAIM_DUE, parameters).mappings().all()


def wanted(connection: Connection, choice: Choice) -> frozenset[str]:
    """Names of the sources that are wanted, whoever works on them."""
    if choice.names is not None:
        parts = slices(choice.names)
        return frozenset(name for part in parts for name in connection.scalars(_WANTED_NAMED, {"names": part}))
    if choice.everything:
        return frozenset(connection.scalars(_WANTED))
    return frozenset(connection.scalars(_WANTED_DUE, {"now": choice.now}))


def _due_order(row: RowMapping) -> tuple[datetime, int]:
    return row["next_fetch"], row["ordinal"]


def lease(connection: Connection, ids: Collection[int], process: str, until: datetime | None) -> None:
    """Let the process's leases of these sources end then; None: now."""
    for part in slices(ids):
        connection.execute(_LEASE, {"ids": part, "process": process, "until": until})


def release_all(connection: Connection) -> frozenset[str]:
    """End every lease; the hosts that they were for."""
    ended = connection.scalars(_RELEASE_ALL.returning(source.c.host))
    return frozenset(name for name in ended if name is not None)


def write_states(
    connection: Connection, pairs: Iterable[tuple[int, SourceState]], unpaced: Collection[str] = ()
) -> None:
    """Write the states and end the leases, but of no source whose URL changed since it was claimed.

    A source that moved gets the host it moved to, unless that is among `unpaced`.
    """
    stayed: list[Columns] = []
    moved: list[Columns] = []
    for source_id, state in sorted(pairs, key=lambda pair: pair[0]):
        columns = state_columns(state) | {"source_id": source_id, "lease_until": None}
        if state.moved_to is None:
            stayed.append(columns)
        else:
            moved.append(columns | {"host": paced_host(state.moved_to, unpaced)})
    for statement, rows in ((_STATE, stayed), (_STATE_OF_MOVED, moved)):
        if rows:
            connection.execute(statement, rows)


def reschedule(connection: Connection, found: Iterable[tuple[int, tuple[datetime, str] | None]]) -> None:
    """Let these sources, by id, be asked at another moment, and for another reason; None: as before."""
    if moved := [{"source_id": one, "due": due[0], "reason": due[1]} for one, due in found if due]:
        connection.execute(_RESCHEDULE, moved)


def last_asked(connection: Connection, names: Collection[str]) -> dict[str, datetime]:
    """When a source of each of these hosts was fetched last; without those that never were."""
    rows = (row for part in slices(names) for row in connection.execute(_LAST_ASKED, {"names": part}))
    return {row.host: row.last_fetch for row in rows}


def hosts(connection: Connection, names: Collection[str]) -> dict[str, HostState]:
    """States of those hosts that we remember anything of."""
    rows = (row for part in slices(names) for row in connection.execute(_HOSTS, {"names": part}))
    return {
        row.name: HostState(not_before=row.not_before, refusals=row.refusals, forbidden=row.forbidden) for row in rows
    }


def write_hosts(connection: Connection, dialect: Dialect, states: Mapping[str, HostState]) -> None:
    """Remember the states of these hosts."""
    if not states:
        return
    written = dialect.insert(host)
    replaced = {name: written.excluded[name] for name in ("not_before", "refusals", "forbidden")}
    upsert = written.on_conflict_do_update(index_elements=[host.c.name], set_=replaced)
    connection.execute(upsert, [_host_columns(name, state) for name, state in sorted(states.items())])


def _host_columns(name: str, state: HostState) -> Mapping[str, Any]:
    return {
        "name": name,
        "not_before": state.not_before,
        "refusals": state.refusals,
        "forbidden": state.forbidden,
    }
