"""Statements that write states of sources, and when their hosts are due."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from aggregator.model import SourceState
from aggregator.store.dialect import Dialect
from aggregator.store.due_hosts import insert_hosts, refresh_due, refresh_due_of_sources
from aggregator.store.rows import Columns, state_columns
from aggregator.store.schema import source
from aggregator.store.update_each import UpdateEach
from aggregator.urls import lease_name

_OF_POLL = (  # columns that a poll without a new document changes; the others are wide
    "etag",
    "last_modified",
    "last_fetch",
    "last_success",
    "next_fetch",
    "due_reason",
    "http_status",
    "failures",
    "error",
    "unmodified_since",
    "requested_interval",
)
_OF_DOCUMENT = tuple(state_columns(SourceState()).keys() - set(_OF_POLL))
_WRITE_POLL = UpdateEach(
    {"source_id": source.c.id.type, **{name: source.c[name].type for name in _OF_POLL}},
    lambda parameters: (
        update(source)
        .where(source.c.id == parameters["source_id"], source.c.readdressed.is_(False))
        .values({name: parameters[name] for name in _OF_POLL})
    ),
)
_WRITE_STATE = (
    update(source)
    .where(source.c.id == bindparam("source_id"), source.c.readdressed.is_(False))
    .values({name: bindparam(name) for name in (*_OF_POLL, *_OF_DOCUMENT)})
)
_WRITE_STATE_AND_HOST = _WRITE_STATE.values(host=bindparam("host"))
_URL = select(source.c.url).where(source.c.id == bindparam("source_id"))
_RESCHEDULE = (
    update(source)
    .where(source.c.id == bindparam("source_id"))
    .values(next_fetch=bindparam("due"), due_reason=bindparam("reason"))
)


def write_states(
    connection: Connection,
    dialect: Dialect,
    states: Iterable[tuple[int, SourceState]],
    *,
    leased: Collection[str],
    claimed: Mapping[int, SourceState],
    unpaced: Collection[str],
) -> None:
    """Write states of sources, by id; not of a source that has been `readdressed` since it was claimed.

    A source that moved gets the host it moved to (`urls.lease_name`), one whose move ended that of its own URL;
    `leased` are the hosts they were claimed with. Of a document's columns none is written that are as they were
    `claimed`.
    """
    polled: list[Columns] = []
    stayed: list[Columns] = []
    moved: list[Columns] = []
    for source_id, state in sorted(states, key=lambda pair: pair[0]):
        columns = state_columns(state) | {"source_id": source_id}
        before = claimed.get(source_id)
        if before and _is_same_document(before, state):
            polled.append(columns)
        elif state.moved_to:
            moved.append(columns | {"host": lease_name(state.moved_to, unpaced)})
        elif before and before.moved_to:
            url: str = connection.execute(_URL, {"source_id": source_id}).scalar_one()
            moved.append(columns | {"host": lease_name(url, unpaced)})
        else:
            stayed.append(columns)
    _WRITE_POLL.execute(connection, polled)
    if stayed:
        connection.execute(_WRITE_STATE, stayed)
    if moved:
        hosts = {columns["host"] for columns in moved} - set(leased)
        insert_hosts(connection, dialect, hosts)
        connection.execute(_WRITE_STATE_AND_HOST, moved)
        refresh_due(connection, hosts)


def _is_same_document(before: SourceState, after: SourceState) -> bool:
    return all(getattr(before, name) == getattr(after, name) for name in _OF_DOCUMENT)


def reschedule(connection: Connection, due: Iterable[tuple[int, tuple[datetime, str] | None]]) -> None:
    """Set the time of the next fetch, and its reason, of sources by id; None leaves it as it is."""
    times = {source_id: fetch for source_id, fetch in due if fetch}
    if times:
        rows = [{"source_id": source_id, "due": at, "reason": reason} for source_id, (at, reason) in times.items()]
        connection.execute(_RESCHEDULE, rows)
        refresh_due_of_sources(connection, times.keys())
