"""A document of the web -> the feed that it is, or the feeds that it leads to. Pure.

One call computes all that `add` needs of a document, since it runs in the sandbox.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from aggregator.known_sites import known_feeds
from aggregator.model import Feed, FeedDocument
from aggregator.normalise.dates import parsed_date
from aggregator.normalise.titles import plain_title
from aggregator.parse import parse
from aggregator.parse.discovery import FeedLink, canonical_url, data_feed_url, feed_links, usual_feed_urls


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSummary:
    """The part of a feed by which a person recognises it."""

    title: str  # plain text, "" if it has none
    entries: int
    newest: datetime | None  # latest date of its entries; None if no date can be read


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """Result of the search for feeds in a document: it is one, links to some, or may have some at other URLs."""

    feed: FeedSummary | None = None
    links: tuple[FeedLink, ...] = ()
    guesses: tuple[FeedLink, ...] = ()  # only if there are no links


def discover(document: FeedDocument) -> Discovery:
    """Return the feeds that `document` leads to, or may lead to: by links, data, canonical URL, usual URLs."""
    feed = parse(document)
    if isinstance(feed, Feed):
        return Discovery(feed=_summary(feed))
    links = feed_links(document)
    return Discovery(links=links, guesses=() if links else tuple(_guesses(document)))


def known_links(url: str) -> tuple[FeedLink, ...]:
    """Return the feeds that an address of this form has; none if no form is known."""
    return tuple(FeedLink(url=feed_url, title=title) for title, feed_url in known_feeds(url).items())


def _guesses(page: FeedDocument) -> Iterator[FeedLink]:
    if url := data_feed_url(page):
        yield FeedLink(url=url)
    if url := canonical_url(page):
        yield from known_links(url)
    yield from (FeedLink(url=url) for url in usual_feed_urls(page))


def _summary(feed: Feed) -> FeedSummary:
    language = (feed.language or "").partition("-")[0].lower() or None
    dates = (date for entry in feed.entries for date in (entry.published, entry.updated) if date)
    moments = (parsed_date(date, language) for date in dates)
    return FeedSummary(
        title=plain_title(feed.title),
        entries=len(feed.entries),
        newest=max((moment for moment in moments if moment), default=None),
    )
