"""Feeds and entries as published: nothing cleaned, nothing guessed. Pure."""

from datetime import timedelta
from typing import Literal

from msgspec import Struct

from aggregator.model.details import NO_DETAILS, Details, Podcast
from aggregator.model.document import Failure, Link


class TextConstruct(Struct, frozen=True, kw_only=True):
    """A text with its markup language (RFC 4287, 3.1); `value` is the text after XML decoding.

    `kind` is "plain" for Atom's text and JSON Feed's strings; "html" for Atom's html and xhtml (serialised) and JSON
    Feed's content_html; "rss" for RSS, whose specification leaves it open.
    """

    value: str
    kind: Literal["plain", "html", "rss"]
    base: str | None = None  # absolute: xml:base in force at the element


class Person(Struct, frozen=True, kw_only=True):
    """An author (RFC 4287, 3.2); at least one field is set."""

    name: str | None = None
    email: str | None = None
    url: str | None = None


class Rendition(Struct, frozen=True, kw_only=True):
    """A picture in one of several sizes or forms (Media RSS, media:group)."""

    url: str
    type: str | None = None
    width: int | None = None  # pixels
    height: int | None = None
    length: int | None = None  # bytes


class Enclosure(Struct, frozen=True, kw_only=True):
    """A media file of an entry: sound, video, an image, or any other attachment."""

    url: str
    type: str | None = None
    length: int | None = None  # bytes
    title: str | None = None  # of an image its alternative text
    duration: int | None = None  # seconds
    credit: str | None = None  # person or agency that made it
    renditions: tuple[Rendition, ...] = ()  # of an image: this one among them, the best first; () if there is no other

    @property
    def is_image(self) -> bool:
        """True if its media type is that of an image."""
        return (self.type or "").startswith("image/")


class Term(Struct, frozen=True, kw_only=True):
    """A category of an entry as its source gives it (RFC 4287, 4.2.2)."""

    term: str
    scheme: str | None = None
    label: str | None = None


class Entry(Struct, frozen=True, kw_only=True):
    """An entry as published."""

    digest: bytes  # 8 bytes, of all fields below that readers see; of dates only if nothing else identifies the entry
    guid: str | None = None  # raw, never joined to a base
    guid_is_link: bool = False  # RSS isPermaLink not "false"; never for Atom and JSON Feed ids
    links: tuple[Link, ...] = ()  # absolute if a base was known; the alternate first
    original_link: str | None = None  # feedburner:origLink
    title: TextConstruct | None = None
    contents: tuple[TextConstruct, ...] = ()  # of content, description, media:description, ..., the best first
    published: str | None = None  # raw
    updated: str | None = None  # raw
    language: str | None = None
    authors: tuple[Person, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    image: str | None = None
    terms: tuple[Term, ...] = ()
    details: Details = NO_DETAILS


class Tombstone(Struct, frozen=True, kw_only=True):
    """A source's statement that it deleted an entry (RFC 6721), as published."""

    ref: str  # guid of the entry
    when: str


class Feed(Struct, frozen=True, kw_only=True):
    """A parsed document. `problem` is set if it was truncated or malformed and only a part could be used."""

    format: str  # rss20, atom10, rss10, json11, ...
    url: str  # the document's final URL
    title: TextConstruct | None = None
    link: str | None = None  # its page, absolute
    language: str | None = None
    links: tuple[Link, ...] = ()  # self, hub, next, ...
    authors: tuple[Person, ...] = ()
    ttl: timedelta | None = None
    update_period: timedelta | None = None  # sy:updatePeriod / sy:updateFrequency
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    podcast: Podcast | None = None
    entries: tuple[Entry, ...] = ()  # in the document's order
    left_out: int = 0  # entries beyond the limit
    tombstones: tuple[Tombstone, ...] = ()
    problem: Failure | None = None
