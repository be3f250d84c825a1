"""Finds the feed behind a URL: of a known site, the URL itself, a link of its page, or one of the usual URLs. Edge.

Every document is read in a sandbox.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from aggregator import logs
from aggregator.clock import utc_now
from aggregator.discovery import Discovery, FeedSummary, known_links
from aggregator.fetch import Fetcher
from aggregator.known_sites import where_to_look
from aggregator.model import Failure, FeedDocument, Source, SourceState
from aggregator.opml import OpmlOutline
from aggregator.parse.discovery import FeedLink
from aggregator.sandbox import Aborted, Limits, Sandbox
from aggregator.secret_urls import masked_url
from aggregator.settings import Settings, SourceSettings, secrets
from aggregator.urls import without_credentials

LIMITS = Limits()

_HOST_TROUBLE = frozenset({None, 429, 503})  # no answer, or one of these: the host's other usual places are not asked

log = logging.getLogger(__name__)

Choose = Callable[[Sequence[FeedLink]], FeedLink]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFeed:
    """A feed, and the other feeds of the page that led to it."""

    url: str
    summary: FeedSummary
    alternatives: tuple[FeedLink, ...] = ()

    @property
    def title(self) -> str:
        """Its title in plain text, "" if it has none."""
        return self.summary.title


async def find_feeds(
    settings: Settings, environ: Mapping[str, str], urls: Sequence[str], choose: Choose
) -> list[FoundFeed | Failure]:
    """Return the feed behind each URL, or the reason why there is none."""
    logs.hide(secrets(settings, environ))
    with Sandbox[Discovery]("aggregator.discovery:discover", limits=LIMITS, max_processes=1) as sandbox:
        async with Fetcher(settings.fetch, utc_now) as fetcher:
            finder = _FeedFinder(fetcher, sandbox, choose)
            return [await finder.find(url) for url in urls]


async def read_opml(data: bytes) -> tuple[OpmlOutline, ...] | Failure:
    """Return the subscriptions of an OPML document, or the reason why it cannot be read."""
    sandbox = Sandbox[tuple[OpmlOutline, ...] | Failure](
        "aggregator.opml:subscriptions", limits=LIMITS, max_processes=1
    )
    with sandbox:
        outlines = await sandbox.call(data)
    if isinstance(outlines, Aborted):
        return _failure(outlines, "the OPML file", "nothing was added; ask its author what is wrong with it")
    return outlines


class _FeedFinder:
    """Fetches and reads documents until one is a feed; `choose` selects one of several links of a page.

    A document that exceeds the limits ends the search, since a page can link to many of them.
    """

    def __init__(self, fetcher: Fetcher, sandbox: Sandbox[Discovery], choose: Choose) -> None:
        self._fetcher, self._sandbox, self._choose = fetcher, sandbox, choose

    async def find(self, url: str) -> FoundFeed | Failure:
        if feed := await self._first_feed(known_links(url), is_choice=True, is_guess=True):
            return feed
        page = await self._read(url)
        if isinstance(page, Failure):
            return page
        if page.feed:
            return FoundFeed(url=url, summary=page.feed)
        has_links = bool(page.links)
        if feed := await self._first_feed(page.links or page.guesses, is_choice=has_links, is_guess=not has_links):
            return feed
        reason = (
            "the page links to feeds, but no feed is there"
            if has_links
            else "it is no feed, links to none, and has none in the usual places"
        )
        advice = where_to_look(url) or "give the URL of the feed itself"
        return Failure(stage="parse", subject=masked_url(url), reason=reason, advice=advice)

    async def _first_feed(
        self, links: Sequence[FeedLink], *, is_choice: bool, is_guess: bool
    ) -> FoundFeed | Failure | None:
        """Return the chosen feed of `links`, else the first that is one; None if none is.

        The links of a guess are on one host: if that does not answer, the search ends.
        """
        candidates = list(links)
        while candidates:
            link = self._choose(candidates) if is_choice and len(candidates) > 1 else candidates[0]
            document = await self._read(link.url)
            if isinstance(document, Failure):
                if document.stage == "parse" or (is_guess and document.status in _HOST_TROUBLE):
                    return document
            elif document.feed:
                alternatives = tuple(feed for feed in links if is_choice and feed != link)
                return FoundFeed(url=link.url, summary=document.feed, alternatives=alternatives)
            candidates.remove(link)
        return None

    async def _read(self, url: str) -> Discovery | Failure:
        """Return the document at `url` as read; a Failure of the stage "parse" if it exceeded the limits."""
        settings = SourceSettings.model_construct(url=url)  # unvalidated: a page may link to an invalid URL
        answer = await self._fetcher.fetch(Source(settings=settings), SourceState())
        # Neither "not modified" nor a delay for the host can be the answer: nothing is known of either.
        assert isinstance(answer, FeedDocument | Failure)
        if isinstance(answer, Failure):
            return answer
        document = replace(answer, url=masked_url(url), final_url=without_credentials(answer.final_url))
        discovery = await self._sandbox.call(document)
        if isinstance(discovery, Aborted):
            return _failure(discovery, document.url, "it was not added; ask its owner what is wrong with the document")
        return discovery


def _failure(aborted: Aborted, subject: str, advice: str) -> Failure:
    """Return the failure of an aborted reading; `advice` is for a document that exceeded the limits."""
    if aborted.trace:
        log.debug("while reading %s: %s", subject, aborted.trace)
    if aborted.cause in ("start", "deadline"):
        advice = "try it again"
    elif aborted.cause not in ("time", "memory"):
        advice = "please report it with the document; --debug shows where"
    return Failure(stage="parse", subject=subject, reason=aborted.reason, advice=advice)
