"""What differs between the databases. A new one is a class here and a line in `DIALECTS`."""

import fcntl
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, func, select
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DBAPIError, DisconnectionError

from aggregator.errors import DISK_FULL, StoreBusyError, StoreDamagedError, StoreError
from aggregator.store.schema import article, metadata, revision

RESTORE = "bring back a copy of it, or move it away and a new one is made"
TEXTS = (article, revision)  # nine tenths of a database


class RacedError(StoreBusyError):
    """Another process recorded one of these articles first: ask `known` again and decide again."""


class Dialect(Protocol):
    """One kind of database."""

    one_writer: bool  # a transaction that writes holds off all others, so none of them can wait for it in a circle

    def insert(self, table: Table) -> Any:
        """An INSERT that has `on_conflict_do_update`."""

    def display(self, url: URL) -> str:
        """The database as sentences name it, without its password."""

    def engine(self, url: URL, busy_timeout: timedelta) -> Engine:
        """Connections that wait so long for somebody else's lock."""

    def lock(self, connection: Connection) -> None:
        """Let nobody else change schema or sources until this transaction ends."""

    def lock_claims(self, connection: Connection) -> None:
        """Let nobody else claim sources until this transaction ends: both could find the same host free."""

    def presence(self, engine: Engine, first: Callable[[], None]) -> AbstractContextManager[None]:
        """Be seen by other processes while it lasts, be its end a kill; who finds nobody else there calls `first`."""

    def check(self, connection: Connection, most: int | None) -> str | None:
        """What is damaged in the database; reads all of it, but of one above `most` bytes not the texts."""

    def raced(self, error: BaseException) -> bool:
        """Whether another transaction was first, so that trying again helps."""

    def failure(self, error: BaseException, name: str) -> StoreError:
        """One sentence: what is wrong with the database `name`, and what to do."""


class _GoneError(sqlite3.OperationalError):
    """The file of the database was taken away while it was open."""


def _file_at(path: str) -> tuple[int, int] | None:
    """What tells one file from another; None where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - at each transaction
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _make_private(path: str) -> None:
    """Let nobody but its owner read the database: headers of sources may hold secrets.

    SQLite gives its other files the mode of this one. An existing file is not opened, as closing it would end locks
    that this process holds on it.
    """
    with suppress(OSError):  # connecting gives the reason
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    for file in (Path(path), Path(f"{path}-wal"), Path(f"{path}-shm")):
        with suppress(OSError):
            state = file.stat()
            if state.st_uid == os.geteuid() and stat.S_ISREG(state.st_mode) and state.st_mode & 0o077:
                file.chmod(stat.S_IMODE(state.st_mode) & 0o700)


class SQLite:
    """One file, one writer at a time."""

    one_writer = True
    # KB in memory of what was read or is to be written, a connection; pages of the log before they move to the file.
    # Names are random: 20 articles change 350 pages, most of them the same ones as the next 20 do, so it pays to write
    # these once for several documents, and from the log to the file once for many.
    CACHE, LOG = 2_500, 4_000

    def insert(self, table: Table) -> Any:
        """SQLite's statement."""
        return sqlite_insert(table)

    def display(self, url: URL) -> str:
        """The path of the file."""
        return url.database or ":memory:"

    def engine(self, url: URL, busy_timeout: timedelta) -> Engine:
        """Makes the folder too. Connections are durable (WAL, FULL) and control their transactions themselves."""
        if sqlite3.sqlite_version_info < (3, 35):
            raise StoreError(f"SQLite {sqlite3.sqlite_version} is too old; install Python with SQLite 3.35 or later")
        try:
            Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"The folder of the database {url.database} cannot be made: {error.strerror}") from error
        _make_private(url.database or "")
        engine = create_engine(url, pool_use_lifo=True)  # each connection has a cache: one that is warm is enough
        path, made = url.database or "", False

        @event.listens_for(engine, "do_connect")
        def look(*_: object) -> None:
            if made and _file_at(path) is None:  # SQLite would make another, an empty one
                raise _GoneError(f"no such file: {path}")

        @event.listens_for(engine, "checkout")
        def look_again(_connection: Any, record: Any, _proxy: object) -> None:
            # The file may be another by now. Who still wrote to the one before would write to nowhere.
            if record.info["file"] != _file_at(path):
                raise DisconnectionError(f"another file is at {path}")

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, record: Any) -> None:
            nonlocal made
            made, record.info["file"] = True, _file_at(path)
            connection.isolation_level = None  # or sqlite3 begins transactions when it likes, and never for a SELECT
            connection.execute(f"PRAGMA busy_timeout = {busy_timeout // timedelta(milliseconds=1)}")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(f"PRAGMA cache_size = -{self.CACHE}")
            connection.execute(f"PRAGMA wal_autocheckpoint = {self.LOG}")
            with suppress(sqlite3.OperationalError):  # no waiting here: who holds the file sets it, or the next does
                connection.execute("PRAGMA journal_mode = WAL")

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            # A transaction that writes takes the lock at once: one that turns to writing later fails without waiting.
            writes = connection.get_execution_options().get("writes", False)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

        return engine

    def lock(self, connection: Connection) -> None:
        """Nothing to do: BEGIN IMMEDIATE did it."""

    def lock_claims(self, connection: Connection) -> None:
        """Nothing to do here either."""

    @contextmanager
    def presence(self, engine: Engine, first: Callable[[], None]) -> Iterator[None]:
        """A lock, shared by all who are there, on a file beside the database."""
        try:
            descriptor = os.open(f"{engine.url.database}-fetching", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StoreError(f"No file can be made beside the database: {error.strerror}: {error.filename}") from error
        try:
            with suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                first()
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            yield
        finally:
            os.close(descriptor)

    def check(self, connection: Connection, most: int | None) -> str | None:
        """The first complaint of quick_check, over the whole file or table by table."""
        pages, size = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("page_count", "page_size")
        )
        whole = most is None or pages * size <= most
        parts = ["1"] if whole else [f'"{table.name}"' for table in metadata.sorted_tables if table not in TEXTS]
        for part in parts:
            found = str(connection.exec_driver_sql(f"PRAGMA quick_check({part})").scalar())
            if found != "ok":
                return " ".join(found.split())  # it comes in several lines
        return None

    def raced(self, error: BaseException) -> bool:
        """Whether a unique key was taken: another process can only have come between two transactions."""
        code = getattr(error, "sqlite_errorcode", 0)
        return code in (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)

    def failure(self, error: BaseException, name: str) -> StoreError:
        """By SQLite's primary result code."""
        match getattr(error, "sqlite_errorcode", 0) & 0xFF:
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return StoreBusyError(f"Another process holds the database {name}; wait until it is done, or stop it")
            case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_READONLY:
                advice = "let this user write to the file, to its -wal and -shm beside it, and to its folder"
                if Path(name).is_dir():
                    advice = "a folder is in its place: name a file in `database`, or move the folder away"
                return StoreError(f"The database {name} cannot be opened for writing; {advice}")
            case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
                return StoreDamagedError(f"The database {name} is damaged, or not an SQLite database at all; {RESTORE}")
            case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR:
                return StoreError(
                    f"The disk does not take what is written to the database {name}; is it full? Make room",
                    cause=DISK_FULL,
                )
        if isinstance(error, _GoneError):
            return StoreDamagedError(f"The database {name} is not there any more; {RESTORE} at the next start")
        return StoreError(f"The database {name} failed: {error}")


