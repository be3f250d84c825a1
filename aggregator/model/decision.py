"""Keys and fingerprints of drafts, and the decisions of de-duplication. Pure."""

from datetime import datetime

from msgspec import Struct

from aggregator.model.article import Draft
from aggregator.model.details import NO_DETAILS, Details
from aggregator.model.feed import Enclosure, Person, Term
from aggregator.urls import registrable_name


class Key(Struct, frozen=True, kw_only=True):
    """Key to find an article by. A strong key identifies one article for good; a weak one only finds candidates."""

    rule: str  # one of `dedupe.RULES`: guid, link, entry, title, text
    digest: bytes  # 16 bytes, of rule, scope and value
    strong: bool


class Fingerprint(Struct, frozen=True, kw_only=True):
    """Digests of a text, to tell equal, near-equal and different texts apart."""

    digest: bytes  # 16 bytes: title and text as a reader sees them
    title: bytes  # 8 bytes: the title, case-folded, without punctuation
    signature: bytes  # MinHash; of a short text a digest of its words; b"" for none
    words: int


class Keyed(Struct, frozen=True, kw_only=True):
    """A draft with its keys, strongest first, and the ids it gets if it becomes a new article."""

    id: str  # 32 hexadecimal digits
    uid: str  # as in `StoredArticle`
    draft: Draft
    keys: tuple[Key, ...]
    fingerprint: Fingerprint


class Carrier(Struct, frozen=True, kw_only=True):
    """A source that carries an article, with what its claim to own the article rests on."""

    source_id: int
    ordinal: int  # place in feeds.yaml
    host: str  # registrable name of its configured URL
    site: str  # registrable name of the page that its feed declares, "" if it declares none

    @classmethod
    def of(cls, source_id: int, ordinal: int, url: str, page: str | None) -> "Carrier":
        """Return the carrier with this configured URL, whose feed declares `page`."""
        site = registrable_name(page) if page else ""
        return cls(source_id=source_id, ordinal=ordinal, host=registrable_name(url), site=site)


class KnownArticle(Struct, frozen=True, kw_only=True):
    """A stored article that shares a key with a draft."""

    id: str
    source_id: int
    credited: frozenset[int]  # ids of all sources that carried it
    carriers: tuple[Carrier, ...] = ()  # these sources; () if none but the asking one carried it
    guid: str | None
    link: str
    link_key: str | None
    title: str
    published: datetime
    fingerprint: Fingerprint
    cluster: str  # id of the first article of its cluster; its own if it has none
    keys: frozenset[bytes]  # digests of those of the keys asked for that it has
    authors: tuple[Person, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    image: str | None = None
    external_url: str | None = None
    terms: tuple[Term, ...] = ()
    details: Details = NO_DETAILS
    updated: datetime | None = None  # None: not stored yet
    pruned: bool = False  # its text is gone, it never comes back
    withdrawn: bool = False  # its text is gone because its source deleted it: it comes back with a newer entry
    is_published: bool = True  # False until its first publication: other sources' entries are joined with it then
    html: str = ""  # clean; only of an article of another source that has the link of a draft
    position: int = 0  # in the document on first sight


class Departure(Struct, frozen=True, kw_only=True):
    """A source that carries the article `id` no more; `next_owner` is the source that owns it from now on."""

    id: str
    next_owner: int


class New(Struct, frozen=True, kw_only=True):
    """An entry without a stored article; `leaves` is the shared article that it belonged to, if any."""

    keyed: Keyed
    reason: str
    leaves: Departure | None = None


class Updated(Struct, frozen=True, kw_only=True):
    """An entry whose source changed the article `id`, or owns it from now on."""

    id: str
    keyed: Keyed
    text_changed: bool  # readers see another text
    is_edit: bool = True  # by its source: a revision is kept and `updated` moves; else a new version reads it otherwise
    takes_over: bool = False  # the article was another source's
    reason: str


class Duplicate(Struct, frozen=True, kw_only=True):
    """An entry met for the first time whose article `id` exists: adds keys, and a credit if the source is another."""

    id: str
    keyed: Keyed
    reason: str


class Unchanged(Struct, frozen=True, kw_only=True):
    """An entry of the article `id` with nothing new for readers; it may add keys (a rewritten guid)."""

    id: str
    keyed: Keyed
    reason: str


class Withdrawal(Struct, frozen=True, kw_only=True):
    """A source withdraws the article `id` with a tombstone; `next_owner` owns it from now on, if another carries it."""

    id: str
    when: datetime
    next_owner: int | None


Decision = New | Updated | Duplicate | Unchanged


class RecordCounts(Struct, frozen=True, kw_only=True):
    """Counts of one recording."""

    new: int = 0
    updated: int = 0
    duplicates: int = 0
    rows: int = 0  # articles, revisions, keys and credits inserted or changed, without the source's own state
