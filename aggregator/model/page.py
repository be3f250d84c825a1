"""Pages of articles, from which their full text is taken. Pure."""

from dataclasses import dataclass, field
from datetime import datetime

from msgspec import Struct

from aggregator.model.document import Link
from aggregator.model.source import Source


class DuePage(Struct, frozen=True, kw_only=True):
    """Mark of an article that is to be completed from its page."""

    article_id: str
    link: str
    is_current: bool  # False: the entry changed since, and no page of this version is wanted


class ClaimedPage(Struct, frozen=True, kw_only=True):
    """Page of an article that this process is to read, for one version of its entry."""

    article_id: str
    source: Source
    digest: bytes  # of that version
    link: str
    title: str
    html: str  # of the feed
    failures: int  # so far


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Body and metadata of the 200 answer for an article's page."""

    url: str  # after redirects; the base of relative links
    body: bytes = field(repr=False)  # decompressed
    content_type: str | None = None
    robots_tag: str = ""  # its X-Robots-Tag headers
    links: tuple[Link, ...] = ()  # of its Link headers


class PageQuestion(Struct, frozen=True, kw_only=True):
    """A page, and what its text is held against."""

    page: Page
    title: str  # of the article
    link: str  # of the article
    html: str  # text of the article in its feed, clean
    content: str | None = None  # CSS selector of the text
    remove: tuple[str, ...] = ()  # CSS selectors of parts to leave out
    summary_words: int
    now: datetime  # in UTC; directives for robots may end by a date


class PageText(Struct, frozen=True, kw_only=True):
    """Text of a page that is better than that of the feed; "" if that one is the better."""

    html: str = ""  # clean, absolute URLs
    markdown: str = ""  # inert
    summary: str = ""  # plain text
    link: str | None = None  # canonical link that the page names; None if it names none, or the article's
    refusal: str = ""  # the sentence why the text must not be used, "" if it may


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsQuestion:
    """A site's robots.txt (RFC 9309), and the URL of a page on it."""

    robots_txt: str = field(repr=False)
    url: str