class PostgreSQL:
    """A server, many writers."""

    one_writer = False
    LOCK = 0x61676772  # "aggr", among the advisory locks of the database
    PRESENCE = LOCK + 1
    CLAIMS = LOCK + 2

    def insert(self, table: Table) -> Any:
        """PostgreSQL's statement, imported only by those who use it."""
        from sqlalchemy.dialects.postgresql import insert

        return insert(table)

    def display(self, url: URL) -> str:
        """The URL with its password masked, and without its options, which may hold one too."""
        return url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)

    def engine(self, url: URL, busy_timeout: timedelta) -> Engine:
        """A pool that outlives a restart of the server: each connection is tried before its use."""
        try:
            engine = create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
        except ModuleNotFoundError as error:
            raise StoreError("PostgreSQL needs the driver psycopg; install aggregator[cluster]") from error

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, _record: object) -> None:
            connection.execute(f"SET lock_timeout = {busy_timeout // timedelta(milliseconds=1)}")
            connection.commit()

        return engine

    def lock(self, connection: Connection) -> None:
        """An advisory lock: reading and recording go on beside it."""
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({self.LOCK})")

    def lock_claims(self, connection: Connection) -> None:
        """An advisory lock of its own: claims wait for claims alone, some milliseconds each."""
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({self.CLAIMS})")

    @contextmanager
    def presence(self, engine: Engine, first: Callable[[], None]) -> Iterator[None]:
        """An advisory lock, shared by all who are there, of a connection of its own; the server sees it end."""
        with engine.connect() as connection:
            connection.detach()  # closed at the end, and not put back into the pool with the lock
            alone = connection.scalar(select(func.pg_try_advisory_lock(self.PRESENCE)))
            if alone:
                first()
            connection.execute(select(func.pg_advisory_lock_shared(self.PRESENCE)))
            if alone:
                connection.execute(select(func.pg_advisory_unlock(self.PRESENCE)))
            connection.commit()  # the lock is the session's and stays
            yield

    def check(self, connection: Connection, most: int | None) -> str | None:
        """None: the server checks its own pages."""
        return None

    def raced(self, error: BaseException) -> bool:
        """Whether a unique key was taken, or two transactions waited for each other."""
        return getattr(error, "sqlstate", None) in ("23505", "40P01", "40001")

    def failure(self, error: BaseException, name: str) -> StoreError:
        """By SQLSTATE; without one the server was not reached."""
        reason = str(error).strip().partition("\n")[0]
        match str(getattr(error, "sqlstate", None) or ""):
            case "55P03" | "53300":
                return StoreBusyError(
                    f"Other processes hold the database {name}; wait until they are done, or stop them"
                )
            case "42501" | "25006":
                return StoreError(f"The database {name} may not be written by this user; grant it the right to")
            case "53100":
                return StoreError(f"The disk of the database {name} is full; make room on the server")
            case "" | "57P01" | "57P02" | "57P03" | "08006":
                advice = "see that the server runs, and that database, user and password are right"
                return StoreError(f"The database {name} cannot be reached ({reason}); {advice}", cause="unreachable")
        return StoreError(f"The database {name} failed: {reason}")


DIALECTS: dict[str, Dialect] = {"sqlite": SQLite(), "postgresql": PostgreSQL()}


def translated(error: DBAPIError, dialect: Dialect, name: str) -> StoreError:
    """The driver's error as ours."""
    cause = error.orig or error
    if dialect.raced(cause):
        return RacedError(f"Another process wrote to the database {name} first; try again")
    return dialect.failure(cause, name)
