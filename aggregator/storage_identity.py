"""The identity of a storage, by which processes on one database notice that their storages are not the same. Edge.

It is a random text in a file of the folder, or in an object of the bucket, and in a note of the database. Both are
compared once, at the start.
"""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from aggregator import files
from aggregator.errors import AggregatorError, FilesError
from aggregator.model import OutputFile
from aggregator.store import Store

if TYPE_CHECKING:  # its library is loaded where there is a bucket
    from aggregator.objects import Bucket

IDENTITY = ".storage-id"  # in the storage
NOTE = "storage"  # identity of the storage that the database belongs to, its place, and since when
RECENT = timedelta(minutes=1)  # a storage that was chosen since is in use, although its process did not show itself yet


class Place(Protocol):
    """A folder or bucket that a storage is in."""

    @property
    def name(self) -> str:
        """The place for messages: the same for all processes that see the same path of one machine, or one bucket."""

    @property
    def identity_name(self) -> str:
        """The name of the identity for messages."""

    def alone(self) -> AbstractContextManager[None]:
        """Keep other processes that use the storage from choosing an identity."""

    def read(self) -> str:
        """Return the identity, "" if there is none. Raises FilesError."""

    def write(self, identity: str) -> None:
        """Write the identity. Raises FilesError."""


class StorageFolder:
    """A storage in a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def name(self) -> str:
        """The machine's name and the path."""
        return f"{self._root} on {os.uname().nodename}"

    @property
    def identity_name(self) -> str:
        """The path of the file."""
        return str(self._root / IDENTITY)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold a lock on the file."""
        files.make_folder(self._root)
        with files.lock(self._root / IDENTITY):
            yield

    def read(self) -> str:
        """Return the text of the file, "" if there is none."""
        try:
            return (self._root / IDENTITY).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return ""
        except (OSError, ValueError) as error:
            raise FilesError(
                f"cannot read {self.identity_name}: {error}; let the user that runs aggregator do so"
            ) from error

    def write(self, identity: str) -> None:
        """Write the file."""
        files.write(self._root, [OutputFile(path=IDENTITY, data=f"{identity}\n".encode())])


class StorageBucket:
    """A storage in a bucket."""

    def __init__(self, bucket: "Bucket") -> None:
        self._bucket = bucket

    @property
    def name(self) -> str:
        """The URL, and that of the endpoint."""
        return f"{self._bucket.url} at {self._bucket.endpoint}"

    @property
    def identity_name(self) -> str:
        """The URL of the object."""
        return f"{self._bucket.url}/{IDENTITY}"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Do nothing: the first identity that is written stays."""
        yield

    def read(self) -> str:
        """Return the text of the object, "" if there is none."""
        return (self._bucket.read(IDENTITY) or b"").decode(errors="replace").strip()

    def write(self, identity: str) -> None:
        """Write the object unless there is one."""
        self._bucket.create(IDENTITY, f"{identity}\n".encode())


def refuse_other_storage(store: Store, root: str, bucket: "Bucket | None", now: datetime) -> None:
    """Raise AggregatorError if the database belongs to another storage than that in the folder `root`, or the bucket.

    A storage without an identity gets one: the noted one if it is in the noted place and was emptied; else a new one,
    with which it takes the place of the storage before, unless that is in use. With SQLite nothing is read or written.
    """
    if not store.jobs.are_shared:
        return
    place: Place = StorageBucket(bucket) if bucket else StorageFolder(Path(root))
    try:
        noted = _noted(store)
        if noted is None or place.read() != noted.identity:
            with place.alone():
                _settle(store, place, now)
    except FilesError as error:
        if not bucket or not bucket.is_away(error):  # it is noticed, and waited for, when something is published
            raise


class _Noted(NamedTuple):
    """The storage that the database belongs to."""

    identity: str
    name: str
    since: str  # as ISO 8601


def _settle(store: Store, place: Place, now: datetime) -> None:
    identity = place.read()
    own = _Noted(identity or secrets.token_hex(16), place.name, now.isoformat())
    noted = _Noted(*json.loads(store.meta.made_once(NOTE, json.dumps(own))))
    if identity == noted.identity:
        return
    if identity:
        raise AggregatorError(
            f"the storage {place.name} is not that of the database {store.database.name}, which is {noted.name}; "
            f"set `storage` to that one, or remove {place.identity_name} to have all files written here from now on"
        )
    if noted.name != place.name:
        if user := _user(store, noted, now):
            raise AggregatorError(
                f"the storage {place.name} is new, and {user} uses {noted.name} with the same database; share that "
                "storage with this machine, or stop all processes first to have all files written here from now on"
            )
        noted = own
        store.meta.set(NOTE, json.dumps(own))  # first, so that a kill leaves no identity that is refused
    place.write(noted.identity)
    if place.read() != noted.identity:
        raise AggregatorError(f"another process began to use {place.name} at the same time; start this one again")


def _user(store: Store, noted: _Noted, now: datetime) -> str:
    """Return the name of a process that uses that storage, "" if none seems to."""
    working = store.workers.state(now).working(now)
    if working:
        return working[0].name
    return "another process" if now - datetime.fromisoformat(noted.since) < RECENT else ""


def _noted(store: Store) -> _Noted | None:
    text = store.meta.get(NOTE)
    return _Noted(*json.loads(text)) if text else None
