"""Sources with their states, leases on them, and the states of hosts."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, RowMapping, bindparam, func, select, update

from aggregator.model import HostState, Selection, SourceState, StoredSource
from aggregator.store import overview
from aggregator.store.database import Database
from aggregator.store.leases import (
    CLAIM_ALL,
    CLAIM_DUE,
    CLAIM_DUE_SHARE,
    CLAIM_NAMED,
    CLAIM_SAME_URL,
    END_ALL_LEASES,
    NO_LIMIT,
    SET_LEASE_END,
    WANTED,
    WANTED_DUE,
    WANTED_NAMED,
    reschedule,
    write_states,
)
from aggregator.store.overview import SourceFailures, SourcePage, SourceSummary
from aggregator.store.rows import listed, slices, stored_source
from aggregator.store.schema import backfill, host, page, pollable, source, subscription, translation
from aggregator.store.source_days import published_by_day, recorded_on

DUE = Selection()
MANY, MAX_AGE = 10_000, timedelta(seconds=30)  # sources whose figures are not counted each time

_HOST_STATE = ("not_before", "refusals", "forbidden")
_PRESENT = select(source).where(source.c.present).order_by(source.c.ordinal)
_BY_ID = select(source).where(source.c.id.in_(listed("ids")))
_BY_NAME = select(source).where(source.c.name == bindparam("name")).order_by(source.c.present.desc()).limit(1)
_BY_TOKEN = select(source).join(subscription).where(subscription.c.token == bindparam("token"), pollable)
_WRITE_PUSHED = (
    update(source)
    .where(source.c.id == bindparam("source_id"), source.c.readdressed.is_(False))
    .values(seen=bindparam("digests"), waiting=bindparam("names"))
)
_WRITE_PUSHED_UNREAD = _WRITE_PUSHED.values(etag=None, last_modified=None, digest=b"", truncated_digest=None)
_HOSTS = select(host).where(host.c.name.in_(listed("names")))
_LAST_FETCHES = (
    select(source.c.host, func.max(source.c.last_fetch).label("last_fetch"))
    .where(source.c.host.in_(listed("names")), source.c.last_fetch.is_not(None))
    .group_by(source.c.host)
)


_END_LEASES_OF_PAGES = update(page).where(page.c.lease_until.is_not(None)).values(lease_until=None)
_END_LEASES_OF_BACKFILLS = update(backfill).where(backfill.c.lease_until.is_not(None)).values(lease_until=None)
_END_LEASES_OF_TRANSLATIONS = (
    update(translation)
    .where(translation.c.due.is_not(None), translation.c.lease_until.is_not(None))
    .values(lease_until=None)
)


class SourceStore:
    """Sources with their states, leases on them, and the states of hosts."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._summary: tuple[datetime, SourceSummary] | None = None  # and when it was counted
        self.unpaced: frozenset[str] = frozenset()  # hosts without a rate limit, in lower case; set by `sync`
        self._process = uuid4().hex  # names the leases of this process
        self._released_hosts: frozenset[str] = frozenset()  # of leases that a dead process had
        self._unreleased: frozenset[int] = frozenset()  # ids of sources whose release failed

    def all(self) -> tuple[StoredSource, ...]:
        """Return the configured sources with their states, in the configuration's order."""
        with self._database.reading() as connection:
            return tuple(map(stored_source, connection.execute(_PRESENT).mappings()))

    def by_id(self, ids: Collection[int]) -> tuple[StoredSource, ...]:
        """Return these sources with their states."""
        with self._database.reading() as connection:
            parts = (connection.execute(_BY_ID, {"ids": part}).mappings() for part in slices(ids))
            return tuple(stored_source(row) for part in parts for row in part)

    def by_name(self, name: str) -> StoredSource | None:
        """Return the source of this name, also if it is not configured any more."""
        with self._database.reading() as connection:
            row = connection.execute(_BY_NAME, {"name": name}).mappings().one_or_none()
            return stored_source(row) if row else None

    def pushed(self, token: str) -> StoredSource | None:
        """Return the source whose hub pushes to the callback with this token; another process may have leased it."""
        with self._database.reading() as connection:
            row = connection.execute(_BY_TOKEN, {"token": token}).mappings().one_or_none()
            return stored_source(row) if row else None

    def published_by_day(self, now: datetime, ids: Collection[int]) -> Mapping[int, Counter[date]]:
        """Return how many articles each of these sources, by id, published on each day (UTC) of the last four weeks."""
        with self._database.reading() as connection:
            return published_by_day(connection, now, ids)

    def recorded_on(self, source_id: int, now: datetime) -> int:
        """Return how many new articles of the source count for the limit of the day (UTC) of `now`."""
        with self._database.reading() as connection:
            return recorded_on(connection, source_id, now)

    def overview(self, now: datetime) -> tuple[StoredSource, ...]:
        """Return the configured sources, in the configuration's order, with the part of their states that is shown.

        Other fields of the states have their defaults: this is asked often.
        """
        with self._database.reading() as connection:
            return overview.all_sources(connection, now)

    def page(self, now: datetime, after: str | None, limit: int) -> SourcePage:
        """Return up to `limit` of these sources, behind the one of that name. Raises KeyError if there is none."""
        with self._database.reading() as connection:
            return overview.page_in_order(connection, now, after, limit)

    def page_by_condition(self, now: datetime, after: str | None, limit: int) -> SourcePage:
        """Return such a page in the order of conditions, those sources first that have failed for longest."""
        with self._database.reading() as connection:
            return overview.page_by_condition(connection, now, after, limit)

    def summary(self, now: datetime) -> SourceSummary:
        """Return the figures of the configured sources; those of more than MANY may be up to MAX_AGE old."""
        if self._summary:
            counted, summary = self._summary
            if summary.total > MANY and timedelta(0) <= now - counted < MAX_AGE:
                return summary
        with self._database.reading() as connection:
            summary = overview.summary(connection, now)
        self._summary = now, summary
        return summary

    def failing_longest(self, limit: int) -> Sequence[SourceFailures]:
        """Return up to `limit` polled sources: first those that fail, without a success for longest first."""
        with self._database.reading() as connection:
            return overview.failing_longest(connection, limit)

    def next_due(self) -> datetime | None:
        """Return the earliest time at which a source is due, which may be past; None if none was fetched yet."""
        with self._database.reading() as connection:
            due: datetime | None = connection.scalar(overview.FIRST_DUE)
            return due

    # ------------------------------------------------------------------------------------------------------- leases

    def claim(
        self, now: datetime, selection: Selection = DUE, *, limit: int, lease: timedelta, share: int | None = None
    ) -> tuple[StoredSource, ...]:
        """Lease up to `limit` of the selected sources, longest due first, until they are recorded or `lease` is over.

        A host belongs to one process at a time: its sources are left out while another process has leased one of them.
        With `share`, due sources of a host are leased up to that number, counting those that this process has. Sources
        that share a URL with a leased one come too, beyond `limit` and `share`: a URL is fetched once.
        """
        parameters = {"now": now, "until": now + lease, "process": self._process}
        with self._database.writing() as connection:
            self._database.dialect.lock_claims(connection)
            self._set_lease_end(connection, self._unreleased, None)
            rows = _claim_selected(connection, selection, share, parameters | {"limit": limit})
            leased = sorted(rows, key=_due_order)
            for urls in slices({row["moved_to"] or row["url"] for row in rows}):
                sharing = connection.execute(CLAIM_SAME_URL, parameters | {"limit": NO_LIMIT, "urls": urls}).mappings()
                leased += sorted(sharing, key=_due_order)
            claimed = tuple(map(stored_source, leased))
        self._unreleased = frozenset()
        return claimed

    def wanted(self, now: datetime, selection: Selection = DUE) -> frozenset[str]:
        """Return the names of the sources that `claim` would lease without other processes and limits."""
        with self._database.reading() as connection:
            if selection.names is not None:
                parts = slices(selection.names)
                return frozenset(name for part in parts for name in connection.scalars(WANTED_NAMED, {"names": part}))
            return frozenset(connection.scalars(WANTED if selection.everything else WANTED_DUE, {"now": now}))

    @contextmanager
    def fetching(self) -> Iterator[None]:
        """Let other processes see during the block that this one claims sources.

        If no other process does, all leases end at the start of the block: they were those of a process that was
        killed. Beside another process they stay until they are over, as they may be its leases.
        """
        with self._database.present(self._end_all_leases):
            yield

    def _end_all_leases(self) -> None:
        with self._database.writing() as connection:
            self._released_hosts = frozenset(name for name in connection.scalars(END_ALL_LEASES) if name is not None)
            connection.execute(_END_LEASES_OF_PAGES)
            connection.execute(_END_LEASES_OF_TRANSLATIONS)
            connection.execute(_END_LEASES_OF_BACKFILLS)

    def release(self, ids: Collection[int], at: datetime | None = None) -> None:
        """End the leases of these sources, their states unchanged, now or `at` a time until which their hosts rest.

        If that fails, the next claim of this process begins with it.
        """
        if ids:
            self._unreleased |= frozenset(ids)
            with self._database.writing() as connection:
                self._set_lease_end(connection, ids, at)
            self._unreleased -= frozenset(ids)

    def extend(self, ids: Collection[int], until: datetime) -> None:
        """Extend the leases of these sources."""
        with self._database.writing() as connection:
            self._set_lease_end(connection, ids, until)

    def _set_lease_end(self, connection: Connection, ids: Collection[int], end: datetime | None) -> None:
        for part in slices(ids):
            connection.execute(SET_LEASE_END, {"ids": part, "process": self._process, "until": end})

    # ------------------------------------------------------------------------------------------------------- states

    def record_states(self, states: Sequence[tuple[int, SourceState]], hosts: Mapping[str, HostState]) -> None:
        """Write states of sources, by id, that had nothing new, and of hosts; the sources' leases end."""
        with self._database.writing() as connection:
            write_states(connection, states, self.unpaced)
            if not hosts:
                return
            statement = self._database.dialect.insert(host)
            replaced = {name: statement.excluded[name] for name in _HOST_STATE}
            upsert = statement.on_conflict_do_update(index_elements=[host.c.name], set_=replaced)
            rows = [
                {"name": name} | {field: getattr(state, field) for field in _HOST_STATE}
                for name, state in sorted(hosts.items())
            ]
            connection.execute(upsert, rows)

    def record_pushed(self, source_id: int, state: SourceState) -> None:
        """Write the digests of a pushed document's entries, and nothing else: the lease continues.

        While entries wait, the next poll reads the document: its validators and digests go.
        """
        statement = _WRITE_PUSHED_UNREAD if state.waiting else _WRITE_PUSHED
        with self._database.writing() as connection:
            connection.execute(statement, {"source_id": source_id, "digests": state.seen, "names": state.waiting})

    def reschedule(self, due: Iterable[tuple[int, tuple[datetime, str] | None]]) -> None:
        """Set the time of the next fetch, and its reason, of sources by id; None leaves it as it is."""
        with self._database.writing() as connection:
            reschedule(connection, due)

    def hosts(self, names: Collection[str]) -> Mapping[str, HostState]:
        """Return the states of those of these hosts that have one."""
        with self._database.reading() as connection:
            rows = (row for part in slices(names) for row in connection.execute(_HOSTS, {"names": part}).mappings())
            return {row["name"]: HostState(**{field: row[field] for field in _HOST_STATE}) for row in rows}

    def last_asked(self, hosts: Collection[str], now: datetime) -> Mapping[str, datetime]:
        """Return the time of the last fetch from each of these hosts; hosts that were never asked are left out.

        A host that a dead process had leased counts as asked `now`: it may have been asked up to the process's end.
        """
        released = self._released_hosts.intersection(hosts)
        self._released_hosts = self._released_hosts.difference(hosts)
        with self._database.reading() as connection:
            rows = (row for part in slices(hosts) for row in connection.execute(_LAST_FETCHES, {"names": part}))
            return {row.host: row.last_fetch for row in rows} | dict.fromkeys(released, now)


def _claim_selected(
    connection: Connection, selection: Selection, share: int | None, parameters: Mapping[str, Any]
) -> Sequence[RowMapping]:
    if selection.names is not None:
        parts = ({**parameters, "names": part} for part in slices(selection.names))
        return [row for part in parts for row in connection.execute(CLAIM_NAMED, part).mappings()]
    if selection.everything:
        return connection.execute(CLAIM_ALL, parameters).mappings().all()
    if share is None:
        return connection.execute(CLAIM_DUE, parameters).mappings().all()
    return connection.execute(CLAIM_DUE_SHARE, {**parameters, "share": share}).mappings().all()


def _due_order(row: RowMapping) -> tuple[datetime, int]:
    return row["next_fetch"], row["ordinal"]
