"""Reading of received documents: cheap ones in the writer thread, expensive ones in the sandbox. Shell.

A hostile document can make reading expensive. The decision falls here alone, by `parse.is_cheap`.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from msgspec.structs import replace as replace_field

from aggregator.app import App
from aggregator.document import ReadResult, SourceDrafts, Subscriber, read, subscriber
from aggregator.model import ClaimedBackfill, Failure, FeedDocument, Source, StoredSource
from aggregator.parse import is_cheap
from aggregator.sandbox import Aborted
from aggregator.secret_urls import HIDDEN, TELLING, masked_url, shown_parameters, without_secrets
from aggregator.settings.references import reference_problems, referenced_names, resolved

_REPORT = "please report it with the document; --debug shows where"
_EXPENSIVE = "it is tried again, more and more seldom; if it goes on, ask its owner what is wrong with the document"
_AGAIN = "it is tried again"
_ADVICE = {
    **dict.fromkeys(("time", "memory"), _EXPENSIVE),
    **dict.fromkeys(("error", "death"), _REPORT),
    **dict.fromkeys(("deadline", "start"), _AGAIN),
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedDocument:
    """A document that came at `now` (UTC) for these sources."""

    sources: tuple[StoredSource, ...]
    document: FeedDocument
    now: datetime
    first_seen: datetime | None = None  # time of first sight of its new entries, if it is not `now`
    is_pushed: bool = False  # by a hub: it may be a part of the source's document, the new entries alone
    page: ClaimedBackfill | None = None  # of the source's archive, that the document is: its text is an older one
    result: ReadResult | None = None  # None: not read yet

    @property
    def name(self) -> str:
        """Name of the first source, for the log."""
        return self.sources[0].source.name


async def read_expensive(app: App, received: ReceivedDocument) -> ReceivedDocument:
    """Return the document, read in the sandbox if it may be expensive; a cheap one is left to `read_cheap`."""
    selects = any(stored.source.settings.remove for stored in received.sources)  # in time that no size bounds
    if is_cheap(received.document) and not selects:
        return received
    return _with_result(received, await app.sandbox.call(*_arguments(app, received)))


def read_cheap(app: App, received: ReceivedDocument) -> ReceivedDocument:
    """Return the document, read here if it was not read before; runs in the writer thread."""
    if received.result is not None:
        return received
    try:
        return _with_result(received, read(*_arguments(app, received)))
    except Exception as error:  # no document may stop the other sources
        log.debug("while reading %s", received.name, exc_info=True)
        return _with_result(received, Aborted(cause="error", detail=type(error).__name__))


def failure_of(aborted: Aborted, document: FeedDocument) -> Failure:
    """Return the failure of a document whose reading or recording was aborted."""
    reason = f"{aborted.reason}; the other sources go on" if aborted.cause == "error" else aborted.reason
    subject = masked_url(document.url)
    return Failure(stage="parse", subject=subject, reason=reason, advice=_ADVICE[aborted.cause])


def _echoes(app: App, received: ReceivedDocument) -> dict[str, str]:
    """Return the secrets of the document's URL that its server may repeat in it, each with how it is shown."""
    echoes = shown_parameters(received.document.url) | shown_parameters(received.document.final_url)
    for stored in received.sources:
        url = stored.source.url
        if "${" in url and not reference_problems(url, app.environ):
            values = (app.environ[name.rstrip("}")] for name in referenced_names(url))
            echoes |= {value: HIDDEN for value in values if len(value) >= TELLING}
            url = resolved(url, app.environ)
        echoes |= shown_parameters(url)
    return echoes


def _without_echoes(body: bytes, echoes: Mapping[str, str]) -> bytes:
    for secret, shown in echoes.items():
        body = body.replace(secret.encode(), shown.encode())
    return body


def _with_links(drafts: SourceDrafts, source: Source, document: FeedDocument) -> SourceDrafts:
    """Return the drafts of a source with its literal secrets in the links that are requested from its server."""
    urls = () if "${" in source.url else (source.url, document.url, document.final_url)
    secrets = {shown: secret for url in urls for secret, shown in shown_parameters(url).items()}
    if not secrets:
        return drafts

    def requested(link: str | None) -> str | None:
        for shown, secret in secrets.items():
            link = link and link.replace(shown, secret)
        return link

    links = tuple(replace_field(link, href=requested(link.href) or link.href) for link in drafts.feed.links)
    info = drafts.feed_info
    info = replace_field(info, self_link=requested(info.self_link), hub=requested(info.hub))
    return replace(drafts, feed=replace_field(drafts.feed, links=links), feed_info=info)


def _arguments(app: App, received: ReceivedDocument) -> tuple[FeedDocument, tuple[Subscriber, ...], datetime, int]:
    """Return the arguments of `document.read`, without any secret of the sources."""
    document = received.document
    bare = replace(
        document,
        url=masked_url(document.url),
        final_url=without_secrets(document.final_url),
        body=_without_echoes(document.body, _echoes(app, received)),
    )
    subscribers = tuple(
        subscriber(stored.source, b"" if stored.state.is_read_otherwise else stored.state.seen)
        for stored in received.sources
    )
    return bare, subscribers, received.first_seen or received.now, app.settings.articles.summary_words


def _with_result(received: ReceivedDocument, result: ReadResult | Aborted) -> ReceivedDocument:
    if isinstance(result, Aborted):
        if result.trace:
            log.debug("while reading %s: %s", received.name, result.trace)
        result = failure_of(result, received.document)
    if isinstance(result, Failure):
        result = result.behind(received.document.redirected_to)
    elif isinstance(result, tuple) and (left_out := result[0].feed.left_out):
        log.warning("%s: its document is too long; entries left out at its end: %d", received.name, left_out)
    if isinstance(result, tuple):
        pairs = zip(result, received.sources, strict=True)
        result = tuple(_with_links(drafts, stored.source, received.document) for drafts, stored in pairs)
    return replace(received, result=result)
