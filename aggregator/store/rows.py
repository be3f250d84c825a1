"""Rows become values of `model` here, and values rows. Nothing else of the package knows both."""

from collections.abc import Iterable, Iterator
from itertools import islice
from operator import attrgetter
from typing import Any, TypeVar

from sqlalchemy import BindParameter, RowMapping, bindparam

from aggregator.model import Draft, Fingerprint, Keyed, Source, SourceState, StoredArticle, StoredSource, Validators
from aggregator.store.columns import EPOCH

T = TypeVar("T")
Columns = dict[str, Any]

MOST_PARAMETERS = 10_000  # of one statement; SQLite takes 32,766 at least, PostgreSQL 65,535

_STATE = (
    "moved_to",
    "digest",
    "truncated_digest",
    "seen",
    "last_fetch",
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
)
ENTRY = ("link", "link_key", "language", "authors", "enclosures", "image", "terms", "flags")
TEXT = ("title", "html", "markdown", "summary")
_FIRST_SIGHT = ("source_id", "guid", "guid_key", "published", "updated", "first_seen", "position")
FINGERPRINT = ("text_digest", "title_digest", "signature", "words")
_ARTICLE = (*_FIRST_SIGHT, *ENTRY, *TEXT)


def stored_source(row: RowMapping) -> StoredSource:
    """Return the source of a row, with its state."""
    return StoredSource(source=Source(id=row["id"], settings=row["settings"]), state=state_from(row))


def state_columns(state: SourceState) -> Columns:
    """A source's state as columns of its row, but for `pushed_until`, which its subscription decides."""
    return {name: getattr(state, name) for name in _STATE} | {
        "etag": state.validators.etag,
        "last_modified": state.validators.last_modified,
        "next_fetch": state.next_fetch or EPOCH,
    }


def state_from(row: RowMapping) -> SourceState:
    """The state that a source's row holds."""
    return SourceState(
        validators=Validators(etag=row["etag"], last_modified=row["last_modified"]),
        next_fetch=None if row["next_fetch"] == EPOCH else row["next_fetch"],
        pushed_until=row["pushed_until"],
        **{name: row[name] for name in _STATE},
    )


AT_FIRST_SIGHT = ("id", *(name for name in _ARTICLE if name != "source_id"), *FINGERPRINT)
_at_first_sight = attrgetter(*(name for name in _ARTICLE if name != "source_id"))
_fingerprint = attrgetter("digest", "title", "signature", "words")


def values_at_first_sight(keyed: Keyed) -> tuple[Any, ...]:
    """An article's `AT_FIRST_SIGHT`; what the store gives it is not in it: source, uid, path, story and marks."""
    return (keyed.id, *_at_first_sight(keyed.draft), *_fingerprint(keyed.fingerprint))


def text_columns(keyed: Keyed) -> Columns:
    """What an edit of its text changes."""
    return {name: getattr(keyed.draft, name) for name in TEXT} | _fingerprint_columns(keyed.fingerprint)


def entry_columns(keyed: Keyed) -> Columns:
    """What its source may change without touching the text."""
    return {name: getattr(keyed.draft, name) for name in ENTRY}


def fingerprint_from(row: RowMapping) -> Fingerprint:
    """The fingerprint that an article's row holds."""
    return Fingerprint(
        digest=row["text_digest"], title=row["title_digest"], signature=row["signature"], words=row["words"]
    )


def draft_from(row: RowMapping) -> Draft:
    """Return the draft that an article's row was made from."""
    return Draft(**{name: row[name] for name in _ARTICLE})


def article_from(row: RowMapping, **derived: Any) -> StoredArticle:
    """Return the article of a row; `derived` comes from other rows: source, credits, categories, tags, also."""
    columns = {name: row[name] for name in ("id", "uid", "path", "edited", *_ARTICLE)}
    return StoredArticle(**columns, **derived)


def _fingerprint_columns(fingerprint: Fingerprint) -> Columns:
    return {
        "text_digest": fingerprint.digest,
        "title_digest": fingerprint.title,
        "signature": fingerprint.signature,
        "words": fingerprint.words,
    }


def listed(name: str) -> BindParameter[Any]:
    """A parameter that takes a list, for `IN`; SQLAlchemy keeps the compiled statement whatever its length."""
    return bindparam(name, expanding=True)


def slices(values: Iterable[T]) -> Iterator[tuple[T, ...]]:
    """The values in as many parts as one statement each can take."""
    left = iter(values)
    while part := tuple(islice(left, MOST_PARAMETERS)):
        yield part
