"""Differences between SQLite and PostgreSQL. Another database is a class here and a line in `DIALECTS`."""

import fcntl
import os
import re
import sqlite3
import stat
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Table,
    cast,
    create_engine,
    event,
    extract,
    func,
    select,
    text,
    type_coerce,
)
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DBAPIError, DisconnectionError

from aggregator.errors import DISK_FULL, UNREACHABLE, StoreBusyError, StoreDamagedError, StoreError
from aggregator.store.object_table import object_version, stored_object
from aggregator.store.schema import article_text, metadata, revision, searchable
from aggregator.store.time_limits import client_limits, limit_time

RESTORE = (
    "put back a copy that `aggregator backup FILE` made, with `aggregator restore FILE`; without one move it away, and "
    "a new one is created"
)
TEXTS = (article_text, revision, searchable)  # nine tenths of a database

# libpq gives no SQLSTATE where it is refused a connection. The last words are PgBouncer's.
_NO_CONNECTION = re.compile("too many (connections|clients)|connection slots are reserved|no more connections allowed")


class RacedError(StoreBusyError):
    """Another process recorded one of these articles first: look up, decide and record again."""


class Dialect(ABC):
    """One kind of database."""

    has_jobs = False  # the tables of jobs: several processes share the work
    one_writer: bool  # a transaction that writes excludes all others, so that none can wait for another in a circle

    @abstractmethod
    def insert(self, table: Table) -> Any:
        """Return an INSERT that has `on_conflict_do_update`."""

    @abstractmethod
    def display(self, url: URL) -> str:
        """Return the database's name for messages, without passwords."""

    @abstractmethod
    def engine(self, url: URL, busy_timeout: timedelta) -> Engine:
        """Return an engine whose connections wait up to `busy_timeout` for another process's lock."""

    def lock(self, connection: Connection) -> None:  # noqa: B027 - with SQLite, BEGIN IMMEDIATE does it
        """Keep other processes from changing schema and sources until this transaction ends."""

    def lease_time(self, now: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the time by which leases are measured; `now` is that of the caller."""
        return now

    @abstractmethod
    def presence(self, engine: Engine, when_alone: Callable[[], None]) -> AbstractContextManager[None]:
        """Let other processes see this one during the block, killed or not; calls `when_alone` if there is no other."""

    def continue_numbers(self, connection: Connection) -> None:  # noqa: B027 - SQLite looks at the rows
        """Have rows that the database numbers itself follow those that came with a number."""

    def check(self, connection: Connection, max_bytes: int | None) -> str | None:
        """Return what is damaged; the texts are not read if the database is larger than `max_bytes`."""
        return None  # PostgreSQL checks its own pages

    def estimated_rows(self, connection: Connection, table: Table) -> int | None:
        """Return about how many rows a large table has; None where counting them is cheap, or the only way."""
        return None

    @abstractmethod
    def size(self, connection: Connection) -> int:
        """Return the size of the database in bytes."""

    @abstractmethod
    def raced(self, error: BaseException, *, inserts: bool) -> bool:
        """Return True if another transaction was first, so that trying again helps.

        If the statement `inserts`, its row may refer to one that another transaction has deleted.
        """

    @abstractmethod
    def failure(self, error: BaseException, name: str) -> StoreError:
        """Return an error that says what is wrong with the database `name`, and what to do."""


class _GoneError(sqlite3.OperationalError):
    """The file of the database was removed while it was open."""


def _file_at(path: str) -> tuple[int, int] | None:
    """Return the identity of the file at `path`, None if there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116 - at each transaction
    except OSError:
        return None
    return status.st_dev, status.st_ino


def is_missing(database: Path) -> bool:
    """Return True if there is no such file; False if there is something, or if this user may not look."""
    try:
        database.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False  # opening it gives the reason
    return False


def _make_private(path: str) -> None:
    """Let nobody but its owner read the database: headers of sources may hold secrets.

    SQLite gives its other files the mode of this one. An existing file is not opened, as closing it would end locks
    that this process holds on it.
    """
    with suppress(OSError):  # connecting gives the reason
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    for file in (Path(path), Path(f"{path}-wal"), Path(f"{path}-shm")):
        with suppress(OSError):  # it does not exist, or connecting gives the reason
            state = file.stat()
            if state.st_uid == os.geteuid() and stat.S_ISREG(state.st_mode) and state.st_mode & 0o077:
                file.chmod(stat.S_IMODE(state.st_mode) & 0o700)


def presence_path(database: str | Path) -> Path:
    """Return the file on which processes that fetch hold a lock, beside the SQLite database."""
    return Path(f"{database}-fetching")


class SQLite(Dialect):
    """One file, one writer at a time."""

    one_writer = True
    # KB of page cache for each connection; pages of the log before a checkpoint. Ids are random: 20 articles change 350
    # pages, mostly the same ones as the next 20 do, so that it pays to write them once for several documents, and to
    # copy them from the log to the file once for many.
    CACHE, LOG = 2_500, 4_000

    def insert(self, table: Table) -> Any:
        """Return SQLite's statement."""
        return sqlite_insert(table)

    def display(self, url: URL) -> str:
        """Return the path of the file."""
        return url.database or ":memory:"

    def engine(self, url: URL, busy_timeout: timedelta) -> Engine:
        """Return an engine of durable connections (WAL, FULL); creates the folder."""
        if sqlite3.sqlite_version_info < (3, 35):
            raise StoreError(f"SQLite {sqlite3.sqlite_version} is too old; install Python with SQLite 3.35 or later")
        try:
            Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"The folder of the database {url.database} cannot be created: {error.strerror}"
            ) from error
        _make_private(url.database or "")
        engine = create_engine(url, pool_use_lifo=True)  # each has a cache: one warm cache is enough
        path, made = url.database or "", False

        @event.listens_for(engine, "do_connect")
        def look(*_: object) -> None:
            if made and is_missing(Path(path)):  # SQLite would make another, an empty one
                raise _GoneError(f"no such file: {path}")

        @event.listens_for(engine, "checkout")
        def look_again(_connection: Any, record: Any, _proxy: object) -> None:
            # The file may have been replaced. Writes to the one before would be lost.
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
            with suppress(sqlite3.OperationalError):  # locked: the process that holds the file sets it, or the next
                connection.execute("PRAGMA journal_mode = WAL")

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            # A transaction that writes takes the lock at its start: taking it later fails without waiting.
            writes = connection.get_execution_options().get("writes", False)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

        return engine

    @contextmanager
    def presence(self, engine: Engine, when_alone: Callable[[], None]) -> Iterator[None]:
        """Hold a shared lock on a file beside the database."""
        try:
            descriptor = os.open(presence_path(engine.url.database or ""), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            reason = f"{error.strerror}: {error.filename}"
            raise StoreError(f"Cannot create a file beside the database: {reason}") from error
        try:
            with suppress(BlockingIOError):  # there is another process
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                when_alone()
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            yield
        finally:
            os.close(descriptor)

    def check(self, connection: Connection, max_bytes: int | None) -> str | None:
        """Return the first problem that quick_check finds, in the whole file or table by table."""
        parts = ["1"]
        if max_bytes is not None and self.size(connection) > max_bytes:
            parts = [f'"{table.name}"' for table in metadata.sorted_tables if table not in TEXTS]
        for part in parts:
            result = str(connection.exec_driver_sql(f"PRAGMA quick_check({part})").scalar())
            if result != "ok":
                return " ".join(result.split())  # it has several lines
        return None

    def size(self, connection: Connection) -> int:
        """Return the size of the file, once its log is in it."""
        pages, size = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("page_count", "page_size")
        )
        return int(pages * size)

    def raced(self, error: BaseException, *, inserts: bool) -> bool:
        """Return True if a key was taken, or one referred to has gone: between two transactions, by another process."""
        code = getattr(error, "sqlite_errorcode", 0)
        has_gone = inserts and code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
        return has_gone or code in (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)

    def failure(self, error: BaseException, name: str) -> StoreError:
        """Return an error by SQLite's primary result code."""
        match getattr(error, "sqlite_errorcode", 0) & 0xFF:
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return StoreBusyError(
                    f"The database {name} is locked by another process; wait until it is done, or stop it"
                )
            case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_READONLY:
                advice = "let this user write to the file, to its -wal and -shm beside it, and to its folder"
                if os.path.isdir(name):  # noqa: PTH112 - Path's raises where this user may not look
                    advice = "a folder is in its place: name a file in `database`, or move the folder away"
                return StoreError(f"The database {name} cannot be opened for writing; {advice}")
            case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
                return StoreDamagedError(f"The database {name} is damaged, or not an SQLite database at all; {RESTORE}")
            case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR:
                message = f"The disk is full, or fails, where the database {name} is written; free some space"
                return StoreError(message, cause=DISK_FULL)
        if isinstance(error, _GoneError):
            return StoreDamagedError(f"The database {name} no longer exists; {RESTORE} at the next start")
        return StoreError(f"The database {name} failed: {error}")


