"""Every exception that the program raises on purpose. Pure.

An exception means that the command cannot go on; what goes wrong with one source is a `model.Failure` value.

    AggregatorError            one sentence for the user, exit status 1
    ├── ConfigError            the configuration is bad: every fault, exit status 2
    ├── UsageError             the command's words are bad, exit status 2
    ├── StoreError             the database cannot be used
    │   ├── StoreBusyError    ... now: somebody else holds it
    │   └── StoreDamagedError ... nor ever: what is in it cannot be read
    └── FilesError             a file under storage/ cannot be written or read
"""

from collections.abc import Sequence
from dataclasses import dataclass

DISK_FULL = "disk full"  # a cause


class AggregatorError(Exception):
    """One clear sentence for the user: what is wrong with which thing, and what to do.

    `cause` is alike for errors that go away together, such as all that a full disk brings about.
    """

    status = 1

    def __init__(self, sentence: str = "", *, cause: str = "") -> None:
        self.cause = cause or sentence
        super().__init__(sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault of the configuration; `line` and `column` count from 1, 0 where the fault has no place in a file."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        if not self.line:
            return f"{self.file}: {self.message}"
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class ConfigError(AggregatorError):
    """The configuration has these faults, each `FILE:LINE:COLUMN: what is wrong, what to write`."""

    status = 2

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class UsageError(AggregatorError):
    """The command was called with words it cannot take."""

    status = 2


class StoreError(AggregatorError):
    """The database cannot be used; the sentence names it."""


class StoreBusyError(StoreError):
    """Another process holds the database for longer than we wait."""


class StoreDamagedError(StoreError):
    """What is in the database cannot be read; the sentence says what to do."""


class FilesError(AggregatorError):
    """A file under `storage/` cannot be written; the sentence names it."""
