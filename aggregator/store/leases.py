"""Leases of hosts: the process that has one may ask the host's sources, and write their states."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    RowMapping,
    Select,
    select,
)

from aggregator.model import Selection, SourceState, StoredSource
from aggregator.store.claimable import (
    ALL_SOURCES,
    DUE_SHARES,
    DUE_SOURCES,
    NAMED_SOURCES,
    SAME_URL,
    WANTED,
    WANTED_DUE,
    WANTED_NAMED,
)
from aggregator.store.database import Database
from aggregator.store.due_hosts import insert_hosts, refresh_all_due
from aggregator.store.lease_statements import END_LEASES, FINISH, HELD, HELD_LOCKED, NOTE_CLAIM, LeaseStatements
from aggregator.store.left_leases import end_all, end_unknown
from aggregator.store.rows import listed, slices, stored_source
from aggregator.store.schema import host

DUE = Selection()
FIRST_HOSTS = 50  # that the first claim of a process leases at a time


@dataclass(slots=True)
class _Lease:
    """A lease of this process on a host, and the requests for which it is held."""

    token: int  # counts the leases of the host: a process whose token is another one has lost it
    sources: set[int] = field(default_factory=set)  # ids of those under way
    visits: int = 0  # requests for pages, and those that redirects led to the host
    asked: datetime | None = None  # when the last visit ended
    asked_before: datetime | None = None  # by the process that had the host before, if that was another one

    @property
    def is_used(self) -> bool:
        return bool(self.sources or self.visits)


class LeaseStore:
    """The leases of this process. Its methods are called in the writer thread.

    A lease is the process's until it ends or runs out. With SQLite it is measured by the clock of the callers, with
    PostgreSQL, which processes on several machines share, by the server's.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._leases: dict[str, _Lease] = {}  # by host
        self._due_per_host = 0  # about so many due sources of a free host were found last; 0: not known yet
        self._under_way: dict[int, str] = {}  # hosts of sources under way, by source
        self.claimed: dict[int, SourceState] = {}  # states of sources under way as they were claimed, by source
        self._finished: tuple[Connection | None, set[int]] = None, set()  # sources that a transaction has recorded
        self._taken_over: set[str] = set()  # hosts whose lease a process left behind
        self._statements = LeaseStatements(database.dialect.lease_time, database.process)

    def __len__(self) -> int:
        return len(self._leases)  # hosts

    def claim(
        self, now: datetime, selection: Selection = DUE, *, limit: int, lease: timedelta, share: int | None = None
    ) -> tuple[StoredSource, ...]:
        """Lease hosts, and return up to `limit` of the selected sources on them, longest due first.

        Sources on a host that another process has leased are left out. With `share`, no more than that many due sources
        of a host are under way here at a time. Sources that share a URL with one of them come too, beyond `limit` and
        `share`: a URL is fetched once. A host's lease lasts until the last of its sources is recorded, or until `lease`
        is over.
        """
        parameters = {"now": now, "limit": limit, "lease": lease, "by": self._database.process}
        with self._database.writing() as connection:
            ended = self._unused()
            if ended:
                connection.execute(END_LEASES, self._ending_rows(ended))
            held = self._still_held(connection, self._leases.keys() - ended)
            rows = self._selected(connection, selection, held, parameters | {"share": share})
            free = dict[str, int]()
            while (missing := limit - len(rows)) > 0:
                count = -(-missing // self._due_per_host) if self._due_per_host else min(missing, FIRST_HOSTS)
                more = self._lease(connection, selection, {*self._leases, *free} - ended, parameters | {"limit": count})
                free |= more
                rows += self._selected(connection, selection, more, parameters | {"share": share})
                self._due_per_host = max(1, len(rows) // max(1, len(free)))
                if len(more) < count:
                    break
            rows = sorted(rows, key=_queue_place)[:limit]
            rows += self._sharing_url(connection, rows)
            if readdressed := [row["id"] for row in rows if row["readdressed"]]:
                connection.execute(NOTE_CLAIM, {"ids": readdressed})
            unused = free.keys() - {row["host"] for row in rows}
            if unused:
                rows_of_unused = [{"of_host": name, "of_token": free[name], "asked": None} for name in sorted(unused)]
                connection.execute(END_LEASES, rows_of_unused)
        self._forget(ended)
        for row in rows:
            lease_of_host = self._leases.setdefault(row["host"], _Lease(free.get(row["host"], 0)))
            lease_of_host.sources.add(row["id"])
            self._under_way[row["id"]] = row["host"]
        sources = tuple(map(stored_source, rows))
        self.claimed.update((stored.source.id, stored.state) for stored in sources)
        return sources

    def wanted(self, now: datetime, selection: Selection = DUE) -> frozenset[str]:
        """Return the names of the sources that `claim` would return without other processes and limits."""
        with self._database.reading() as connection:
            if selection.names is not None:
                parts = slices(selection.names)
                return frozenset(name for part in parts for name in connection.scalars(WANTED_NAMED, {"names": part}))
            return frozenset(connection.scalars(WANTED if selection.everything else WANTED_DUE, {"now": now}))

    def visit(self, name: str, now: datetime, lease: timedelta) -> timedelta | None:
        """Lease a host that a page or a redirect leads to; a visit ends with `leave`.

        Returns None, or how long another process's lease on the host lasts.
        """
        if (present := self._leases.get(name)) is not None:
            present.visits += 1
            return None
        parameters = {"now": now, "limit": 1, "lease": lease, "by": self._database.process, "of_host": name}
        with self._database.writing() as connection:
            insert_hosts(connection, self._database.dialect, [name])
            rows = self._take(connection, self._statements.free_host, (), parameters)
            if not rows:
                remaining: timedelta | None = connection.scalar(self._statements.wait, parameters)
                return remaining or timedelta(0)
        (row,) = rows
        self._leases[name] = present = _Lease(row.token + 1, visits=1)
        if row.owner not in (None, self._database.process):
            present.asked_before = now if row.lease_until is not None else row.last_asked
        return None

    def asked_before(self, name: str) -> datetime | None:
        """Return when another process asked this visited host last, if it had it before; None after the first call."""
        present = self._leases[name]
        asked, present.asked_before = present.asked_before, None
        return asked

    def leave(self, names: Iterable[str], now: datetime | None = None) -> None:
        """End visits to these hosts, which were asked up to `now`.

        Leases that nothing is under way for end with the next write of this process.
        """
        for name in names:
            if (present := self._leases.get(name)) is not None:
                present.visits -= 1
                present.asked = now

    def busy(self, names: Collection[str]) -> frozenset[str]:
        """Return those of these hosts that another process has leased. SQLite is not asked: there it is rare."""
        if self._database.dialect.one_writer:
            return frozenset()
        busy = self._statements.leased_elsewhere
        with self._database.reading() as connection:
            return frozenset(name for part in slices(names) for name in connection.scalars(busy, {"hosts": part}))

    def release(self, ids: Collection[int], now: datetime | None = None, rest: timedelta = timedelta(0)) -> None:
        """Give these sources back, their states unchanged; with a `rest`, their hosts are free so long after `now`.

        If that fails, the next claim of this process begins with it.
        """
        self._drop(ids)
        unused = self._unused()
        if unused and now and rest:
            self._extend(unused, now, rest)
            self._forget(unused)
        else:
            self.end_unused()

    def extend(self, ids: Collection[int], now: datetime, lease: timedelta) -> None:
        """Have the leases for these sources, and those of visited hosts, last for `lease` from now on."""
        names = set(self.hosts_of(ids)).union(name for name, present in self._leases.items() if present.visits)
        if names:
            self._extend(names, now, lease)

    def _extend(self, names: Collection[str], now: datetime, lease: timedelta) -> None:
        rows = [row | {"now": now, "lease": lease} for row in self._rows(names)]
        with self._database.writing() as connection:
            connection.execute(self._statements.extend, rows)

    def valid(self, connection: Connection, ids: Collection[int]) -> frozenset[int]:
        """Return those of these sources whose host no other process has leased since, and keep others from it.

        Sources that this process has no lease for are among them.
        """
        hosts = self.hosts_of(ids)
        lost = hosts.keys() - self._still_held(connection, hosts, is_locked=not self._database.dialect.one_writer)
        return frozenset(ids).difference(*(hosts[name] for name in lost))

    def hosts_of(self, ids: Iterable[int]) -> Mapping[str, Collection[int]]:
        """Return the hosts with which those of these sources are leased that are under way, with the sources."""
        hosts: dict[str, list[int]] = {}
        for source_id in ids:
            if source_id in self._under_way:
                hosts.setdefault(self._under_way[source_id], []).append(source_id)
        return hosts

    def finish(self, connection: Connection, asked: Mapping[int, datetime | None]) -> None:
        """Note in this transaction that sources, by id, are recorded, and when each was asked."""
        hosts = self.hosts_of(asked)
        if hosts:
            if self._finished[0] is not connection:
                self._finished = connection, set()
            self._finished[1].update(asked)
            rows = self._rows(hosts)
            for row in rows:
                name = row["of_host"]
                times = (self._leases[name].asked, *(asked[source_id] for source_id in hosts[name]))
                row["asked"] = max((time for time in times if time), default=None)
                row["ends"] = not self._leases[name].visits and self._leases[name].sources <= self._finished[1]
            FINISH.execute(connection, rows)
            ended = [row["of_host"] for row in rows if row["ends"]]
            self._database.after_commit(partial(self._finish, tuple(asked), ended))
        if asked.keys() - self._under_way.keys():  # rare: after an outage
            refresh_all_due(connection)

    def end_unused(self) -> None:
        """End the leases of hosts that nothing is under way for; `claim` does it too."""
        if unused := self._unused():
            with self._database.writing() as connection:
                connection.execute(END_LEASES, self._ending_rows(unused))
            self._forget(unused)

    def end_lost(self) -> None:
        """End leases of this process that it knows nothing of: a copy that was put in place may have them."""
        with self._database.writing() as connection:
            end_unknown(connection, self._database.process, {name: lease.token for name, lease in self._leases.items()})

    def last_asked(self, hosts: Collection[str], now: datetime) -> Mapping[str, datetime]:
        """Return when each of these hosts was asked last; hosts that were never asked are left out.

        A host whose lease another process left behind counts as asked `now`: it may have been, up to that one's end.
        """
        taken_over = self._taken_over.intersection(hosts)
        self._taken_over -= taken_over
        statement = select(host.c.name, host.c.last_asked).where(
            host.c.name.in_(listed("hosts")), host.c.last_asked.is_not(None)
        )
        with self._database.reading() as connection:
            rows = (row for part in slices(hosts) for row in connection.execute(statement, {"hosts": part}))
            return {row.name: row.last_asked for row in rows} | dict.fromkeys(taken_over, now)

    @contextmanager
    def fetching(self) -> Iterator[None]:
        """Let other processes see during the block that this one fetches, where the database is a file.

        If no other process does, all leases end at the start of the block: they were those of a process that was
        killed. On PostgreSQL they end by themselves.
        """
        with self._database.present(self._end_all):
            yield

    @contextmanager
    def watching(self) -> Iterator[bool]:
        """Yield True if no other process fetches: with PostgreSQL, if none has a lease at the start of the block."""
        if self._database.dialect.one_writer:
            alone: list[bool] = []
            with self._database.present(partial(alone.append, True)):
                yield bool(alone)
        else:
            with self._database.reading() as connection:
                is_leased = connection.scalar(self._statements.any_leased)
            yield is_leased is None

    def _end_all(self) -> None:
        with self._database.writing() as connection:
            self._taken_over.update(end_all(connection))

    def _lease(
        self, connection: Connection, selection: Selection, held: Collection[str], parameters: Mapping[str, Any]
    ) -> dict[str, int]:
        """Lease free hosts of the selected sources that are not `held`; return the tokens of the leases, by host."""
        if selection.names is None:
            statement = self._statements.free_all if selection.everything else self._statements.free_due
            return _tokens(self._take(connection, statement, held, parameters))
        tokens: dict[str, int] = {}
        for part in slices(selection.names):
            of_part = {**parameters, "names": part}
            tokens |= _tokens(self._take(connection, self._statements.free_named, {*held, *tokens}, of_part))
        return tokens

    def _take(
        self, connection: Connection, free: Select[Any], held: Collection[str], parameters: Mapping[str, Any]
    ) -> list[Row[Any]]:
        """Lease the free hosts that are not `held`, and return their rows as they were before."""
        rows = [row for row in connection.execute(free, parameters) if row.name not in held]
        for part in slices(row.name for row in rows):
            connection.execute(self._statements.write_lease, {**parameters, "hosts": part})
        self._taken_over.update(row.name for row in rows if row.lease_until is not None)
        return rows

    def _still_held(self, connection: Connection, hosts: Collection[str], *, is_locked: bool = False) -> frozenset[str]:
        """Return those of these hosts that no other process has leased since."""
        statement = HELD_LOCKED if is_locked else HELD
        rows = (row for part in slices(sorted(hosts)) for row in connection.execute(statement, {"hosts": part}))
        return frozenset(row.name for row in rows if row.token == self._leases[row.name].token)

    def _selected(
        self, connection: Connection, selection: Selection, hosts: Iterable[str], parameters: Mapping[str, Any]
    ) -> list[RowMapping]:
        """Return the selected sources on these hosts that are not under way."""
        statement = DUE_SOURCES if parameters["share"] is None else DUE_SHARES
        if selection.names is not None:
            statement, parameters = NAMED_SOURCES, {**parameters, "names": list(selection.names)}
        elif selection.everything:
            statement = ALL_SOURCES
        return [
            row
            for part in slices(hosts)
            for row in connection.execute(statement, {**parameters, "hosts": part}).mappings()
            if row["id"] not in self._under_way
        ]

    def _sharing_url(self, connection: Connection, rows: Sequence[RowMapping]) -> list[RowMapping]:
        """Return further sources with the URLs of these."""
        chosen, hosts = {row["id"] for row in rows}, {row["host"] for row in rows}
        return [
            row
            for part in slices({row["moved_to"] or row["url"] for row in rows})
            for row in connection.execute(SAME_URL, {"urls": part}).mappings()
            if row["host"] in hosts and row["id"] not in chosen and row["id"] not in self._under_way
        ]

    def _unused(self) -> frozenset[str]:
        return frozenset(name for name, present in self._leases.items() if not present.is_used)

    def _rows(self, names: Collection[str]) -> list[dict[str, Any]]:
        """Return parameters of a statement for each of these hosts, in one order for all processes."""
        return [{"of_host": name, "of_token": self._leases[name].token} for name in sorted(names)]

    def _ending_rows(self, names: Collection[str]) -> list[dict[str, Any]]:
        return [row | {"asked": self._leases[row["of_host"]].asked} for row in self._rows(names)]

    def _drop(self, ids: Collection[int]) -> None:
        for source_id in ids:
            if source_id in self._under_way:
                del self.claimed[source_id]
                self._leases[self._under_way.pop(source_id)].sources.discard(source_id)

    def _finish(self, ids: Collection[int], ended: Iterable[str]) -> None:
        self._drop(ids)
        self._forget(ended)

    def _forget(self, names: Iterable[str]) -> None:
        for name in names:
            self._leases.pop(name, None)


def _tokens(rows: Iterable[Row[Any]]) -> dict[str, int]:
    """Return the tokens of the leases on these hosts, by host."""
    return {row.name: row.token + 1 for row in rows}


def _queue_place(row: RowMapping) -> tuple[datetime, int]:
    return row["next_fetch"], row["ordinal"]
