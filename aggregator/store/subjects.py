"""One class for each subject of the store."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from aggregator.model import (
    CategoryFeed,
    Decision,
    Keyed,
    KnownArticle,
    Mark,
    RecordCounts,
    Revision,
    SourceState,
    StoredArticle,
    Subscription,
    Topic,
    Unchanged,
)
from aggregator.store import clusters, hubs, identifiers, lookup, maintenance, meta, publishing, recording, updates
from aggregator.store.database import Database
from aggregator.store.maintenance import Placed
from aggregator.store.sources import SourceStore

NO_NEWS: Mapping[str, bytes] = {}


class ArticleStore:
    """Articles with their keys, credits and revisions."""

    def __init__(self, database: Database, sources: SourceStore) -> None:
        self._database, self._sources = database, sources

    def lookup(self, digests: Iterable[bytes]) -> Mapping[bytes, tuple[KnownArticle, ...]]:
        """The articles that each of these keys names, first seen first; keys that name none are left out."""
        with self._database.reading() as connection:
            return lookup.known(connection, digests)

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
        with self._database.writing() as connection:
            return recording.record(
                connection,
                source_id,
                state,
                decisions,
                now,
                name,
                pushed=pushed,
                unpaced=self._sources.unpaced,
                fetch=self._sources.fetch,
            )

    def get(self, article_id: str) -> StoredArticle | None:
        """The article with this id; None where there is none, or its text was pruned."""
        with self._database.reading() as connection:
            return publishing.one(connection, article_id)

    def revisions(self, article_id: str) -> tuple[Revision, ...]:
        """What the article said before each of its edits, the latest first; () where it never changed."""
        with self._database.reading() as connection:
            return updates.revisions(connection, article_id)

    def page(self, after: str | None, limit: int) -> tuple[StoredArticle, ...]:
        """The next `limit` articles in the order of their ids, after the article `after`; () at the end."""
        with self._database.reading() as connection:
            return publishing.after(connection, after or "", limit)

    def by_ids(self, ids: Collection[str]) -> tuple[StoredArticle, ...]:
        """Those of these articles that have their text still, in the order of their ids."""
        with self._database.reading() as connection:
            return publishing.some(connection, ids)

    def dissolve_clusters(self) -> None:
        """Let every article stand for itself again, also where it was marked as telling another's story."""
        with self._database.writing() as connection:
            clusters.part(connection)


class Outbox:
    """Marks of articles and categories that are to be published."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def articles(self, limit: int) -> tuple[tuple[StoredArticle, Mark], ...]:
        """Up to `limit` articles whose files are to be written, each with its mark."""
        with self._database.reading() as connection:
            return publishing.pending_articles(connection, limit)

    def categories(self) -> tuple[tuple[str, Mark], ...]:
        """Names of the categories whose feeds are to be written, or taken away, each with its mark."""
        with self._database.reading() as connection:
            return publishing.pending_categories(connection)

    def published(self, marks: Iterable[Mark], now: datetime, news: Mapping[str, bytes] = NO_NEWS) -> None:
        """Take marks away whose files are on disk; one that was renewed since it was read stays.

        `news` are digests, by path, of feeds that a hub passes on: of those it was not told of it is to be told `now`.
        """
        with self._database.writing() as connection:
            publishing.take_marks_away(connection, marks)
            hubs.note_news(connection, self._database.dialect, news, now)


class FeedStore:
    """Categories and their feeds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def categories(self) -> tuple[str, ...]:
        """Names of the categories that have feeds, `all` among them, in alphabetical order."""
        with self._database.reading() as connection:
            return publishing.categories(connection)

    def dropped_categories(self) -> Mapping[str, str | None]:
        """Names of categories that no source names any more; with each the one that its sources all name instead."""
        with self._database.reading() as connection:
            return publishing.dropped_categories(connection)

    def category_feed(self, name: str, limit: int) -> CategoryFeed:
        """The newest articles of a category, newest first; KeyError for one that was never seen."""
        with self._database.reading() as connection:
            return publishing.category_feed(connection, name, limit)

    def category_heads(self, names: Iterable[str]) -> tuple[CategoryFeed, ...]:
        """The feeds of these categories, in this order, with all but articles; KeyError for one never seen.

        Each is dated by the update of its newest article, as a feed of one article would be.
        """
        with self._database.reading() as connection:
            return publishing.category_heads(connection, names)

    def days(self, since: datetime) -> Mapping[int, Counter[date]]:
        """How many articles each source, by id, carried on each day (UTC) since then, as dated by their sources."""
        with self._database.reading() as connection:
            return publishing.days(connection, since)


