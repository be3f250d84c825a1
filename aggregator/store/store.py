"""All state of the program, by subject."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import TracebackType
from typing import Self

from aggregator.store.archive import ArchiveStore
from aggregator.store.articles import ArticleStore
from aggregator.store.backfills import BackfillStore
from aggregator.store.comparisons import ComparisonStore
from aggregator.store.configuration import ConfigurationStore
from aggregator.store.database import BUSY_TIMEOUT, Database
from aggregator.store.feeds import FeedStore
from aggregator.store.hubs import HubStore
from aggregator.store.jobs import JobStore
from aggregator.store.leases import LeaseStore
from aggregator.store.listings import ListingStore
from aggregator.store.maintenance import MaintenanceStore
from aggregator.store.meta import MetaStore
from aggregator.store.objects import ObjectRows
from aggregator.store.outbox import Outbox
from aggregator.store.pages import PageStore
from aggregator.store.pictures import PictureStore
from aggregator.store.rulings import RulingStore
from aggregator.store.search import SearchStore
from aggregator.store.sources import SourceStore
from aggregator.store.stored_settings import SettingsStore
from aggregator.store.translations import TranslationStore
from aggregator.store.unpublished import UnpublishedStore
from aggregator.store.withdrawals import WithdrawalStore
from aggregator.store.workers import WorkerStore


class Store:
    """The state in one database. Each method of a subject is one transaction, unless `together` joins several.

    Instances may be shared by threads. Every method may raise StoreError, or StoreBusyError if trying again later
    helps.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.leases = LeaseStore(database)
        self.sources = SourceStore(database, self.leases)
        self.configuration = ConfigurationStore(database)
        self.hubs = HubStore(database)
        self.jobs = JobStore(database)
        self.outbox = Outbox(database, self.hubs)
        self.objects = ObjectRows(database)
        self.pages = PageStore(database, self.outbox)
        self.meta = MetaStore(database)
        self.comparisons = ComparisonStore(self.meta)
        self.workers = WorkerStore(database, self.jobs, self.comparisons)
        self.settings = SettingsStore(database, self.meta)
        self.translations = TranslationStore(database, self.outbox, self.meta)
        self.backfills = BackfillStore(database)
        self.articles = ArticleStore(
            database, self.sources, self.hubs, self.outbox, pages=self.pages, translations=self.translations
        )
        self.unpublished = UnpublishedStore(database, self.outbox)
        self.feeds = FeedStore(database)
        self.archive = ArchiveStore(database)
        self.listings = ListingStore(database)
        self.search = SearchStore(database, self.listings)
        self.pictures = PictureStore(database)
        self.maintenance = MaintenanceStore(database, self.outbox)
        self.rulings = RulingStore(database, self.outbox, self.maintenance)
        self.withdrawals = WithdrawalStore(database, self.outbox, self.maintenance)

    @classmethod
    def open(cls, url: str, *, busy_timeout: timedelta = BUSY_TIMEOUT, migrates: bool = True) -> Self:
        """Open the store at `url`, as `Database.open` does."""
        return cls(Database.open(url, busy_timeout=busy_timeout, migrates=migrates))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections; committed data stays."""
        self.database.close()

    @property
    def has_one_writer(self) -> bool:
        """The database has one writer at a time: then several documents are recorded `together`."""
        return self.database.dialect.one_writer

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make all transactions of this thread within the block one: all of it is committed or nothing.

        An exception raised within has to leave the block. Others wait for its end, so nothing slow belongs in it.
        """
        with self.database.writing():
            yield
