"""Every type that crosses a border, in the order of the flow: read this file first. Pure.

    Source, SourceState ─fetch→ FeedDocument ─parse→ Feed of Entry ─normalise→ Article ─dedupe→ Decision ─store→ …
    … ─publish→ Article, CategoryFeed ─render→ File

All are frozen values: sequences are tuples, times are `datetime` in UTC with whole seconds, spans are `timedelta`,
sizes are bytes. "Digest" is always `blake2b`. HTML is text as published until `normalise` made it clean.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

# ---------------------------------------------------------------------------------------------------- what we read


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What we read: one entry of `sources` in `feeds.yaml`, its defaults filled in."""

    id: int = 0  # given by the store when it first sees the source; 0 before that
    name: str
    url: str  # as written by the user
    categories: tuple[str, ...]  # names as written by the user; at least one
    tags: tuple[str, ...] = ()
    language: str | None = None
    interval: timedelta = timedelta(minutes=30)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # may hold secrets
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a conditional GET sends back (RFC 9110, 8.8): opaque, byte for byte as they came."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFacts:
    """What a source's last parsed document said of itself, for crediting it."""

    title: str = ""  # plain text
    link: str | None = None  # its page
    language: str | None = None  # as written, e.g. en-US
    self_link: str | None = None
    hub: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """What we remember of a source between two fetches; all of it lives in the source's row."""

    moved_to: str | None = None  # where 301 or 308 sent us, once its document had parsed
    validators: Validators = Validators()
    digest: bytes = b""  # of the last body that parsed, after decompression
    seen: bytes = b""  # digests (8 bytes each, joined) of that document's entries
    last_fetch: datetime | None = None
    next_fetch: datetime | None = None  # None: now, or never while `paused`
    due_reason: str = ""  # who asked for `next_fetch`: interval, max-age, ttl, retry-after, back-off, ...
    http_status: int | None = None
    failures: int = 0  # in a row
    error: str | None = None  # the last failure's sentence, None after a success
    paused: str | None = None  # why it is not polled at all (410 Gone)
    entries: int = 0  # in the last parsed document
    unmodified_since: datetime | None = None  # start of the present run of nothing but 304
    wish: timedelta = timedelta(0)  # what the last document itself asked for (ttl, sy:updatePeriod)
    skip_hours: tuple[int, ...] = ()  # GMT, 0 to 23
    skip_days: tuple[int, ...] = ()  # Monday is 0
    facts: FeedFacts = FeedFacts()
    pushed_until: datetime | None = None  # the hub's lease on our subscription; only read, the store keeps it
    hub_error: str | None = None  # why its hub does not push though it was asked to; only read, and by overviews alone


@dataclass(frozen=True, slots=True, kw_only=True)
class HostState:
    """What we remember of a host (`urls.host_key`), for all sources on it."""

    not_before: datetime | None = None  # Retry-After of a 429
    refusals: int = 0  # 429s in a row that named no time; doubles the wait
    forbidden: int = 0  # 403s in a row


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A source that is due, taken by this process for the time of its lease."""

    source: Source
    state: SourceState


# ---------------------------------------------------------------------------------------------------- what was fetched


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How long the answer's headers call it fresh (RFC 9111, 4.2). `fresh_for` None: they do not say."""

    fresh_for: timedelta | None = None
    said_by: str = ""  # max-age or expires


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDocument:
    """A 200 answer: bytes that may be a feed."""

    url: str  # asked for
    final_url: str  # after redirects; the base of relative links
    permanent_url: str | None = None  # where 301/308 alone led, None where nothing moved for good
    body: bytes = field(repr=False)  # decompressed
    digest: bytes
    content_type: str | None = None
    validators: Validators = Validators()
    freshness: Freshness = Freshness()
    links: tuple["Link", ...] = ()  # of the Link header (RFC 8288)
    status: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """Nothing new: a 304, or a 200 whose bytes have last time's digest. Validators already merged with last time's."""

    url: str
    status: int  # 304 or 200
    validators: Validators
    freshness: Freshness = Freshness()
    permanent_url: str | None = None
    host: str | None = None  # the host that answered, where a redirect led to another