class HubStore:
    """Subscriptions to hubs, and topics of which our hub is to be notified (WebSub)."""

    def __init__(self, database: Database, sources: SourceStore) -> None:
        self._database, self._sources = database, sources

    def claim(self, now: datetime, *, limit: int, public_url: str) -> tuple[Subscription, ...]:
        """Up to `limit` subscriptions for which hubs are to be asked, with callbacks below `public_url`, due first.

        Each is taken for asked, in vain until `grant_subscription`: it is due again after a back-off. A lease that is
        over by now ends, and its source is polled by its interval again.
        """
        with self._database.reading() as connection:
            if not hubs.any_due(connection, now):
                return ()
        with self._database.writing() as connection:
            return hubs.claim(connection, now, limit, public_url, self._sources.fetch)

    def subscription(self, token: str) -> Subscription | None:
        """The subscription whose callback has this token; None for none, or of a source that is not asked any more."""
        with self._database.reading() as connection:
            return hubs.wanted(connection, token)

    def grant(self, token: str, lease: timedelta, now: datetime) -> None:
        """The hub pushes for the time of its lease; it is asked anew before that is over."""
        with self._database.writing() as connection:
            hubs.grant(connection, token, lease, now)

    def deny(self, token: str, reason: str, now: datetime) -> bool:
        """The hub does not push (any more), for this reason; it is asked again after a week.

        False where that is no news: it denied us for the same reason before, and granted nothing since.
        """
        with self._database.writing() as connection:
            return hubs.deny(connection, token, reason, now, self._sources.fetch)

    def fail(self, token: str, reason: str) -> None:
        """Note why asking the hub came to nothing, unless it verified the subscription all the same."""
        with self._database.writing() as connection:
            hubs.fail(connection, token, reason)

    def readdress(self, public_url: str, now: datetime) -> None:
        """Hubs that know callbacks elsewhere than below `public_url` are to be asked at once."""
        with self._database.writing() as connection:
            hubs.readdress(connection, public_url, now)

    def let_go(self, ids: Collection[int], now: datetime) -> None:
        """No hub pushes these sources any more; back again, they are subscribed at once."""
        with self._database.writing() as connection:
            hubs.let_go(connection, ids, now, self._sources.fetch)

    def end_all(self, now: datetime) -> None:
        """No hub is counted on any more: every source is polled by its interval again."""
        with self._database.reading() as connection:
            if not hubs.any_pushed(connection):
                return
        with self._database.writing() as connection:
            hubs.let_all_go(connection, now, self._sources.fetch)

    def due_topics(self, now: datetime, limit: int) -> tuple[Topic, ...]:
        """Up to `limit` files of feeds that our hub is to be told of now, longest due first."""
        with self._database.reading() as connection:
            return hubs.due_topics(connection, now, limit)

    def topic_notified(self, topic: Topic) -> None:
        """Our hub knows of the file as it was; if it changed meanwhile, it stays due."""
        with self._database.writing() as connection:
            hubs.told(connection, topic)

    def postpone_topics(self, again: Mapping[str, datetime]) -> None:
        """Our hub could not be told of the files at these paths; each is due again at its time."""
        with self._database.writing() as connection:
            hubs.not_told(connection, again)

    def drop_topics(self, paths: Collection[str]) -> None:
        """Forget files of feeds that are there no more."""
        with self._database.writing() as connection:
            hubs.drop_topics(connection, paths)


class MaintenanceStore:
    """Pruning, and checks of the tables against each other."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def old_articles(self, before: datetime, after: str | None, limit: int) -> Mapping[str, str]:
        """Paths, by id, of the next `limit` articles published before that moment that still have their text."""
        with self._database.reading() as connection:
            return maintenance.old(connection, before, after or "", limit)

    def prune(self, ids: Collection[str]) -> None:
        """Take the text of these articles and their places in feeds; by their keys they are known for good."""
        with self._database.writing() as connection:
            maintenance.prune(connection, ids)

    def reset_future_times(self, now: datetime) -> None:
        """Let waits count from now that were noted by a clock that ran ahead of this one, by an hour or by years."""
        with self._database.reading() as connection:
            if not maintenance.is_ahead(connection, now):
                return
        with self._database.writing() as connection:
            maintenance.forget_future(connection, now)

    def touched_articles(self, within: timedelta) -> tuple[str, ...]:
        """Ids of the articles whose files were made anew, by new text or credit, so long before the last fetch."""
        with self._database.reading() as connection:
            return maintenance.touched(connection, within)

    def owned_paths(self, paths: Collection[str]) -> Mapping[str, bool]:
        """Of these paths those that are an article's; False where that article was pruned and has no file any more."""
        with self._database.reading() as connection:
            return maintenance.owned(connection, paths)

    def pending(self, ids: Collection[str]) -> frozenset[str]:
        """Of these articles those that are marked to be published."""
        with self._database.reading() as connection:
            return maintenance.waiting(connection, ids)

    def articles_without_keys(self, after: str | None, limit: int) -> tuple[Keyed, ...]:
        """The next `limit` articles, pruned ones too, that no key names, with their fingerprints as stored."""
        with self._database.reading() as connection:
            return maintenance.nameless(connection, after or "", limit)

    def add_keys(self, keyed: Sequence[Keyed]) -> None:
        """Give articles those of these keys that they lack; a strong key that is another's stays so."""
        named = [Unchanged(id=one.id, keyed=one, reason="named again") for one in keyed]
        with self._database.writing() as connection:
            identifiers.insert_keys(connection, named, frozenset())

    def placements(self, after: str | None, limit: int) -> tuple[Placed, ...]:
        """The next `limit` articles, pruned ones too: the categories they stand in and those they belong in."""
        with self._database.reading() as connection:
            return maintenance.places(connection, after or "", limit)

    def place(self, articles: Collection[Placed]) -> None:
        """Put these articles where they belong, and mark the feeds that change."""
        with self._database.writing() as connection:
            maintenance.place(connection, articles)


class MetaStore:
    """Short texts that one run leaves for the next."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> str | None:
        """What an earlier run noted under `name`; None if nothing."""
        with self._database.reading() as connection:
            return meta.read(connection, name)

    def set(self, name: str, value: str) -> None:
        """Note `value` under `name` for later runs."""
        with self._database.writing() as connection:
            meta.write(connection, self._database.dialect, name, value)
