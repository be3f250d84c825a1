"""Rows of `article` and `article_text` as values of `model`, and values as columns."""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from sqlalchemy import RowMapping

from aggregator.model import Draft, Fingerprint, Keyed, StoredArticle
from aggregator.store.rows import Columns

OWNER = ("source_id", "guid", "guid_key")
ENTRY = ("link", "link_key", "language", "authors", "enclosures", "image", "external_url", "details", "flags")
BODY = ("html", "markdown", "summary")  # in `article_text`
TEXT = ("title", *BODY)
FINGERPRINT = ("text_digest", "title_digest", "signature", "words")
_FIXED = ("guid", "guid_key", "published", "updated", "first_seen", "position")  # set at first sight
_DRAFT = (*_FIXED, *ENTRY, *TEXT)

FROM_KEYED = ("id", *_FIXED, *ENTRY, "title", *FINGERPRINT)
_draft_values = attrgetter(*_FIXED, *ENTRY, "title")
body_values = attrgetter(*BODY)
_fingerprint_values = attrgetter("digest", "title", "signature", "words")


def values_from_keyed(keyed: Keyed) -> tuple[Any, ...]:
    """Return the values of the columns `FROM_KEYED` of a new article."""
    return (keyed.id, *_draft_values(keyed.draft), *_fingerprint_values(keyed.fingerprint))


def entry_columns(keyed: Keyed) -> Columns:
    """Return the columns that may change without the text."""
    return {name: getattr(keyed.draft, name) for name in ENTRY}


def owner_columns(keyed: Keyed) -> Columns:
    """Return the columns that change with the owner."""
    return {name: getattr(keyed.draft, name) for name in OWNER}


def text_columns(keyed: Keyed) -> Columns:
    """Return the columns that change with the text."""
    fingerprint = zip(FINGERPRINT, _fingerprint_values(keyed.fingerprint), strict=True)
    return {name: getattr(keyed.draft, name) for name in TEXT} | dict(fingerprint)


def fingerprint_from(row: RowMapping) -> Fingerprint:
    """Return the fingerprint in an article's row."""
    return Fingerprint(
        digest=row["text_digest"], title=row["title_digest"], signature=row["signature"], words=row["words"]
    )


def draft_from(row: Mapping[Any, Any]) -> Draft:
    """Return the draft that an article's row was made from, without the terms."""
    return Draft(source_id=row["source_id"], **{name: row[name] for name in _DRAFT})


def article_from(row: Mapping[Any, Any], **derived: Any) -> StoredArticle:
    """Return the article in a row; `derived` are the fields that come from other tables."""
    columns = {name: row[name] for name in ("id", "uid", "source_id", "path", "edited", *_DRAFT)}
    return StoredArticle(**columns, **derived)
