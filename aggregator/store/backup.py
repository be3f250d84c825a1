"""Copies of an SQLite database: made beside a running daemon, and put back. Edge.

A copy is checked before it counts, is one file without `-wal`, and appears whole or not at all, readable by its owner
alone.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import make_url

from aggregator.errors import StoreError
from aggregator.store.dialect import RESTORE, is_missing, presence_path
from aggregator.store.schema import VERSION

BUSY_SECONDS = 30.0  # longest wait for another process's lock

_EARLIER = "use an earlier backup"  # what to do about a copy that is damaged; about a database, RESTORE says it

_POSTGRESQL = (
    "the database is on PostgreSQL, which has tools of its own: `pg_dump --format=custom --file=FILE NAME` makes a "
    "backup, `pg_restore --clean --dbname=NAME FILE` puts it back"
)


def sqlite_path(url: str) -> Path | None:
    """Return the file of an SQLite database, None for another database."""
    parsed = make_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


def backup(url: str, copy: Path) -> int:
    """Copy the database to a new file and return its size in bytes; writers go on meanwhile. Raises StoreError."""
    database = sqlite_file(url)
    if os.path.lexists(copy):
        raise StoreError(f"{copy} exists already; name a file that does not, or remove it first")
    if is_missing(database):
        raise StoreError(f"there is no database {database} to copy")
    with _translating(copy), _checked_copy(database, copy, RESTORE) as temporary:
        _rename_new(temporary, copy)
        return copy.stat().st_size


def snapshot(url: str, copy: Path) -> None:
    """Copy the database as it is to a file that nobody else sees; an absent database gives none. Raises StoreError."""
    database = sqlite_file(url)
    if is_missing(database):
        return
    try:
        with closing(_connected(database)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    except sqlite3.DatabaseError as error:
        raise StoreError(_reason(error, database, RESTORE)) from error


def restore(url: str, copy: Path) -> None:
    """Put the copy in place of the database, with all files published anew at the next publication.

    The database before is lost, with its `-wal`, `-shm` and `-journal`. Raises StoreError if the copy is damaged or not
    ours, or if a process that fetches has the database open.
    """
    database = sqlite_file(url)
    if is_missing(copy):
        raise StoreError(f"there is no file {copy}; name one that `aggregator backup` made")
    if os.path.isdir(copy):  # noqa: PTH112 - Path's raises where this user may not look
        raise StoreError(f"{copy} is a folder; name a file that `aggregator backup` made")
    with _translating(database), _no_other_process(database), _checked_copy(copy, database, _EARLIER) as temporary:
        for suffix in ("-wal", "-shm", "-journal"):  # before the rename: SQLite would write them into the restored file
            Path(f"{database}{suffix}").unlink(missing_ok=True)
        temporary.replace(database)
        _sync_folder(database.parent)


def sqlite_file(url: str) -> Path:
    """Return the file of an SQLite database. Raises StoreError for another database, which names its tools."""
    path = sqlite_path(url)
    if path is None:
        raise StoreError(_POSTGRESQL)
    return path


@contextmanager
def _checked_copy(database: Path, target: Path, remedy: str) -> Iterator[Path]:
    """Give a checked copy of the database under a temporary name beside `target`, removed at the end.

    Raises StoreError, with the remedy where the database is damaged.
    """
    temporary = target.with_name(f".{target.name}-{os.getpid()}.tmp")
    os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600))
    try:
        temporary.chmod(0o600)  # of a killed process with our number, it may have another
        _copy(database, temporary, remedy)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _copy(database: Path, temporary: Path, remedy: str) -> None:
    """Copy in one step, which is one transaction that only reads. Raises StoreError if the copy is of no use."""
    try:
        with closing(_connected(database)) as source, closing(_connected(temporary)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # else the copy needs a -wal beside it
            damage = str(copy.execute("PRAGMA quick_check(1)").fetchone()[0])
            if damage != "ok":
                raise StoreError(f"{database} is damaged ({' '.join(damage.split())}); {remedy}")
            _check_schema(database, copy)
            with copy:  # publication is due for everything: the files may be newer than the copy
                copy.execute("UPDATE note SET value = 'restored' WHERE name = 'style'")
    except sqlite3.DatabaseError as error:
        raise StoreError(_reason(error, database, remedy)) from error


def _connected(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS)


def _check_schema(database: Path, copy: sqlite3.Connection) -> None:
    if not copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
        raise StoreError(f"{database} is no database of aggregator")
    (version,) = copy.execute("SELECT version_num FROM alembic_version").fetchone() or (VERSION,)
    if version > VERSION:
        raise StoreError(f"a newer aggregator made {database} (schema {version}, this one has {VERSION}); update it")


def _reason(error: sqlite3.DatabaseError, database: Path, remedy: str) -> str:
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return f"{database} is locked by another process; wait until it is done, or stop it"
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return f"{database} is damaged, or not an SQLite database at all; {remedy}"
        case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR:
            return "the disk is full, or fails, where the copy is written; free some space"
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_READONLY:
            return (
                f"{database} cannot be opened, for which its folder has to be writable; let this user write to it, or "
                "have a user do this who may"
            )
    return f"{database} cannot be copied: {error}"


def _rename_new(temporary: Path, path: Path) -> None:
    """Rename the file, unless another process made one of that name meanwhile."""
    try:
        path.hardlink_to(temporary)
    except OSError:  # it exists, or the file system has no hard links
        if os.path.lexists(path):
            raise
        temporary.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Have the rename survive a power cut, where the file system can."""
    with suppress(OSError):  # a file system that cannot has done what it can
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _no_other_process(database: Path) -> Iterator[None]:
    """Keep processes that fetch away. Raises StoreError if one is at work."""
    path = presence_path(database)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise StoreError(f"a process that fetches has the database {database} open; stop it first") from None
    finally:
        os.close(descriptor)


@contextmanager
def _translating(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StoreError(f"{path} cannot be written: {reason}; see that this user may write to its folder") from error
