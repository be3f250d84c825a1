"""Sources and their state between two polls. Pure."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from aggregator.model.details import Podcast

if TYPE_CHECKING:  # a sandboxed process does without pydantic, which takes 13 MB
    from aggregator.settings import SourceSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source: its settings, with the defaults filled in by `config.load`, and its id.

    The properties give those settings that much of the package reads, and that are never missing here.
    """

    id: int = 0  # assigned by the store on first sight; 0 before that
    ordinal: int = field(default=0, compare=False)  # place in feeds.yaml, as stored
    settings: "SourceSettings"

    @property
    def name(self) -> str:
        """Name in links, files and commands."""
        return self.settings.name or ""

    @property
    def url(self) -> str:
        """URL of its feed, as written by the user; may hold a password."""
        return self.settings.url

    @property
    def categories(self) -> tuple[str, ...]:
        """Labels of its categories as written by the user; at least one."""
        return self.settings.categories or ()

    @property
    def tags(self) -> tuple[str, ...]:
        """Tags of its articles."""
        return self.settings.tags or ()

    @property
    def interval(self) -> timedelta:
        """Time between two polls, as configured."""
        assert self.settings.interval is not None
        return self.settings.interval


class SourceContext(Struct, frozen=True, kw_only=True):
    """The part of a source that reading a document depends on, without secrets."""

    id: int
    url: str  # without credentials
    language: str | None = None  # as configured
    remove: tuple[str, ...] = ()  # CSS selectors of parts of the text to leave out


class Validators(Struct, frozen=True, kw_only=True):
    """Validators of a conditional GET (RFC 9110, 8.8): opaque, sent back byte for byte."""

    etag: str | None = None
    last_modified: str | None = None


class FeedInfo(Struct, frozen=True, kw_only=True):
    """Title, page and links of a source's last parsed document, used to credit it, and its tags if it is a podcast."""

    title: str = ""  # plain text
    link: str | None = None  # its page
    language: str | None = None  # as written, e.g. en-US
    self_link: str | None = None
    hub: str | None = None
    podcast: Podcast | None = None


READING = 2  # number of the rules by which entries become articles; another one where texts come out differently


class SourceState(Struct, frozen=True, kw_only=True):
    """State of a source between two fetches; all of it is stored in the source's row."""

    moved_to: str | None = None  # target of a 301 or 308, once its document has parsed
    validators: Validators = Validators()
    digest: bytes = b""  # of the last body that parsed whole, after decompression
    truncated_digest: bytes | None = None  # of the last body if it was truncated; `error` says so then
    seen: bytes = b""  # digests (8 bytes each, joined) of that document's entries
    reading: int | None = None  # READING of the program that read that document
    last_fetch: datetime | None = None
    last_success: datetime | None = None  # last fetch without a failure
    next_fetch: datetime | None = None  # None: now, or never while `paused`
    due_reason: str = ""  # origin of `next_fetch`: interval, max-age, ttl, retry-after, back-off, outage, ...
    http_status: int | None = None
    failures: int = 0  # in a row
    error: str | None = None  # sentence of the last failure, None after a success
    paused: str | None = None  # reason for not polling at all (410 Gone)
    entries: int = 0  # in the last parsed document
    unmodified_since: datetime | None = None  # start of the current run of 304 answers
    requested_interval: timedelta = timedelta(0)  # asked for by the last document (ttl, sy:updatePeriod)
    skip_hours: tuple[int, ...] = ()  # GMT, 0 to 23
    skip_days: tuple[int, ...] = ()  # Monday is 0
    feed_info: FeedInfo = FeedInfo()
    waiting: bytes | None = None  # names (`dedupe.entry_name`, joined) of entries that wait because of `max_new`
    lost: int = 0  # entries that left the document while they waited
    pushed_until: datetime | None = None  # end of the hub's lease on our subscription; written by the hub store only
    # Only read, and only by overviews:
    hub_error: str | None = None  # reason for the hub not pushing
    last_new: datetime | None = None  # when its last new article was recorded
    new_per_day: float | None = None  # articles that it published on a day, mean of the last four weeks
    waiting_entries: int = 0  # number of those in `waiting`
    waiting_pages: int = 0  # of its articles, that are still to be read for their full text
    waiting_translations: int = 0  # of its articles, that are still to be made

    @property
    def is_read_otherwise(self) -> bool:
        """True if the last document was read by other rules: its entries may differ now without an edit."""
        return bool(self.seen) and self.reading != READING

    @property
    def has_document(self) -> bool:
        """True if a document was read from its present URL."""
        return bool(self.seen) or self.reading is not None


class HostState(Struct, frozen=True, kw_only=True):
    """State of a host (`urls.host_key`), shared by all sources on it."""

    not_before: datetime | None = None  # Retry-After of a 429
    refusals: int = 0  # 429s in a row without a readable time; doubles the wait
    forbidden: int = 0  # 403s in a row


class StoredSource(Struct, frozen=True, kw_only=True):
    """A source and its state, as the store holds them."""

    source: Source
    state: SourceState

    @property
    def title(self) -> str:
        """Title as configured, else that of the feed, else the name."""
        return self.source.settings.title or self.state.feed_info.title or self.source.name


class Selection(Struct, frozen=True, kw_only=True):
    """Sources to fetch: those that are due, unless `names` or `everything` say otherwise; never disabled or paused."""

    names: Collection[str] | None = None
    everything: bool = False


class HubTopic(Struct, frozen=True, kw_only=True):
    """A topic and the hub that offers it (WebSub, section 4)."""

    hub: str
    topic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Our subscription to the hub that a source names (WebSub, section 5)."""

    source_id: int
    source: str  # name
    token: str  # last segment of the callback's path; known to the hub only
    secret: str = field(repr=False)  # key of the hub's signatures
    hub: str
    topic: str
    failures: int = 0  # failed requests in a row
    error: str | None = None  # sentence of the last failure or refusal
    pushed_until: datetime | None = None  # end of the hub's lease