Stage = Literal["fetch", "parse", "publish"]  # the store raises, and no other stage can fail


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What went wrong with one source, as a value: it stops nothing else."""

    stage: Stage
    subject: str  # the URL, without credentials
    reason: str  # one sentence without the subject, e.g. "the server answered 404 Not Found"
    advice: str = ""  # what the operator can do; "" where there is nothing
    status: int | None = None  # HTTP, where there was an answer
    retry_after: timedelta | None = None  # readable Retry-After, not yet clamped
    host: str | None = None  # the host that answered, where a redirect led to another
    detour: bool = False  # met behind a temporary redirect: it says nothing of the source's own URL

    @property
    def sentence(self) -> str:
        """Reason and advice, where the subject is told already."""
        return f"{self.reason}; {self.advice}" if self.advice else self.reason

    def __str__(self) -> str:
        return f"{self.subject}: {self.sentence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Ours, to the hub that a source names (WebSub, 5): what the callback has to know of it."""

    source_id: int
    source: str  # name
    token: str  # the last part of the callback's path; only the hub knows it
    secret: str = field(repr=False)  # key of the hub's signatures
    hub: str
    topic: str
    failures: int = 0  # requests in a row that came to nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """What a hub sent to a callback, its signature found to be right."""

    token: str
    body: bytes = field(repr=False)
    content_type: str | None = None
    link: str = ""  # its Link header


