"""Which sources are due, who works on them, and how they and their hosts fared."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Update, and_, bindparam, or_, select, true, update

from aggregator.model import Claimed, HostState, SourceState
from aggregator.store.dialect import Dialect
from aggregator.store.rows import Headers, listed, slices, source_from, state_columns, state_from
from aggregator.store.schema import host, pollable, source

_PRESENT = select(source).where(source.c.present).order_by(source.c.ordinal)
_IDS = select(*source.c["id", "name"]).where(source.c.present)
_RELEASE = update(source).where(source.c.id.in_(listed("ids"))).values(lease_until=None)
_RELEASE_ALL = update(source).where(source.c.lease_until.is_not(None)).values(lease_until=None)
_HOSTS = select(host).where(host.c.name.in_(listed("names")))
_STATE = (
    update(source)
    .where(source.c.id == bindparam("source_id"), source.c.readdressed.is_(False))
    .values({name: bindparam(name) for name in (*state_columns(SourceState()), "lease_until")})
)


def present(connection: Connection, headers: Mapping[int, Headers]) -> tuple[Claimed, ...]:
    """All sources of `feeds.yaml`, in its order."""
    return _claimed(connection.execute(_PRESENT).mappings(), headers)


def ids(connection: Connection) -> dict[str, int]:
    """Id of each source of `feeds.yaml`, by its name."""
    return {row.name: row.id for row in connection.execute(_IDS)}


def _claimed(rows: Iterable[RowMapping], headers: Mapping[int, Headers]) -> tuple[Claimed, ...]:
    return tuple(Claimed(source=source_from(row, headers), state=state_from(row)) for row in rows)


def _claim(wanted: ColumnElement[bool]) -> Update:
    free = or_(source.c.lease_until.is_(None), source.c.lease_until <= bindparam("now"))
    due = (
        select(source.c.id)
        .where(pollable, free, wanted)
        .order_by(source.c.next_fetch, source.c.ordinal)
        .limit(bindparam("most"))
        .with_for_update(
            skip_locked=True, key_share=True
        )  # PostgreSQL: two claims take different sources; SQLite claims one by one
        .cte("due")
    )
    taken = update(source).where(source.c.id.in_(select(due.c.id)))
    return taken.values(lease_until=bindparam("until"), readdressed=False).returning(source)


_CLAIM_DUE = _claim(source.c.next_fetch <= bindparam("now"))
_CLAIM_ALL = _claim(true())
_CLAIM_NAMED = _claim(source.c.name.in_(listed("names")))
_urls = listed("urls")
_CLAIM_SAME_URL = _claim(or_(source.c.moved_to.in_(_urls), and_(source.c.moved_to.is_(None), source.c.url.in_(_urls))))
_NO_LIMIT = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which sources are wanted, and until when."""

    now: datetime
    until: datetime
    limit: int
    names: Collection[str] | None
    everything: bool


def claim(connection: Connection, wish: Wish, headers: Mapping[int, Headers]) -> tuple[Claimed, ...]:
    """Take the sources that are wanted, and those that share a URL with one of them."""
    always = {"now": wish.now, "until": wish.until}
    if wish.names is not None:
        named = always | {"most": wish.limit, "names": tuple(wish.names)}
        rows = connection.execute(_CLAIM_NAMED, named).mappings().all()
    else:
        statement = _CLAIM_ALL if wish.everything else _CLAIM_DUE
        rows = connection.execute(statement, always | {"most": wish.limit}).mappings().all()
    taken = sorted(rows, key=_due_order)
    for urls in slices({row["moved_to"] or row["url"] for row in rows}):
        same = connection.execute(_CLAIM_SAME_URL, always | {"most": _NO_LIMIT, "urls": urls}).mappings()
        taken += sorted(same, key=_due_order)
    return _claimed(taken, headers)


def _due_order(row: RowMapping) -> tuple[datetime, int]:
    return row["next_fetch"], row["ordinal"]


def release(connection: Connection, ids: Collection[int]) -> None:
    """Give sources back as they were."""
    for part in slices(ids):
        connection.execute(_RELEASE, {"ids": part})


def release_all(connection: Connection) -> None:
    """End every lease."""
    connection.execute(_RELEASE_ALL)


def write_states(connection: Connection, pairs: Iterable[tuple[int, SourceState]]) -> None:
    """Write the states and end the leases, but of no source whose URL changed since it was claimed."""
    rows = [state_columns(state) | {"source_id": source_id, "lease_until": None} for source_id, state in pairs]
    if rows:
        connection.execute(_STATE, sorted(rows, key=lambda row: int(row["source_id"])))


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
