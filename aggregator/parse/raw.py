"""What a document of RSS or Atom says, as its readers put it down. Pure.

`handlers` (over feedparser) and `quick` (for listed ones) fill the same dictionaries, in feedparser's shape and
under its keys; `rss_atom` and `entries` make a Feed of them.
"""

from dataclasses import dataclass, field
from typing import Any, Protocol

Values = dict[str, Any]

MAX_TERMS = 100  # categories of an entry; feedparser's look-up is quadratic in them
BODIES = ("content", "description", "summary", "media_description", "itunes_summary")  # best first


@dataclass(slots=True, kw_only=True)
class Body:
    """A text that may be the entry's body, and the element it stood in."""

    element: str  # one of BODIES
    type: str  # media type as declared, or the element's default
    value: str
    base: str


@dataclass(slots=True, kw_only=True)
class Extra:
    """What feedparser's dictionary of an entry has no place for, or would overwrite."""

    base: str  # xml:base in force, or the document's URL
    language: str | None  # the entry's own xml:lang
    guid_is_link: bool
    bodies: list[Body] = field(default_factory=list)


class Said(Protocol):
    """What was put down of a document."""

    version: str
    feeddata: Values
    entries: list[Values]
    extras: list[Extra]  # one for each of `entries`
    skip_hours: list[str]
    skip_days: list[str]
    left_out: int

    @property
    def is_feed(self) -> bool:
        """Whether the document is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was made of a document, and the line in which the document broke off, None for a whole one."""

    said: Said
    cut_at: int | None = None
