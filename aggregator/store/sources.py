"""Sources with their states, and the leases of those that this process works on."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import uuid4

from aggregator.model import HostState, Source, SourceState, StoredSource
from aggregator.settings import Fetch
from aggregator.store import hubs, leases, overview, sync
from aggregator.store.database import Database
from aggregator.store.overview import Standing
from aggregator.store.rows import Headers

FETCH = Fetch()  # as where nothing is configured


class SourceStore:
    """Sources with their states, and leases on them; host states."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.headers: Mapping[int, Headers] = {}
        self.fetch = FETCH
        self.unpaced: frozenset[str] = frozenset()
        self._process = uuid4().hex  # whose leases are ours
        self._left: frozenset[str] = frozenset()  # hosts of leases that we ended: they may have been asked just now
        self._owed: frozenset[int] = frozenset()  # sources that could not be released

    def sync(self, configured: Sequence[Source], now: datetime, fetch: Fetch = FETCH) -> None:
        """Make sources and categories agree with `feeds.yaml`; write nothing where they do.

        A source is known again by its name, else by its URL, and keeps its articles, which follow its categories,
        tags and language. Another URL starts its state anew; one that is left out is kept, but not asked. A shorter
        interval counts from the last fetch, by the rules of `fetch`. Headers, which may hold secrets, stay in memory.
        """
        self.fetch, self.unpaced = fetch, frozenset(name.lower() for name in fetch.unpaced)
        with self._database.reading() as connection:
            found = sync.changes(connection, configured, self.unpaced)
        if found:
            with self._database.writing() as connection:
                self._database.dialect.lock(connection)
                sync.apply(connection, sync.changes(connection, configured, self.unpaced), now, fetch)
        with self._database.reading() as connection:
            ids = leases.ids(connection)
        self.headers = {ids[one.name]: tuple(one.settings.headers.items()) for one in configured if one.name in ids}

    def overview(self) -> tuple[StoredSource, ...]:
        """All sources of `feeds.yaml`, in its order, with what people see of them; other fields hold their defaults."""
        with self._database.reading() as connection:
            return overview.overview(connection)

    def standing(self, now: datetime) -> Standing:
        """The sources of `feeds.yaml` in figures."""
        with self._database.reading() as connection:
            return overview.standing(connection, now)

    def claim(
        self,
        now: datetime,
        *,
        limit: int,
        lease: timedelta,
        names: Collection[str] | None = None,
        everything: bool = False,
        share: int | None = None,
    ) -> tuple[StoredSource, ...]:
        """Up to `limit` sources that are due, longest due first, taken until they are recorded or `lease` is over.

        A host is one process's at a time: where another has claimed a source of it, none is claimed. With `share`, no
        more due ones of a host than make that many with those that this process has. `names` and `everything` overrule
        due times, but wake no source that is disabled or paused. Sources that share a URL with a claimed one come too,
        beyond `limit` and `share`: one URL is fetched once.
        """
        choice = leases.Choice(now=now, names=names, everything=everything)
        terms = leases.Terms(process=self._process, until=now + lease, limit=limit, share=share)
        with self._database.writing() as connection:
            self._database.dialect.lock_claims(connection)
            leases.lease(connection, self._owed, self._process, None)
            claimed = leases.claim(connection, choice, terms, self.headers)
        self._owed = frozenset()
        return claimed

    def wanted(
        self, now: datetime, *, names: Collection[str] | None = None, everything: bool = False
    ) -> frozenset[str]:
        """Names of the sources that `claim` would take if there were no other process and no limit."""
        with self._database.reading() as connection:
            return leases.wanted(connection, leases.Choice(now=now, names=names, everything=everything))

    def last_asked(self, hosts: Collection[str], now: datetime) -> Mapping[str, datetime]:
        """When a source of each of these hosts was fetched last; hosts that never were asked are left out.

        A host that a dead process had may have been asked up to its end, of which nothing is known but that it is over.
        """
        left, self._left = self._left.intersection(hosts), self._left.difference(hosts)
        with self._database.reading() as connection:
            return leases.last_asked(connection, hosts) | dict.fromkeys(left, now)

    @contextmanager
    def fetching(self) -> Iterator[None]:
        """For as long as this process claims sources: who begins while nobody else does so ends all leases.

        So what a killed process had claimed is free again at the next start. Only beside a process that goes on
        fetching does it stay taken until its lease is over, as nobody can tell whose lease it is.
        """
        with self._database.present(self._release_all):
            yield

    def release(self, ids: Collection[int], at: datetime | None = None) -> None:
        """Give claimed sources back as they were, or have others wait for them, and for their hosts, until `at`.

        Where that fails, the next claim of this process begins with it.
        """
        if ids:
            self._owed |= frozenset(ids)
            with self._database.writing() as connection:
                leases.lease(connection, ids, self._process, at)
            self._owed -= frozenset(ids)

    def extend(self, ids: Collection[int], until: datetime) -> None:
        """Keep claimed sources until then."""
        with self._database.writing() as connection:
            leases.lease(connection, ids, self._process, until)

    def hosts(self, names: Collection[str]) -> Mapping[str, HostState]:
        """States of those of these hosts that are remembered."""
        with self._database.reading() as connection:
            return leases.hosts(connection, names)

    def record_states(self, pairs: Sequence[tuple[int, SourceState]], hosts: Mapping[str, HostState]) -> None:
        """Write states of sources, by id, that had nothing new, and of hosts; the sources' leases end."""
        with self._database.writing() as connection:
            leases.write_states(connection, pairs, self.unpaced)
            leases.write_hosts(connection, self._database.dialect, hosts)

    def all(self) -> tuple[StoredSource, ...]:
        """All sources of `feeds.yaml` with their states, in its order."""
        with self._database.reading() as connection:
            return leases.present(connection, self.headers)

    def pushed(self, token: str) -> StoredSource | None:
        """The source, as it is now, whose hub pushes to the callback with this token; its lease is nobody's matter."""
        with self._database.reading() as connection:
            return hubs.claimed(connection, token, self.headers)

    def _release_all(self) -> None:
        with self._database.writing() as connection:
            self._left = leases.release_all(connection)
