"""Edge: the database, SQLite or PostgreSQL. Nothing but values of `model` goes in or comes out."""

from aggregator.store.articles import Recording
from aggregator.store.backfills import BackfillStore
from aggregator.store.database import BUSY_TIMEOUT
from aggregator.store.dialect import RacedError
from aggregator.store.maintenance import Placement, StoreSize
from aggregator.store.meta import UNFINISHED_COPY
from aggregator.store.outbox import Moments
from aggregator.store.overview import SourceFailures, SourcePage, SourceSummary
from aggregator.store.pages import PageStore
from aggregator.store.store import Store
from aggregator.store.unpublished import Join
from aggregator.store.workers import ClusterState

__all__ = [
    "BUSY_TIMEOUT",
    "UNFINISHED_COPY",
    "BackfillStore",
    "ClusterState",
    "Join",
    "Moments",
    "PageStore",
    "Placement",
    "RacedError",
    "Recording",
    "SourceFailures",
    "SourcePage",
    "SourceSummary",
    "Store",
    "StoreSize",
]
