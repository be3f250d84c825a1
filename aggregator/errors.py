"""Exceptions that the program raises on purpose. Pure.

An exception means that the command cannot continue; a failure of one source is a `model.Failure` value.

    AggregatorError            one sentence for the user, exit status 1
    ├── ConfigError            the configuration is invalid: all faults, exit status 2
    ├── UsageError             the command line or a variable is invalid, exit status 2
    ├── StoreError             the database cannot be used
    │   ├── StoreBusyError     it is locked by another process, or has no free connection
    │   ├── StoreDamagedError  it is damaged
    │   └── OutdatedError      a newer version of the program made or migrated it
    └── FilesError             a file under storage/ cannot be written or read
        ├── BucketError        no object of the bucket can
        └── SupersededError    another process wrote it from a later state of the database
"""

from collections.abc import Sequence
from dataclasses import dataclass

DISK_FULL, UNREACHABLE = "disk full", "unreachable"  # values of `cause`


class AggregatorError(Exception):
    """Error with one sentence for the user: the problem, and the remedy.

    Errors with one root, such as a full disk, have the same `cause`.
    """

    status = 1

    def __init__(self, sentence: str = "", *, cause: str = "") -> None:
        self.cause = cause or sentence
        super().__init__(sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault of the configuration; `line` and `column` count from 1, 0 if it has no position in the file."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        if not self.line:
            return f"{self.file}: {self.message}"
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class ConfigError(AggregatorError):
    """The configuration has these faults, each `FILE:LINE:COLUMN: problem, remedy`."""

    status = 2

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class UsageError(AggregatorError):
    """The command line, or a variable that the command needs, is invalid."""

    status = 2


class StoreError(AggregatorError):
    """The database cannot be used; the sentence names it."""


class StoreBusyError(StoreError):
    """The database is locked by another process for longer than the time-out, or has no free connection."""


class StoreDamagedError(StoreError):
    """The database is damaged; the sentence names the remedy."""


class OutdatedError(StoreError):
    """A newer version of the program made or migrated the database."""


class FilesError(AggregatorError):
    """A file under `storage/` cannot be written; the sentence names it. `written` counts those that were beside it."""

    written = 0

    @property
    def stops_all(self) -> bool:
        """Return True if no other file can be written either."""
        return self.cause == DISK_FULL


class BucketError(FilesError):
    """The bucket cannot be used: it does not answer, does not exist, or refuses the credentials."""

    @property
    def stops_all(self) -> bool:
        """Return True."""
        return True


class SupersededError(FilesError):
    """The bytes may be older than those that are there; to be read from the database and written again."""
