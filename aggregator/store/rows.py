"""Rows of `source` as values of `model`, and values as columns; parameters that are lists."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import BindParameter, RowMapping, bindparam

from aggregator.model import Source, SourceState, StoredSource, Validators
from aggregator.store.columns import EPOCH

T = TypeVar("T")
Columns = dict[str, Any]

MAX_PARAMETERS = 10_000  # of one statement; SQLite takes 32,766 at least, PostgreSQL 65,535

_STATE = (
    "moved_to",
    "digest",
    "truncated_digest",
    "seen",
    "reading",
    "last_fetch",
    "last_success",
    "due_reason",
    "http_status",
    "failures",
    "error",
    "paused",
    "entries",
    "unmodified_since",
    "requested_interval",
    "skip_hours",
    "skip_days",
    "feed_info",
    "waiting",
    "lost",
)


def stored_source(row: RowMapping) -> StoredSource:
    """Return the source of a row, with its state."""
    return StoredSource(
        source=Source(id=row["id"], ordinal=row["ordinal"], settings=row["settings"]), state=state_from(row)
    )


def state_columns(state: SourceState) -> Columns:
    """Return a source's state as columns of its row, without `pushed_until`, which `HubStore` writes."""
    return {name: getattr(state, name) for name in _STATE} | {
        "etag": state.validators.etag,
        "last_modified": state.validators.last_modified,
        "next_fetch": state.next_fetch or EPOCH,
    }


def state_from(row: RowMapping) -> SourceState:
    """Return the state in a source's row."""
    return SourceState(
        validators=Validators(etag=row["etag"], last_modified=row["last_modified"]),
        next_fetch=None if row["next_fetch"] == EPOCH else row["next_fetch"],
        pushed_until=row["pushed_until"],
        **{name: row[name] for name in _STATE},
    )


def listed(name: str) -> BindParameter[Any]:
    """Return a parameter that takes a list, for `IN`; the statement is compiled once for all lengths."""
    return bindparam(name, expanding=True)


def slices(values: Iterable[T]) -> Iterator[tuple[T, ...]]:
    """Yield the values in parts that fit into one statement each."""
    iterator = iter(values)
    while part := tuple(islice(iterator, MAX_PARAMETERS)):
        yield part
