"""Articles: drafts made from entries, and what the store keeps of them. Pure."""

from datetime import datetime

from msgspec import Struct

from aggregator.model.details import NO_DETAILS, Details
from aggregator.model.feed import Enclosure, Person, Term


class Draft(Struct, frozen=True, kw_only=True):
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


class Credit(Struct, frozen=True, kw_only=True):
    """A source that carried an article, and its own link to it."""

    source: str  # name
    link: str
    feed_title: str = ""
    feed_link: str | None = None  # the source's page
    feed_url: str = ""  # the source's feed, without credentials


class ClusterMember(Struct, frozen=True, kw_only=True):
    """Another article of the same cluster (near-equal text under another link)."""

    title: str
    link: str
    source: str


class StoredArticle(Draft, frozen=True, kw_only=True):
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


class ListedArticle(Struct, frozen=True, kw_only=True):
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


class Listing(Struct, frozen=True, kw_only=True):
    """A part of a list of articles, newest first."""

    articles: tuple[ListedArticle, ...]
    older: str | None  # id of the last article, before which the list goes on; None at its end


class RevisionHead(Struct, frozen=True, kw_only=True):
    """An edit of an article, and the title before it."""

    number: int  # of the edit, from 1; never changes
    at: datetime  # time of the edit
    title: str


class Revision(RevisionHead, frozen=True, kw_only=True):
    """Text of an article before an edit."""

    html: str  # clean
