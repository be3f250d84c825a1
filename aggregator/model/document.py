"""Results of a fetch: a document, "not modified", a push or a failure. Pure."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from aggregator.model.source import Validators


class Link(Struct, frozen=True, kw_only=True):
    """A link with its relation (RFC 4287, 4.2.7; RFC 8288); `href` absolute."""

    rel: str
    href: str
    type: str | None = None


class Freshness(Struct, frozen=True, kw_only=True):
    """Freshness lifetime that an answer's headers give (RFC 9111, 4.2); `fresh_for` is None if they give none."""

    fresh_for: timedelta | None = None
    header: str = ""  # the header it comes from: max-age or expires


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDocument:
    """Body and metadata of a 200 answer, which may be a feed."""

    url: str  # requested
    final_url: str  # after redirects; the base of relative links
    permanent_url: str | None = None  # as far as permanent redirects (301, 308) led; None if the first one was none
    redirected_to: str = ""  # `final_url` as messages show it; "" if there were no redirects
    body: bytes = field(repr=False)  # decompressed
    digest: bytes
    content_type: str | None = None
    validators: Validators = Validators()
    freshness: Freshness = Freshness()
    links: tuple[Link, ...] = ()  # of the Link header (RFC 8288)
    status: int = 200


class NotModified(Struct, frozen=True, kw_only=True):
    """A 304, or a 200 whose body has the digest of the last one. Validators are already merged with the last ones."""

    url: str
    status: int  # 304 or 200
    validators: Validators
    freshness: Freshness = Freshness()
    permanent_url: str | None = None
    host: str | None = None  # the host that answered, if a redirect led to another one


Stage = Literal["fetch", "parse", "publish"]  # the store raises instead, and no other stage can fail


class Failure(Struct, frozen=True, kw_only=True):
    """Failure of one source, as a value: it stops nothing else."""

    stage: Stage
    subject: str  # the URL, without credentials
    reason: str  # one sentence without the subject, e.g. "the server answered 404 Not Found"
    advice: str = ""  # what the operator can do; "" if there is nothing
    status: int | None = None  # HTTP status, if there was an answer
    retry_after: timedelta | None = None  # readable Retry-After, not yet clamped
    host: str | None = None  # the host that answered, if a redirect led to another one
    is_unreachable: bool = False  # name resolution failed, or there is no route: perhaps our own network is down
    via_temporary_redirect: bool = False  # met behind a temporary redirect, so not a fault of the source's own URL

    @property
    def sentence(self) -> str:
        """Reason and advice, without the subject."""
        return f"{self.reason}; {self.advice}" if self.advice else self.reason

    def behind(self, target: str) -> "Failure":
        """Return the failure with the URL that redirects led to; the same if `target` is ""."""
        return replace(self, reason=f"{self.reason} (redirected to {target})") if target else self

    def __str__(self) -> str:
        return f"{self.subject}: {self.sentence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """Content that a hub delivered to a callback, its signature verified."""

    token: str
    body: bytes = field(repr=False)
    content_type: str | None = None
    link: str = ""  # its Link header
