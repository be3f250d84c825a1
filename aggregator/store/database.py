"""Engine, transactions and error translation of one database."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import local
from typing import Self
from uuid import uuid4

from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from aggregator.errors import StoreDamagedError, StoreError
from aggregator.model import Job
from aggregator.store import job_tables, migrate
from aggregator.store.dialect import DIALECTS, RESTORE, Dialect, translated
from aggregator.store.schema import VERSION

BUSY_TIMEOUT = timedelta(seconds=30)  # longest wait for another process's lock

log = logging.getLogger(__name__)


class Database:
    """Transactions of one SQLite or PostgreSQL database; instances may be shared by threads.

    Errors of the driver leave a transaction as StoreError, or as StoreBusyError if trying again later helps.
    """

    def __init__(self, engine: Engine, dialect: Dialect, name: str) -> None:
        self.engine, self.dialect, self.name = engine, dialect, name
        self.process = uuid4().hex  # owner of the leases that are taken through this instance
        self._writer = engine.execution_options(writes=True)
        self._joint = local()  # this thread's `connection` within `writing`

    @classmethod
    def open(cls, url: str, *, busy_timeout: timedelta = BUSY_TIMEOUT, migrates: bool = True) -> Self:
        """Open the database at `url`: `sqlite:///ABSOLUTE/PATH` or `postgresql://USER@HOST/NAME`.

        The schema is created or migrated if necessary, but for who does not migrate. Raises StoreError.
        """
        try:
            parsed = make_url(url)
            dialect = DIALECTS[parsed.get_backend_name()]
        except (ArgumentError, KeyError, ValueError):
            advice = "write sqlite:///FILE or postgresql://USER@HOST/NAME"
            raise StoreError(f"This is not the URL of a supported database; {advice}") from None
        database = cls(dialect.engine(parsed, busy_timeout), dialect, dialect.display(parsed))
        try:
            if migrates:
                database._migrate()
            else:
                database._require_current()
        except BaseException:
            database.close()
            raise
        return database

    @property
    def url(self) -> str:
        """URL of a PostgreSQL database, as the driver takes it, with its password."""
        rendered = self.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        before, mark, options = rendered.partition("?")
        # SQLAlchemy leaves a space in a password, and writes one in an option as `+`: libpq refuses the first, and
        # takes the second for a plus.
        return before.replace(" ", "%20") + mark + options.replace("+", "%20")

    def _migrate(self) -> None:
        with self.reading() as connection:
            if migrate.version(connection) == VERSION:
                return
        with self.writing() as connection:
            self.dialect.lock(connection)
            match migrate.version(connection):
                case None:
                    migrate.create(connection)
                case older if older != VERSION:
                    log.info("migrating the database %s from schema %s to %s", self.name, older, VERSION)
                    migrate.migrate(connection)

    def _require_current(self) -> None:
        with self.reading() as connection:
            if migrate.version(connection) != VERSION:
                raise StoreError(
                    f"The database {self.name} has not the tables of this version; run `aggregator sync`, of the same "
                    "version, where feeds.yaml is"
                )

    def check_version(self) -> None:
        """Raise OutdatedError if a newer version of the program has migrated the database meanwhile."""
        with self.reading() as connection:
            migrate.version(connection)

    def close(self) -> None:
        """Close all connections; committed data stays."""
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Run a transaction that only reads."""
        with self._transaction(self.engine) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Run a transaction that may write, and that includes all that this thread starts within the block.

        SQLite takes its lock at the start. An exception raised within has to leave the block, as half of the work may
        be written by then. Other processes wait for its end, so nothing slow belongs in it.
        """
        outer = getattr(self._joint, "connection", None)
        if outer is None:
            self._joint.after_commit = []
        with self._transaction(self._writer) as connection:
            self._joint.connection = connection
            if outer is None:
                self._joint.jobs = set[Job]()
            try:
                yield connection
                if outer is None and self._joint.jobs:  # last, as others wait until the end for a job of this name
                    job_tables.defer(connection, self._joint.jobs)
            finally:
                self._joint.connection = outer
        if outer is None:
            for function in self._joint.after_commit:
                function()

    def after_commit(self, function: Callable[[], None]) -> None:
        """Have `function` called when this thread's transaction that writes is committed, and only then."""
        self._joint.after_commit.append(function)

    def defer(self, jobs: Iterable[Job]) -> None:
        """Queue these jobs at the end of the transaction in which this thread writes, if the database has jobs."""
        if self.dialect.has_jobs:
            self._joint.jobs.update(jobs)

    @contextmanager
    def turn(self, subject: str | None, *, waits: bool) -> Iterator[bool]:
        """Give True if the turn to work on a subject is free, None: on all of them, and keep it during the block.

        Without jobs there is no other process. Raises StoreError at the end if the connection was lost meanwhile.
        """
        outer = getattr(self._joint, "turns", ())  # those that this thread has
        if not self.dialect.has_jobs or None in outer:
            yield True
            return
        with self._translating(), self.engine.begin() as connection:
            is_free = job_tables.take_turn(connection, subject, waits=waits, is_inner=bool(outer))
            self._joint.turns = (*outer, subject)
            try:
                yield is_free
            finally:
                self._joint.turns = outer

    @contextmanager
    def present(self, when_alone: Callable[[], None]) -> Iterator[None]:
        """Let other processes see this one during the block; calls `when_alone` at its start if there is no other."""
        with self._translating(), self.dialect.presence(self.engine, when_alone):
            yield

    def check(self, max_bytes: int | None = None) -> None:
        """Read the whole database, but not the texts if it is larger than `max_bytes`. Raises StoreDamagedError.

        Takes 0.7 s a gigabyte from memory, up to 20 s from a slow disk.
        """
        with self.reading() as connection:
            if damage := self.dialect.check(connection, max_bytes):
                raise StoreDamagedError(f"The database {self.name} is damaged ({damage}); {RESTORE}")

    @contextmanager
    def _transaction(self, engine: Engine) -> Iterator[Connection]:
        with self._translating():
            if joint := getattr(self._joint, "connection", None):
                yield joint
                return
            with engine.begin() as connection:
                yield connection

    @contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            failure = translated(error, self.dialect, self.name)
            if isinstance(failure, StoreDamagedError):
                self.engine.dispose()  # the next transaction opens the file anew: somebody may have replaced it
            raise failure from error
