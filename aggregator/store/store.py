"""The one place that opens the database, and begins and ends transactions."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from threading import local
from types import TracebackType
from typing import Self
from uuid import uuid4

from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from aggregator.errors import StoreDamagedError, StoreError
from aggregator.model import (
    CategoryFeed,
    Decision,
    HostState,
    Keyed,
    KnownArticle,
    Mark,
    RecordCounts,
    Revision,
    Source,
    SourceState,
    StoredArticle,
    StoredSource,
    Subscription,
    Topic,
    Unchanged,
)
from aggregator.settings import Fetch
from aggregator.store import (
    clusters,
    hubs,
    identifiers,
    maintenance,
    meta,
    migrate,
    overview,
    publishing,
    recording,
    sources,
    sync,
    updates,
)
from aggregator.store.dialect import DIALECTS, RESTORE, Dialect, translated
from aggregator.store.lookup import known
from aggregator.store.maintenance import Placed
from aggregator.store.overview import Standing
from aggregator.store.rows import Headers
from aggregator.store.schema import VERSION

BUSY_TIMEOUT = timedelta(seconds=30)  # how long we wait for another process's lock
NO_NEWS: Mapping[str, bytes] = {}
FETCH = Fetch()  # as where nothing is configured


class Store:
    """All state: sources, articles, their names, and what is to be published. Values in, values out.

    Each method is one transaction, unless several are made one by `together`, and synchronous; instances may be shared
    by threads. Every method raises StoreError, or StoreBusyError where trying again later helps.
    """

    def __init__(self, engine: Engine, dialect: Dialect, name: str) -> None:
        self._engine, self._dialect, self._name = engine, dialect, name
        self._writer = engine.execution_options(writes=True)
        self._joint = local()  # this thread's `connection`, within `together`
        self._headers: Mapping[int, Headers] = {}
        self._process = uuid4().hex  # whose leases are ours
        self._fetch = FETCH
        self._unpaced: frozenset[str] = frozenset()
        self._left: frozenset[str] = frozenset()  # hosts of leases that we ended: they may have been asked just now
        self._owed: frozenset[int] = frozenset()  # sources that could not be released

    @classmethod
    def open(cls, url: str, *, busy_timeout: timedelta = BUSY_TIMEOUT) -> Self:
        """The store at `url`, `sqlite:///ABSOLUTE/PATH` or `postgresql://…`; made or migrated where it must be."""
        try:
            parsed = make_url(url)
            dialect = DIALECTS[parsed.get_backend_name()]
        except (ArgumentError, KeyError, ValueError):
            advice = "write sqlite:///FILE or postgresql://USER@HOST/NAME"
            raise StoreError(f"This is no URL of a database that aggregator can use; {advice}") from None
        store = cls(dialect.engine(parsed, busy_timeout), dialect, dialect.display(parsed))
        try:
            store._migrate()
        except BaseException:
            store.close()
            raise
        return store

    def _migrate(self) -> None:
        with self._reading() as connection:
            if migrate.version(connection) == VERSION:
                return
        with self._writing() as connection:
            self._dialect.lock(connection)
            match migrate.version(connection):
                case None:
                    migrate.make(connection)
                case older if older != VERSION:
                    migrate.migrate(connection)

    def close(self) -> None:
        """Close all connections; what was committed stays."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._transaction(self._engine) as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._transaction(self._writer) as connection:
            yield connection

    @contextmanager
    def _transaction(self, engine: Engine) -> Iterator[Connection]:
        try:
            if joint := getattr(self._joint, "connection", None):
                yield joint
                return
            with engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            failure = translated(error, self._dialect, self._name)
            if isinstance(failure, StoreDamagedError):
                self._engine.dispose()  # the next transaction opens the file anew: somebody may have replaced it
            raise failure from error

    @property
    def has_one_writer(self) -> bool:
        """Whether all others wait while one writes: then several documents may be recorded `together`."""
        return self._dialect.one_writer

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make one transaction of all that this thread asks of the store within: all of it stays, or nothing.

        Whatever is raised within has to leave it too, as what was written until then is half of something. Others wait
        for its end, so nothing slow belongs in it.
        """
        with self._writing() as self._joint.connection:
            try:
                yield
            finally:
                self._joint.connection = None

    def check(self, most: int | None = None) -> None:
        """Read the whole database, but of one above `most` bytes not the texts; StoreDamagedError if it is damaged.

        Takes as long as what it reads is large: 0.7 s a gigabyte from memory, up to 20 s from a slow disk.
        """
        with self._reading() as connection:
            if found := self._dialect.check(connection, most):
                raise StoreDamagedError(f"The database {self._name} is damaged ({found}); {RESTORE}")

    # ------------------------------------------------------------------------------------------------------- sources

    def sync(self, configured: Sequence[Source], now: datetime, fetch: Fetch = FETCH) -> None:
        """Make sources and categories agree with `feeds.yaml`; write nothing where they do.

        A source is known again by its name, else by its URL, and keeps its articles, which follow its categories,
        tags and language. Another URL starts its state anew; one that is left out is kept, but not asked. A shorter
        interval counts from the last fetch, by the rules of `fetch`. Headers, which may hold secrets, stay in memory.
        """
        self._fetch, self._unpaced = fetch, frozenset(name.lower() for name in fetch.unpaced)
        with self._reading() as connection:
            found = sync.changes(connection, configured, self._unpaced)
        if found:
            with self._writing() as connection:
                self._dialect.lock(connection)
                sync.apply(connection, sync.changes(connection, configured, self._unpaced), now, fetch)
        with self._reading() as connection:
            ids = sources.ids(connection)
        self._headers = {ids[one.name]: one.headers for one in configured if one.name in ids}

    def sources(self) -> tuple[StoredSource, ...]:
        """All sources of `feeds.yaml` with their states, in its order."""
        with self._reading() as connection:
            return sources.present(connection, self._headers)

    def overview(self) -> tuple[StoredSource, ...]:
        """All sources of `feeds.yaml`, in its order, with what people see of them; other fields hold their defaults."""
        with self._reading() as connection:
            return overview.overview(connection)

    def standing(self, now: datetime) -> Standing:
        """The sources of `feeds.yaml` in figures."""
        with self._reading() as connection:
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
        choice = sources.Choice(now=now, names=names, everything=everything)
        terms = sources.Terms(process=self._process, until=now + lease, limit=limit, share=share)
        with self._writing() as connection:
            self._dialect.lock_claims(connection)
            sources.lease(connection, self._owed, self._process, None)
            claimed = sources.claim(connection, choice, terms, self._headers)
        self._owed = frozenset()
        return claimed

    def wanted(
        self, now: datetime, *, names: Collection[str] | None = None, everything: bool = False
    ) -> frozenset[str]:
        """Names of the sources that `claim` would take if there were no other process and no limit."""
        with self._reading() as connection:
            return sources.wanted(connection, sources.Choice(now=now, names=names, everything=everything))

    def last_asked(self, hosts: Collection[str], now: datetime) -> Mapping[str, datetime]:
        """When a source of each of these hosts was fetched last; hosts that never were asked are left out.

        A host that a dead process had may have been asked up to its end, of which nothing is known but that it is over.
        """
        left, self._left = self._left.intersection(hosts), self._left.difference(hosts)
        with self._reading() as connection:
            return sources.last_asked(connection, hosts) | dict.fromkeys(left, now)

    @contextmanager
    def fetching(self) -> Iterator[None]:
        """For as long as this process claims sources: who begins while nobody else does so ends all leases.

        So what a killed process had claimed is free again at the next start. Only beside a process that goes on
        fetching does it stay taken until its lease is over, as nobody can tell whose lease it is.
        """
        try:
            with self._dialect.presence(self._engine, self._release_all):
                yield
        except DBAPIError as error:
            raise translated(error, self._dialect, self._name) from error

    def _release_all(self) -> None:
        with self._writing() as connection:
            self._left = sources.release_all(connection)

    def release(self, ids: Collection[int], at: datetime | None = None) -> None:
        """Give claimed sources back as they were, or have others wait for them, and for their hosts, until `at`.

        Where that fails, the next claim of this process begins with it.
        """
        if ids:
            self._owed |= frozenset(ids)
            with self._writing() as connection:
                sources.lease(connection, ids, self._process, at)
            self._owed -= frozenset(ids)

    def extend(self, ids: Collection[int], until: datetime) -> None:
        """Keep claimed sources until then."""
        with self._writing() as connection:
            sources.lease(connection, ids, self._process, until)

    def hosts(self, names: Collection[str]) -> Mapping[str, HostState]:
        """States of those of these hosts that are remembered."""
        with self._reading() as connection:
            return sources.hosts(connection, names)

    def record_states(self, pairs: Sequence[tuple[int, SourceState]], hosts: Mapping[str, HostState]) -> None:
        """Write states of sources, by id, that had nothing new, and of hosts; the sources' leases end."""
        with self._writing() as connection:
            sources.write_states(connection, pairs, self._unpaced)
            sources.write_hosts(connection, self._dialect, hosts)

    # ------------------------------------------------------------------------------------------------------ articles

    def known(self, digests: Iterable[bytes]) -> Mapping[bytes, tuple[KnownArticle, ...]]:
        """The articles that each of these keys names, first seen first; keys that name none are left out."""
        with self._reading() as connection:
            return known(connection, digests)

    def record(
        self,
        source_id: int,
        state: SourceState,
        decisions: Sequence[Decision],
        now: datetime,
        *,
        name: Callable[[Keyed], str],
        pushed: bool = False,
    ) -> RecordCounts:
        """Write what was decided on one document, and mark what has to be published; all of it or nothing.

        `name` gives the wanted path of a new article's file. The same decisions again change no article. Of a document
        that was `pushed`, `state.seen` alone is written, and the source's lease goes on; of one that was fetched, the
        subscription to its hub follows what it says. Raises RacedError if another process recorded one of the articles
        first: ask `known`, decide, record again.
        """
        with self._writing() as connection:
            return recording.record(
                connection,
                source_id,
                state,
                decisions,
                now,
                name,
                pushed=pushed,
                unpaced=self._unpaced,
                fetch=self._fetch,
            )

    # ---------------------------------------------------------------------------------------------------- publishing

    def pending_articles(self, limit: int) -> tuple[tuple[StoredArticle, Mark], ...]:
        """Up to `limit` articles whose files are to be written, each with its mark."""
        with self._reading() as connection:
            return publishing.pending_articles(connection, limit)

    def pending_categories(self) -> tuple[tuple[str, Mark], ...]:
        """Names of the categories whose feeds are to be written, or taken away, each with its mark."""
        with self._reading() as connection:
            return publishing.pending_categories(connection)

    def published(self, marks: Iterable[Mark], now: datetime, news: Mapping[str, bytes] = NO_NEWS) -> None:
        """Take marks away whose files are on disk; one that was renewed since it was read stays.

        `news` are digests, by path, of feeds that a hub passes on: of those it was not told of it is to be told `now`.
        """
        with self._writing() as connection:
            publishing.take_marks_away(connection, marks)
            hubs.note_news(connection, self._dialect, news, now)

    def part_stories(self) -> None:
        """Let every article stand for itself again, also where it was marked as telling another's story."""
        with self._writing() as connection:
            clusters.part(connection)

    def article(self, article_id: str) -> StoredArticle | None:
        """The article with this id; None where there is none, or its text was pruned."""
        with self._reading() as connection:
            return publishing.one(connection, article_id)

    def revisions(self, article_id: str) -> tuple[Revision, ...]:
        """What the article said before each of its edits, the latest first; () where it never changed."""
        with self._reading() as connection:
            return updates.revisions(connection, article_id)

    def articles(self, after: str | None, limit: int) -> tuple[StoredArticle, ...]:
        """The next `limit` articles in the order of their ids, after the article `after`; () at the end."""
        with self._reading() as connection:
            return publishing.after(connection, after or "", limit)

    def some_articles(self, ids: Collection[str]) -> tuple[StoredArticle, ...]:
        """Those of these articles that have their text still, in the order of their ids."""
        with self._reading() as connection:
            return publishing.some(connection, ids)

    def categories(self) -> tuple[str, ...]:
        """Names of the categories that have feeds, `all` among them, in alphabetical order."""
        with self._reading() as connection:
            return publishing.categories(connection)

    def dropped_categories(self) -> Mapping[str, str | None]:
        """Names of categories that no source names any more; with each the one that its sources all name instead."""
        with self._reading() as connection:
            return publishing.dropped_categories(connection)

    def category_feed(self, name: str, limit: int) -> CategoryFeed:
        """The newest articles of a category, newest first; KeyError for one that was never seen."""
        with self._reading() as connection:
            return publishing.category_feed(connection, name, limit)

    def category_heads(self, names: Iterable[str]) -> tuple[CategoryFeed, ...]:
        """The feeds of these categories, in this order, with all but articles; KeyError for one never seen.

        Each is dated by the update of its newest article, as a feed of one article would be.
        """
        with self._reading() as connection:
            return publishing.category_heads(connection, names)

    def days(self, since: datetime) -> Mapping[int, Counter[date]]:
        """How many articles each source, by id, carried on each day (UTC) since then, as dated by their sources."""
        with self._reading() as connection:
            return publishing.days(connection, since)

    # ---------------------------------------------------------------------------------------------------------- hubs

    def claim_subscriptions(self, now: datetime, *, limit: int, public_url: str) -> tuple[Subscription, ...]:
        """Up to `limit` subscriptions for which hubs are to be asked, with callbacks below `public_url`, due first.

        Each is taken for asked, in vain until `grant_subscription`: it is due again after a back-off. A lease that is
        over by now ends, and its source is polled by its interval again.
        """
        with self._reading() as connection:
            if not hubs.any_due(connection, now):
                return ()
        with self._writing() as connection:
            return hubs.claim(connection, now, limit, public_url, self._fetch)

    def subscription(self, token: str) -> Subscription | None:
        """The subscription whose callback has this token; None for none, or of a source that is not asked any more."""
        with self._reading() as connection:
            return hubs.wanted(connection, token)

    def grant_subscription(self, token: str, lease: timedelta, now: datetime) -> None:
        """The hub pushes for the time of its lease; it is asked anew before that is over."""
        with self._writing() as connection:
            hubs.grant(connection, token, lease, now)

    def deny_subscription(self, token: str, reason: str, now: datetime) -> bool:
        """The hub does not push (any more), for this reason; it is asked again after a week.

        False where that is no news: it denied us for the same reason before, and granted nothing since.
        """
        with self._writing() as connection:
            return hubs.deny(connection, token, reason, now, self._fetch)

    def fail_subscription(self, token: str, reason: str) -> None:
        """Note why asking the hub came to nothing, unless it verified the subscription all the same."""
        with self._writing() as connection:
            hubs.fail(connection, token, reason)

    def readdress_subscriptions(self, public_url: str, now: datetime) -> None:
        """Hubs that know callbacks elsewhere than below `public_url` are to be asked at once."""
        with self._writing() as connection:
            hubs.readdress(connection, public_url, now)

    def end_subscriptions(self, now: datetime) -> None:
        """No hub is counted on any more: every source is polled by its interval again."""
        with self._reading() as connection:
            if not hubs.any_pushed(connection):
                return
        with self._writing() as connection:
            hubs.let_all_go(connection, now, self._fetch)

    def pushed_source(self, token: str) -> StoredSource | None:
        """The source, as it is now, whose hub pushes to the callback with this token; its lease is nobody's matter."""
        with self._reading() as connection:
            return hubs.claimed(connection, token, self._headers)

    def due_topics(self, now: datetime, limit: int) -> tuple[Topic, ...]:
        """Up to `limit` files of feeds that our hub is to be told of now, longest due first."""
        with self._reading() as connection:
            return hubs.due_topics(connection, now, limit)

    def told(self, topic: Topic) -> None:
        """Our hub knows of the file as it was; if it changed meanwhile, it stays due."""
        with self._writing() as connection:
            hubs.told(connection, topic)

    def not_told(self, again: Mapping[str, datetime]) -> None:
        """Our hub could not be told of the files at these paths; each is due again at its time."""
        with self._writing() as connection:
            hubs.not_told(connection, again)

    def drop_topics(self, paths: Collection[str]) -> None:
        """Forget files of feeds that are there no more."""
        with self._writing() as connection:
            hubs.drop_topics(connection, paths)

    # -------------------------------------------------------------------------------------------------------- upkeep

    def old_articles(self, before: datetime, after: str | None, limit: int) -> Mapping[str, str]:
        """Paths, by id, of the next `limit` articles published before that moment that still have their text."""
        with self._reading() as connection:
            return maintenance.old(connection, before, after or "", limit)

    def prune(self, ids: Collection[str]) -> None:
        """Take the text of these articles and their places in feeds; by their keys they are known for good."""
        with self._writing() as connection:
            maintenance.prune(connection, ids)

    def forget_future(self, now: datetime) -> None:
        """Let waits count from now that were noted by a clock that ran ahead of this one, by an hour or by years."""
        with self._reading() as connection:
            if not maintenance.is_ahead(connection, now):
                return
        with self._writing() as connection:
            maintenance.forget_future(connection, now)

    def touched_articles(self, within: timedelta) -> tuple[str, ...]:
        """Ids of the articles whose files were made anew, by new text or credit, so long before the last fetch."""
        with self._reading() as connection:
            return maintenance.touched(connection, within)

    def owned_paths(self, paths: Collection[str]) -> Mapping[str, bool]:
        """Of these paths those that are an article's; False where that article was pruned and has no file any more."""
        with self._reading() as connection:
            return maintenance.owned(connection, paths)

    def waiting(self, ids: Collection[str]) -> frozenset[str]:
        """Of these articles those that are marked to be published."""
        with self._reading() as connection:
            return maintenance.waiting(connection, ids)

    def nameless_articles(self, after: str | None, limit: int) -> tuple[Keyed, ...]:
        """The next `limit` articles, pruned ones too, that no key names, with their fingerprints as stored."""
        with self._reading() as connection:
            return maintenance.nameless(connection, after or "", limit)

    def add_keys(self, keyed: Sequence[Keyed]) -> None:
        """Give articles those of these keys that they lack; a strong key that is another's stays so."""
        named = [Unchanged(id=one.id, keyed=one, reason="named again") for one in keyed]
        with self._writing() as connection:
            identifiers.insert_keys(connection, named, frozenset())

    def places(self, after: str | None, limit: int) -> tuple[Placed, ...]:
        """The next `limit` articles, pruned ones too: the categories they stand in and those they belong in."""
        with self._reading() as connection:
            return maintenance.places(connection, after or "", limit)

    def place(self, articles: Collection[Placed]) -> None:
        """Put these articles where they belong, and mark the feeds that change."""
        with self._writing() as connection:
            maintenance.place(connection, articles)

    # --------------------------------------------------------------------------------------------------------- notes

    def note(self, name: str) -> str | None:
        """What an earlier run noted under `name`; None if nothing."""
        with self._reading() as connection:
            return meta.read(connection, name)

    def set_note(self, name: str, value: str) -> None:
        """Note `value` under `name` for later runs."""
        with self._writing() as connection:
            meta.write(connection, self._dialect, name, value)
