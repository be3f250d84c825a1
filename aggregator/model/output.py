"""Published feeds and files, and the outbox marks that ask for them. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from msgspec import Struct

from aggregator.model.article import StoredArticle
from aggregator.model.details import Podcast


class ArchiveLinks(Struct, frozen=True, kw_only=True):
    """Names of the documents around a feed or a page of its archive (RFC 5005, 4), without a format's suffix."""

    current: str | None = None  # None in the feed itself: only archive pages have it
    previous: str | None = None  # of the older page
    next: str | None = None  # of the newer page


class CategoryFeed(Struct, frozen=True, kw_only=True):
    """Published feed of one category (or "all"): its articles, newest first."""

    name: str  # file name: lower case, words joined by "-"
    label: str  # as written by the user
    updated: datetime  # of its newest article; of an empty one, the day the category was first seen
    articles: tuple[StoredArticle, ...]
    podcast: Podcast | None = None  # its tags, if all its sources are podcasts
    retractions: tuple["Retraction", ...] = ()  # latest first
    links: ArchiveLinks | None = None  # None if it has no archive


class Retraction(Struct, frozen=True, kw_only=True):
    """Tombstone of ours: an article that this feed showed and its source withdrew (RFC 6721)."""

    article_id: str
    uid: str
    when: datetime  # as its source says


class ArchivePage(Struct, frozen=True, kw_only=True):
    """A page of a category's archive: a number of articles that joined it one after the other (RFC 5005)."""

    category: str  # file name
    label: str  # of the category when the page was closed
    number: int  # from 1, the oldest
    is_closed: bool  # no article joins it any more
    articles: tuple[StoredArticle, ...]  # in the order in which they joined
    pending: int = 0  # its mark


class Mark(Struct, frozen=True, kw_only=True):
    """Outbox mark: a file to write. It is removed once the file is on disk, unless it was renewed meanwhile."""

    kind: Literal["article", "category"]
    id: str
    version: int


class Topic(Struct, frozen=True, kw_only=True):
    """Published feed of which a hub is to be notified (WebSub, section 6)."""

    path: str  # relative to the feeds' folder
    digest: bytes  # of the current bytes
    failures: int = 0  # in a row


class ObjectState(Struct, frozen=True, kw_only=True):
    """An object of the bucket as the database knows it."""

    path: str  # in the bucket, below the prefix of the storage
    digest: bytes | None  # of its bytes; None if they are not known
    etag: str | None  # None if there is no such object
    version: int  # number that the process which wrote it drew before it read the database
    modified: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFile:
    """A file to write: path relative to its root, and all its bytes."""

    path: str
    data: bytes = field(repr=False)
