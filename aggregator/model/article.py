"""Articles: drafts made from entries, and what the store keeps of them. Pure."""

from dataclasses import dataclass
from datetime import datetime

from aggregator.model.details import NO_DETAILS, Details
from aggregator.model.feed import Enclosure, Person, Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A normalised entry, safe to print anywhere."""

    source_id: int
    guid: str | None  # as published
    guid_key: str | None  # the guid if it identifies this entry alone, else None
    link: str  # canonical link as printed
    link_key: str | None  # its form for comparison; None if it is the feed's page or shared by several entries
    title: str  # plain text, one line, never empty
    html: str  # clean, absolute URLs
    markdown: str  # inert; without the closing source links
    summary: str  # plain text
    language: str | None  # primary subtag, lower case
    published: datetime
    updated: datetime  # of the text; >= published
    first_seen: datetime
    position: int  # in the document on first sight, from 0
    authors: tuple[Person, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    image: str | None = None
    external_url: str | None = None  # page that the entry is about (JSON Feed 1.1, "external_url")
    terms: tuple[Term, ...] = ()
    details: Details = NO_DETAILS
    flags: tuple[str, ...] = ()  # oddities: "published unreadable", "published in the future", ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """A source that carried an article, and its own link to it."""

    source: str  # name
    link: str
    feed_title: str = ""
    feed_link: str | None = None  # the source's page
    feed_url: str = ""  # the source's feed, without credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterMember:
    """Another article of the same cluster (near-equal text under another link)."""

    title: str
    link: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredArticle(Draft):
    """An article as stored: the draft, and what the store adds to it."""

    id: str  # 32 hexadecimal digits, never changes
    uid: str  # id in published feeds: the guid if it is a URL, tag: or urn:, else urn:uuid: of `id`
    source: str  # name of its owner
    path: str = ""  # of its file, relative to the articles' folder
    credits: tuple[Credit, ...] = ()  # owner first
    categories: tuple[str, ...] = ()  # union over the credited sources
    tags: tuple[str, ...] = ()
    edited: datetime | None = None  # time of the last change of its text after publication
    also: tuple[ClusterMember, ...] = ()
    translations: tuple[str, ...] = ()  # languages in which it exists, its own first; () if in that one alone


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedArticle:
    """An article in a list of a page, without its text."""

    id: str
    title: str
    summary: str
    language: str | None
    published: datetime
    edited: datetime | None
    words: int
    source: str  # name of its owner
    source_title: str  # as configured, else of its feed, else its name
    image: str | None = None
    opening: str = ""  # of its clean HTML, if it has no `image`: a picture there stands for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A part of a list of articles, newest first."""

    articles: tuple[ListedArticle, ...]
    older: str | None  # id of the last article, before which the list goes on; None at its end


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionHead:
    """An edit of an article, and the title before it."""

    number: int  # of the edit, from 1; never changes
    at: datetime  # time of the edit
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision(RevisionHead):
    """Text of an article before an edit."""

    html: str  # clean
