"""What the last answer of a chain of hops means, as a value. Pure."""

import re
from datetime import datetime, timedelta
from hashlib import blake2b

from aggregator.fetch.answer import Answer
from aggregator.fetch.failures import STATUS_ADVICE, status_reason
from aggregator.fetch.redirects import Hop
from aggregator.model import Failure, FeedDocument, NotModified, SourceState, Validators
from aggregator.schedule.headers import freshness, links, retry_after
from aggregator.urls import host_key

Outcome = FeedDocument | NotModified | Failure

DIGEST_BYTES = 16
MAX_VALIDATOR = 2048  # characters; servers refuse requests with more than 4 to 16 KB of headers
_UNSENDABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def outcome(answer: Answer, first: Hop, last: Hop, state: SourceState, sent: Validators, now: datetime) -> Outcome:
    """The document, "not modified" or failure that `answer` is, where `first` was asked and `last` answered.

    `sent` are the validators that `last` got.
    """
    match answer.status:
        case 200 if answer.body:
            return _document(answer, first, last, state, now)
        case 200:
            return failure(first, last, "the answer is empty", status=200)
        case 304 if sent == Validators():
            return failure(first, last, "it says that nothing is new (304), though nobody asked so", status=304)
        case 304:
            return _not_modified(answer, first, last, _merged(_validators(answer), sent), now)
        case 410 if not last.permanent:  # where it led to today is gone, not the source
            return refusal(answer, first, last, now, STATUS_ADVICE[404])
        case status:
            return refusal(answer, first, last, now, STATUS_ADVICE.get(status, ""))


def refusal(answer: Answer, first: Hop, last: Hop, now: datetime, advice: str = "") -> Failure:
    """The failure that an answer's status means."""
    wait = retry_after(answer.headers.get("retry-after", ""), now)
    return failure(first, last, status_reason(answer.status), advice, status=answer.status, wait=wait)


def failure(
    first: Hop, last: Hop, reason: str, advice: str = "", *, status: int | None = None, wait: timedelta | None = None
) -> Failure:
    """The failure of asking `first`, met at `last`."""
    return Failure(
        stage="fetch",
        subject=first.url,
        reason=reason,
        advice=advice,
        status=status,
        retry_after=wait,
        host=_other_host(first, last),
        via_temporary_redirect=not last.permanent,
    )


def _document(answer: Answer, first: Hop, last: Hop, state: SourceState, now: datetime) -> FeedDocument | NotModified:
    digest = blake2b(answer.body, digest_size=DIGEST_BYTES).digest()
    if digest == state.digest:
        return _not_modified(answer, first, last, _validators(answer), now)
    return FeedDocument(
        url=first.url,
        final_url=last.url,
        permanent_url=last.url if last.moved else None,
        body=answer.body,
        digest=digest,
        content_type=answer.headers.get("content-type"),
        validators=_validators(answer),
        freshness=freshness(answer.headers, now),
        links=links(answer.headers.get("link", ""), last.url),
    )


def _not_modified(answer: Answer, first: Hop, last: Hop, validators: Validators, now: datetime) -> NotModified:
    return NotModified(
        url=first.url,
        status=answer.status,
        validators=validators,
        freshness=freshness(answer.headers, now),
        permanent_url=last.url if last.moved else None,
        host=_other_host(first, last),
    )


def _other_host(first: Hop, last: Hop) -> str | None:
    """The host that answered, None where it is the one that was asked."""
    host = host_key(last.url)
    return host if host != host_key(first.url) else None


def _validators(answer: Answer) -> Validators:
    return Validators(etag=_returnable(answer, "etag"), last_modified=_returnable(answer, "last-modified"))


def _returnable(answer: Answer, name: str) -> str | None:
    """The header, None where a request cannot carry it: sent back, it would end all fetching from the source."""
    value = answer.headers.get(name, "")
    return value if 0 < len(value) <= MAX_VALIDATOR and not _UNSENDABLE.search(value) else None


def _merged(fresh: Validators, old: Validators) -> Validators:
    """A 304 renews what it names; the rest stays (RFC 9110, 15.4.5)."""
    return Validators(etag=fresh.etag or old.etag, last_modified=fresh.last_modified or old.last_modified)
