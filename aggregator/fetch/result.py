"""Results of a fetch, made from the last response of a chain of redirects. Pure."""

import re
from datetime import datetime, timedelta
from hashlib import blake2b

from msgspec.structs import replace

from aggregator.fetch.failures import STATUS_ADVICE, status_reason
from aggregator.fetch.redirects import REDIRECTS, Hop
from aggregator.fetch.response import WITH_DOCUMENT, HttpResponse, is_text
from aggregator.model import Failure, FeedDocument, NotModified, Page, SourceState, Validators
from aggregator.schedule.headers import freshness, links, retry_after

FetchResult = FeedDocument | NotModified | Failure

DIGEST_BYTES = 16
MAX_VALIDATOR = 2048  # characters; servers refuse requests with more than 4 to 16 KB of headers
_EMPTY = "the response body is empty"
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def fetch_result(response: HttpResponse, hop: Hop, state: SourceState, sent: Validators, now: datetime) -> FetchResult:
    """Return the document, "not modified" or failure that `response` is; `sent` are its request's validators."""
    if response.body:
        return _document(response, hop, state, now)
    match response.status:
        case 200:
            return failure(hop, _EMPTY, status=200)
        case 304 if sent == Validators():
            return failure(hop, "the server answered 304 Not Modified to an unconditional request", status=304)
        case 304:
            new = _validators(response)  # a 304 replaces only the validators it has (RFC 9110, 15.4.5)
            merged = Validators(etag=new.etag or sent.etag, last_modified=new.last_modified or sent.last_modified)
            return replace(_not_modified(response, hop, now), validators=merged)
        case 410 if not hop.permanent:  # the target of a temporary redirect is gone, not the source
            return status_failure(response, hop, now, STATUS_ADVICE[404])
        case status:
            return status_failure(response, hop, now, STATUS_ADVICE.get(status, ""))


def page_result(response: HttpResponse, hop: Hop, now: datetime) -> Page | Failure:
    """Return the page, or the failure, that `response` is."""
    headers = response.headers
    content_type = headers.get("content-type")
    if response.status not in WITH_DOCUMENT:
        return status_failure(response, hop, now)
    if not response.body and is_text(content_type or ""):
        return failure(hop, _EMPTY, status=response.status)
    return Page(
        url=hop.url,
        body=response.body,
        content_type=content_type,
        robots_tag=headers.get("x-robots-tag", ""),
        links=links(headers.get("link", ""), hop.public_url),
    )


def status_failure(response: HttpResponse, hop: Hop, now: datetime, advice: str = "") -> Failure:
    """Return the failure that the status of `response` means."""
    delay = retry_after(response.headers.get("retry-after", ""), now)
    return failure(hop, status_reason(response.status), advice, status=response.status, delay=delay)


def failure(
    hop: Hop, reason: str, advice: str = "", *, status: int | None = None, delay: timedelta | None = None
) -> Failure:
    """Return the failure of the chain that ends at `hop`; `delay` is what Retry-After asks for."""
    failure = Failure(
        stage="fetch",
        subject=hop.start,
        reason=reason,
        advice=advice,
        status=status,
        retry_after=delay,
        host=hop.other_host,
        via_temporary_redirect=not hop.permanent,
    )
    return failure if status in REDIRECTS else failure.behind(hop.redirected_to)


def _document(response: HttpResponse, hop: Hop, state: SourceState, now: datetime) -> FeedDocument | NotModified:
    """Return the document of any 2xx as that of a 200."""
    digest = blake2b(response.body, digest_size=DIGEST_BYTES).digest()
    if digest == state.digest:
        return replace(_not_modified(response, hop, now), status=200)
    return FeedDocument(
        url=hop.start,
        final_url=hop.public_url,
        permanent_url=hop.moved_to,
        redirected_to=hop.redirected_to,
        body=response.body,
        digest=digest,
        content_type=response.headers.get("content-type"),
        validators=_validators(response),
        freshness=freshness(response.headers, now),
        links=links(response.headers.get("link", ""), hop.public_url),
    )


def _not_modified(response: HttpResponse, hop: Hop, now: datetime) -> NotModified:
    return NotModified(
        url=hop.start,
        status=response.status,
        validators=_validators(response),
        freshness=freshness(response.headers, now),
        permanent_url=hop.moved_to,
        host=hop.other_host,
    )


def _validators(response: HttpResponse) -> Validators:
    """Return the validators that a request can carry: one that it cannot would end all fetching from the source."""
    etag, modified = (
        value if 0 < len(value) <= MAX_VALIDATOR and not _CONTROL.search(value) else None
        for value in (response.headers.get(name, "") for name in ("etag", "last-modified"))
    )
    return Validators(etag=etag, last_modified=modified)
