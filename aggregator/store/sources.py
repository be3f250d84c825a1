"""Sources with their states, and the states of hosts."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, bindparam, select, update

from aggregator.model import HostState, SourceState, StoredSource
from aggregator.store import overview
from aggregator.store.database import Database
from aggregator.store.former_names import present_name
from aggregator.store.leases import LeaseStore
from aggregator.store.overview import SourceFailures, SourcePage, SourceSummary
from aggregator.store.rows import listed, slices, stored_source
from aggregator.store.schema import host, pollable, source, subscription
from aggregator.store.source_days import published_by_day, recorded_on
from aggregator.store.source_states import reschedule, write_states

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


class SourceStore:
    """Sources with their states, and the states of hosts."""

    def __init__(self, database: Database, leases: LeaseStore) -> None:
        self._database, self.leases = database, leases
        self._summary: tuple[datetime, SourceSummary] | None = None  # and when it was counted
        self.unpaced: frozenset[str] = frozenset()  # hosts without a rate limit, in lower case; set by `sync`

    def all(self) -> tuple[StoredSource, ...]:
        """Return the configured sources with their states, in the configuration's order."""
        with self._database.reading() as connection:
            return tuple(map(stored_source, connection.execute(_PRESENT).mappings()))

    def by_id(self, ids: Collection[int]) -> tuple[StoredSource, ...]:
        """Return these sources with their states."""
        with self._database.reading() as connection:
            parts = (connection.execute(_BY_ID, {"ids": part}).mappings() for part in slices(ids))
            return tuple(stored_source(row) for part in parts for row in part)

    def shown(self, name: str, now: datetime) -> StoredSource | None:
        """Return the source of this name as pages show it, also if it is not configured any more."""
        with self._database.reading() as connection:
            return overview.named(connection, now, name)

    def renamed(self, name: str) -> str | None:
        """Return the present name of the source that had this name before, None if none had it."""
        with self._database.reading() as connection:
            return present_name(connection, name)

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

    def record_states(
        self, states: Sequence[tuple[int, SourceState]], hosts: Mapping[str, HostState]
    ) -> frozenset[int]:
        """Write states of sources, by id, and of hosts; return the ids of the sources whose state was written.

        A state is not written if another process has leased the source's host since. The sources are done with.
        """
        with self._database.writing() as connection:
            valid = self.leases.valid(connection, [source_id for source_id, _ in states])
            written = [pair for pair in states if pair[0] in valid]
            write_states(
                connection,
                self._database.dialect,
                written,
                leased=self.leases.hosts_of(valid),
                claimed=self.leases.claimed,
                unpaced=self.unpaced,
            )
            self.leases.finish(connection, {source_id: state.last_fetch for source_id, state in states})
            self._record_hosts(connection, hosts)
        return valid

    def _record_hosts(self, connection: Connection, hosts: Mapping[str, HostState]) -> None:
        if hosts:
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
