"""All state of the program, by subject."""

from contextlib import AbstractContextManager
from datetime import timedelta
from types import TracebackType
from typing import Self

from aggregator.store.configuration import ConfigurationStore
from aggregator.store.database import BUSY_TIMEOUT, Database
from aggregator.store.sources import SourceStore
from aggregator.store.subjects import ArticleStore, FeedStore, HubStore, MaintenanceStore, MetaStore, Outbox


class Store:
    """The state in one database. Each method of a subject is one transaction, unless `together` joins several.

    Instances may be shared by threads. Every method may raise StoreError, or StoreBusyError if trying again later
    helps.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.sources = SourceStore(database)
        self.configuration = ConfigurationStore(database)
        self.articles = ArticleStore(database, self.sources)
        self.outbox = Outbox(database)
        self.feeds = FeedStore(database)
        self.hubs = HubStore(database, self.sources)
        self.maintenance = MaintenanceStore(database)
        self.meta = MetaStore(database)

    @classmethod
    def open(cls, url: str, *, busy_timeout: timedelta = BUSY_TIMEOUT) -> Self:
        """Open the store at `url`, as `Database.open` does."""
        return cls(Database.open(url, busy_timeout=busy_timeout))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections; committed data stays."""
        self.database.close()

    @property
    def has_one_writer(self) -> bool:
        """Whether all others wait while one writes: then several documents may be recorded `together`."""
        return self.database.dialect.one_writer

    def together(self) -> AbstractContextManager[None]:
        """Join all transactions of this thread within the block, as `Database.together` does."""
        return self.database.together()
