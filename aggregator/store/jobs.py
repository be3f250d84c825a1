"""Jobs of a cluster, in the tables of procrastinate, which only PostgreSQL has.

A job is deferred in the transaction of the change that it follows. It says only that there is work on its subject: the
work itself are marks and due times in our own tables. So a job may be done twice, or be lost and deferred again.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, select

from aggregator.model import SHARDS, Job, end_of, shard_of
from aggregator.store import job_tables
from aggregator.store.database import Database
from aggregator.store.schema import article, category, pending_article, pending_category, unpublished

STALLED = timedelta(seconds=15)  # without a sign of its worker, after which a job is done by another

_NEXT_PENDING = (
    select(article.c.id).where(pending_article, article.c.id >= bindparam("from")).order_by(article.c.id).limit(1)
)
_PENDING_CATEGORIES = select(category.c.name).where(pending_category)
_UNPUBLISHED = select(unpublished.c.article_id).limit(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCounts:
    """Numbers of jobs: queued, being done, and those among the latter whose worker gave no sign for STALLED."""

    todo: int = 0
    doing: int = 0
    stalled: int = 0


class JobStore:
    """Jobs, and the turns that keep two processes from the same work. Without a cluster there is nothing to do."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def are_shared(self) -> bool:
        """The database has jobs: several processes may work on what it holds."""
        return self._database.dialect.has_jobs

    def defer(self, jobs: Iterable[Job]) -> None:
        """Queue these jobs, as far as they are not queued already."""
        with self._database.writing():
            self._database.defer(jobs)

    def defer_marked(self) -> None:
        """Queue the jobs of all marks: those that were lost, or whose work failed."""
        with self._database.writing() as connection:
            jobs = [Job("category", name) for name in connection.scalars(_PENDING_CATEGORIES)]
            if connection.scalar(_UNPUBLISHED) is not None:
                jobs.append(Job("prepare"))
            start = SHARDS[0]
            while (article_id := connection.scalar(_NEXT_PENDING, {"from": start})) is not None:
                jobs.append(Job("articles", shard_of(article_id)))
                start = end_of(shard_of(article_id))
            self._database.defer(jobs)

    def counts(self, queue: str = "%") -> JobCounts:
        """Return the numbers of jobs, those of one queue if it is named."""
        if not self.are_shared:
            return JobCounts()
        with self._database.reading() as connection:
            return JobCounts(**job_tables.counts(connection, STALLED, queue))

    def workers(self) -> int:
        """Return the number of processes that do jobs; 0 without a cluster."""
        if not self.are_shared:
            return 0
        with self._database.reading() as connection:
            return job_tables.workers(connection)

    def delete_ended(self) -> None:
        """Delete the jobs that failed or were broken off: their marks tell what is left to do."""
        with self._database.writing() as connection:
            job_tables.delete_ended(connection)

    def turn(self, subject: str, *, waits: bool = False) -> AbstractContextManager[bool]:
        """Give True if no other process has the turn to work on this subject, and keep it during the block.

        With `waits` it waits for the other process. Raises StoreError, also at the end of the block: another process
        may have had the turn since the connection was lost.
        """
        return self._database.turn(subject, waits=waits)

    def all_turns(self) -> AbstractContextManager[object]:
        """Keep all other processes from all subjects during the block; waits for those that work on one."""
        return self._database.turn(None, waits=True)