def _text(data: str | bytes) -> str:
    return data if isinstance(data, str) else data.decode()


class PostgreSQL(Dialect):
    """A server, many writers."""

    has_jobs = True
    one_writer = False
    LOCK = 0x61676772  # "aggr", among the advisory locks of the database
    MANY_ROWS = 100_000

    def insert(self, table: Table) -> Any:
        """Return PostgreSQL's statement; its dialect is imported only if it is used."""
        from sqlalchemy.dialects.postgresql import insert

        return insert(table)

    def display(self, url: URL) -> str:
        """Return the URL with its password masked, and without its options, which may hold one too."""
        return url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)

    def engine(self, url: URL, busy_timeout: timedelta) -> Engine:
        """Return an engine that survives a restart of the server: each connection is tested before its use."""
        try:
            engine = create_engine(
                url.set(drivername="postgresql+psycopg"),
                pool_pre_ping=True,
                # a database of the encoding SQL_ASCII gives bytes else, before anything can say that it has it
                connect_args={"client_encoding": "utf8"} | client_limits(url.query),
                json_serializer=str,  # `columns` reads and writes the texts
                json_deserializer=_text,
            )
        except ModuleNotFoundError as error:
            raise StoreError("PostgreSQL needs the driver psycopg; install aggregator[cluster]") from error

        limit_time(engine, busy_timeout)
        return engine

    def lock(self, connection: Connection) -> None:
        """Take an advisory lock, which reading and recording do not wait for; a migration may take its time."""
        connection.exec_driver_sql(
            f"SELECT pg_advisory_xact_lock({self.LOCK}), set_config('statement_timeout', '0', true)"
        )

    def lease_time(self, now: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the server's own time: the clocks of several machines differ."""
        microseconds = func.floor(extract("epoch", func.clock_timestamp()) * 1_000_000)
        return type_coerce(cast(microseconds, BigInteger), now.type)

    @contextmanager
    def presence(self, engine: Engine, when_alone: Callable[[], None]) -> Iterator[None]:
        """Do nothing: leases of killed processes run out."""
        yield

    def continue_numbers(self, connection: Connection) -> None:
        """Set each sequence to the highest number of its column."""
        for table in metadata.sorted_tables:
            if (column := table.autoincrement_column) is not None:
                sequence = func.pg_get_serial_sequence(f'"{table.name}"', column.name)
                connection.execute(select(func.setval(sequence, func.max(column))))
        newest = select(func.coalesce(func.max(stored_object.c.version), 1)).scalar_subquery()
        connection.execute(select(func.setval(object_version.name, newest)))

    def estimated_rows(self, connection: Connection, table: Table) -> int | None:
        """Return what the server noted at its last look at the table, or at its partitions, from MANY_ROWS."""
        noted = text(
            "SELECT sum(greatest(reltuples, 0)) FROM pg_partition_tree(CAST(:name AS regclass)) AS part"
            " JOIN pg_class ON pg_class.oid = part.relid WHERE isleaf"
        )
        rows = int(connection.scalar(noted, {"name": table.name}) or 0)
        return rows if rows >= self.MANY_ROWS else None

    def size(self, connection: Connection) -> int:
        """Return the size as the server gives it, with indexes."""
        return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())

    def raced(self, error: BaseException, *, inserts: bool) -> bool:
        """Return True if a key was taken, or one referred to or a partition has gone, or two transactions waited."""
        state = getattr(error, "sqlstate", None)
        return state in ("23505", "40P01", "40001", "23514") or (inserts and state == "23503")

    def failure(self, error: BaseException, name: str) -> StoreError:
        """Return an error by SQLSTATE; without one the server was not reached."""
        reason = str(error).strip().partition("\n")[0]
        state = getattr(error, "sqlstate", None) or ("53300" if _NO_CONNECTION.search(str(error)) else "")
        match str(state):
            case "53300":
                advice = "raise its `max_connections` or the limit of the user, run fewer workers, or use a pooler"
                return StoreBusyError(
                    f"The database {name} has no free connection ({reason}); {advice}", cause=UNREACHABLE
                )
            case "55P03":
                return StoreBusyError(
                    f"The database {name} is locked by other processes; wait until they are done, or stop them"
                )
            case "57014" | "25P03":  # by `time_limits`
                return StoreBusyError(
                    f"The database {name} ended a transaction that took too long ({reason}); see what keeps the server "
                    "busy"
                )
            case "42501" | "25006":
                return StoreError(
                    f"Permission denied: this user may not write to the database {name}; grant it the right to"
                )
            case "53100":
                return StoreError(f"The disk of the database {name} is full; free some space on the server")
            case "" | "57P01" | "57P02" | "57P03" | "08006":
                advice = "see that the server runs, and that database, user and password are right"
                return StoreError(f"The database {name} cannot be reached ({reason}); {advice}", cause=UNREACHABLE)
        return StoreError(f"The database {name} failed: {reason}")


DIALECTS: dict[str, Dialect] = {"sqlite": SQLite(), "postgresql": PostgreSQL()}


def translated(error: DBAPIError, dialect: Dialect, name: str) -> StoreError:
    """Return the driver's error as one of ours."""
    cause = error.orig or error
    if dialect.raced(cause, inserts=(error.statement or "").startswith("INSERT")):
        return RacedError(f"Another process wrote to the database {name} first; try again")
    return dialect.failure(cause, name)