# ---------------------------------------------------------------------------------------------------- what was parsed


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link with its relation (RFC 4287, 4.2.7; RFC 8288); `href` absolute."""

    rel: str
    href: str
    type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text construct: `value` as XML's own decoding left it, and what it is written in.

    `kind` "plain" is Atom's text and JSON Feed's strings; "html" is Atom's html and xhtml (serialised) and
    JSON Feed's content_html; "rss" is RSS, whose specification never said.
    """

    value: str
    kind: Literal["plain", "html", "rss"]
    base: str | None = None  # absolute: xml:base in force at the element


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An author (RFC 4287, 3.2); at least one field is there."""

    name: str | None = None
    email: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A media file that belongs to an entry; `length` in bytes."""

    url: str
    type: str | None = None
    length: int | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A category as the source gave it (Atom's term, scheme, label)."""

    term: str
    scheme: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry as published: nothing cleaned, nothing guessed."""

    digest: bytes  # 8 bytes, of everything below that readers would see; dates only where nothing else names the entry
    guid: str | None = None  # raw, never joined to a base
    guid_is_link: bool = False  # RSS isPermaLink not "false"; Atom and JSON ids: never
    links: tuple[Link, ...] = ()  # absolute where a base was known; the alternate first
    original_link: str | None = None  # feedburner:origLink
    title: Text | None = None
    contents: tuple[Text, ...] = ()  # content, content:encoded, description, summary, media:description; non-empty ones
    published: str | None = None  # raw
    updated: str | None = None  # raw
    language: str | None = None
    authors: tuple[Person, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    image: str | None = None
    terms: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What a document says. `problem` is set where it was cut off or malformed and only part of it could be kept."""

    format: str  # rss20, atom10, rss10, json11, ...
    url: str  # the document's final URL
    title: Text | None = None
    link: str | None = None  # its page, absolute
    language: str | None = None
    links: tuple[Link, ...] = ()  # self, hub, next, ...
    authors: tuple[Person, ...] = ()
    image: str | None = None
    ttl: timedelta | None = None
    update_period: timedelta | None = None  # sy:updatePeriod / sy:updateFrequency
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    entries: tuple[Entry, ...] = ()  # in the document's order
    left_out: int = 0  # entries beyond the limit
    problem: Failure | None = None


# ---------------------------------------------------------------------------------------------------- what is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """A source that carried an article, and its own link to it."""

    source: str  # name
    link: str
    feed_title: str = ""
    feed_link: str | None = None  # the source's page
    feed_url: str = ""  # the source's feed, without credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class Also:
    """Another article that tells the same story."""

    title: str
    link: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """What we keep and publish: normalised, safe to print anywhere.

    `normalise` fills everything down to `tags`; what follows is the store's and keeps its defaults until then.
    """

    id: str  # 32 hexadecimal digits, ours, for good
    uid: str  # the id in feeds that go out: the guid where it is a URL, tag: or urn:, else urn:uuid: of ours
    source_id: int
    source: str  # name of the source that carried it first
    guid: str | None  # as published
    guid_key: str | None  # the guid where it names this entry alone, else None
    link: str  # canonical link as printed
    link_key: str | None  # its form for comparing; None where it is the feed's page, or shared by several entries
    title: str  # plain text, one line, never empty
    html: str  # clean, absolute URLs
    markdown: str  # inert; without the closing source links
    summary: str  # plain text
    language: str | None  # primary subtag, lower case
    published: datetime
    updated: datetime  # of the text; >= published
    first_seen: datetime
    position: int  # in the document at first sight, from 0
    authors: tuple[Person, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    image: str | None = None
    terms: tuple[Term, ...] = ()
    flags: tuple[str, ...] = ()  # what was odd: "published unreadable", "published in the future", ...
    text: str = field(default="", repr=False)  # plain text of the body; "" on an article read back from the store
    credits: tuple[Credit, ...] = ()  # first source first
    categories: tuple[str, ...] = ()  # union over the credited sources
    tags: tuple[str, ...] = ()
    edited: datetime | None = None  # when its text changed after we published it
    path: str = ""  # of its file, relative to the articles' folder
    also: tuple[Also, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What an article said before its source edited it."""

    at: datetime  # when it was replaced
    title: str
    html: str  # clean


# ---------------------------------------------------------------------------------------------------- what is decided


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One name of an article. A strong key names one article for good; a weak one only finds candidates."""

    rule: str  # one of `dedupe.RULES`: guid, link, entry, title, text
    digest: bytes  # 16 bytes, of rule, scope and value
    strong: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What is needed to tell whether two texts are the same, nearly the same, or not."""

    digest: bytes  # 16 bytes: title and text as a reader sees them
    title: bytes  # 8 bytes: the title, folded
    signature: bytes  # MinHash; of a short text a digest of its words; b"" for none
    words: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """An article with all its names, strongest first."""

    article: Article
    keys: tuple[Key, ...]
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the store knows of an article that shares a key."""

    id: str
    source_id: int
    credited: frozenset[int]  # ids of all sources that carried it
    guid: str | None
    link: str
    link_key: str | None
    title: str
    published: datetime
    fingerprint: Fingerprint
    story: str  # id of the article that leads its story; its own where it stands alone
    keys: frozenset[bytes]  # digests, of the keys asked for, that name it
    authors: tuple[Person, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    image: str | None = None
    terms: tuple[Term, ...] = ()
    pruned: bool = False  # its text is gone, it never comes back


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """A story not seen before. `story` is the leading article's id where a near-equal one stands already."""

    keyed: Keyed
    story: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """An article of ours whose source changed it; `keyed.article.id` may differ from `id`, which stays."""

    id: str
    keyed: Keyed
    text_changed: bool  # readers see another text: a revision is kept and `updated` moves
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """An entry met for the first time whose article exists: it gains keys, and a credit where the source is another."""

    id: str
    keyed: Keyed
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """An entry that was seen before and says nothing new to readers; it may bring new keys (a rewritten guid)."""

    id: str
    keyed: Keyed
    reason: str


Decision = New | Updated | Duplicate | Unchanged


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What one transaction wrote."""

    new: int = 0
    updated: int = 0
    duplicates: int = 0
    rows: int = 0  # articles, revisions, keys and credits inserted or changed (the source's own state not counted)


# ---------------------------------------------------------------------------------------------------- what goes out


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryFeed:
    """What is published for one category (or "all"): articles newest first."""

    name: str  # file name: lower case, words joined by "-"
    label: str  # as the user wrote it
    updated: datetime  # of its newest article; of an empty one, the day it was first seen
    articles: tuple[Article, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A note "to publish" that goes once the file is on disk, unless it was renewed meanwhile."""

    kind: Literal["article", "category"]
    id: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A feed's file of which a hub is to be told that it changed."""

    path: str  # relative to the feeds' folder
    digest: bytes  # of the bytes to tell of
    failures: int = 0  # in a row


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file to be: path relative to its root, and all its bytes."""

    path: str
    data: bytes = field(repr=False)
