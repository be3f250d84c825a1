"""The workers of a cluster as they show themselves. It is only looked at: leases and jobs have their own signs."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select

from aggregator.store.comparisons import Comparison, ComparisonStore
from aggregator.store.database import Database
from aggregator.store.jobs import JobCounts, JobStore
from aggregator.store.schema import worker

SHOWN = timedelta(hours=1)  # after its last sign
LEASE = timedelta(minutes=1)  # after this nobody has leases who gave no sign

_WORKERS = select(*worker.c["name", "leases", "last_seen"]).where(worker.c.last_seen > bindparam("since"))
_FORGET = delete(worker).where(worker.c.last_seen <= bindparam("since"))
_END = delete(worker).where(worker.c.name == bindparam("worker"))


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerState:
    """A worker as it showed itself last."""

    name: str
    leases: int
    last_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterState:
    """The workers of a cluster that were seen within the last hour, and what its jobs do; empty without a cluster."""

    workers: tuple[WorkerState, ...] = ()
    queue: JobCounts = field(default_factory=JobCounts)
    comparison: Comparison | None = None  # of the database with its files, the last one

    @property
    def differences(self) -> int:
        """Number of differences between the database and its files that were not repaired."""
        return self.comparison.total if self.comparison else 0

    def working(self, now: datetime) -> tuple[WorkerState, ...]:
        """Return the workers that gave a sign within the last minute."""
        return tuple(state for state in self.workers if now - state.last_seen < LEASE)


class WorkerStore:
    """The workers of a cluster."""

    def __init__(self, database: Database, jobs: JobStore, comparisons: ComparisonStore) -> None:
        self._database, self._jobs, self._comparisons = database, jobs, comparisons

    def show(self, name: str, leases: int, version: str, now: datetime) -> None:
        """Note that this worker works; forget those that have not been seen for long."""
        values = {"leases": leases, "version": version, "last_seen": now}
        insert = self._database.dialect.insert(worker).values(name=name, **values)
        with self._database.writing() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=[worker.c.name], set_=values))
            connection.execute(_FORGET, {"since": now - SHOWN})

    def end(self, name: str) -> None:
        """Forget the worker: it ended as it should."""
        with self._database.writing() as connection:
            connection.execute(_END, {"worker": name})

    def state(self, now: datetime) -> ClusterState:
        """Return the state of the cluster, by the name of the workers; without a cluster nothing is read."""
        if not self._jobs.are_shared:
            return ClusterState()
        with self._database.reading() as connection:
            rows = connection.execute(_WORKERS.order_by(worker.c.name), {"since": now - SHOWN}).mappings()
            workers = tuple(_as_of(WorkerState(**row), now) for row in rows)
        return ClusterState(workers=workers, queue=self._jobs.counts(), comparison=self._comparisons.last())


def _as_of(state: WorkerState, now: datetime) -> WorkerState:
    is_over = now - state.last_seen > LEASE
    return WorkerState(name=state.name, leases=0, last_seen=state.last_seen) if is_over else state
