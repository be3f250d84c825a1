"""Contents of a document of RSS or Atom, before it becomes a Feed. Pure.

`handlers` (feedparser) and `fast` fill the same dictionaries, in feedparser's shape and under its keys; `rss_atom` and
`entries` make a Feed of them.
"""

from dataclasses import dataclass, field
from typing import Any

Values = dict[str, Any]

PODCAST_NAMESPACES = (
    "https://podcastindex.org/namespace/1.0",
    "https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md",
)
TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"  # RFC 6721
MAX_TOMBSTONES = 1000  # of a document; those behind them are not read
MAX_TERMS = 100  # categories of an entry; feedparser's look-up is quadratic in them
BODIES = ("content", "description", "summary", "itunes_summary", "media_description")  # best first


def in_media_group(file: dict[str, str], group: int) -> None:
    """Note in a `media_content` the number of its media:group, if it is in one."""
    file.pop("media_group", None)  # no attribute of this name counts
    if group:
        file["media_group"] = str(group)


@dataclass(slots=True, kw_only=True)
class RawBody:
    """A text that may be the entry's body."""

    element: str  # one of BODIES
    media_type: str  # as declared, or the element's default
    value: str
    base: str


@dataclass(slots=True, kw_only=True)
class RawEntry:
    """An entry: feedparser's dictionary, and what that has no place for or would overwrite.

    Each `media_content` in the dictionary also has the `media_title`, `media_description` and `media_credit` inside it,
    and the number of its `media_group`. Those beside it are in `media_texts`, by the number of the group they stand in.
    """

    values: Values
    base: str  # xml:base in force, or the document's URL
    language: str | None  # the entry's own xml:lang
    guid_is_link: bool
    bodies: list[RawBody] = field(default_factory=list)
    media_texts: dict[int, dict[str, str]] = field(default_factory=dict)

    def add_media_text(self, group: int, element: str, text: str) -> None:
        """Store the first text of an element of Media RSS beside files, in this group of the entry; 0: in none."""
        self.media_texts.setdefault(group, {}).setdefault(element, text)


@dataclass(slots=True, kw_only=True)
class RawFeed:
    """A whole document."""

    version: str = ""
    values: Values = field(default_factory=dict)
    entries: list[RawEntry] = field(default_factory=list)
    skip_hours: list[str] = field(default_factory=list)
    skip_days: list[str] = field(default_factory=list)
    tombstones: list[dict[str, str]] = field(default_factory=list)  # attributes of each `at:deleted-entry`
    left_out: int = 0  # entries beyond the maximum
    truncated_in_line: int | None = None
