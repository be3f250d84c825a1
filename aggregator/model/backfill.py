"""Archives of sources (RFC 5005), which are read once from their newest page to their oldest. Pure."""

from dataclasses import dataclass, field
from datetime import datetime

from msgspec import Struct

from aggregator.model.source import StoredSource


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillStep:
    """The place in a source's archive after one of its documents."""

    url: str | None  # of the next page; None: there is none
    pages: int = 0  # that were read
    seen: bytes = field(default=b"", repr=False)  # digests (8 bytes each, joined) of URLs and of documents' entries
    problem: str = ""  # the reason why the next page is not read, in one sentence; "" at the end of the archive


class DueBackfill(Struct, frozen=True, kw_only=True):
    """Page of a source's archive that is to be read."""

    source_id: int
    url: str


class BackfillProgress(Struct, frozen=True, kw_only=True):
    """Place in a source's archive as it is shown."""

    url: str | None  # of the next page; None: there is none
    pages: int  # that were read
    due: datetime | None  # time at which the next page is asked for; None: never
    failures: int  # of the next page, in a row
    problem: str | None  # reason why the next page waits, or is not read; None without one


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedBackfill:
    """Page of a source's archive that this process is to read."""

    stored: StoredSource
    url: str
    pages: int  # that were read before
    seen: bytes = field(repr=False)
    failures: int  # of this page, in a row
