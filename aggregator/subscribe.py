"""Subscriptions: a page's feed or a reader's list into `feeds.yaml`, sources out of it. Shell.

What `feeds.yaml` has already is left out and said; a URL that leads to no feed stops nothing else.
"""

import asyncio
import difflib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aggregator import config, logs
from aggregator.clock import Clock, utc_now
from aggregator.config.naming import FreeNames, host_name
from aggregator.errors import AggregatorError, UsageError
from aggregator.fetch import Fetcher
from aggregator.model import Failure, FeedDocument, Source, SourceState
from aggregator.names import category_name, slug
from aggregator.opml import Subscription, sources_opml
from aggregator.parse.discovery import FeedLink, Offer
from aggregator.sandbox import Aborted, Limits, Sandbox
from aggregator.settings import Settings, SourceSettings, secrets
from aggregator.settings.values import label, language_tag, quoted, source_name, web_url
from aggregator.urls import canonical_key, without_credentials

MAX_OPML = 50_000_000  # bytes, some 200,000 subscriptions
LIMITS = Limits()  # of reading one document

_OFFER = "aggregator.parse.discovery:offer"  # by name: they run in a process that can be stopped
_LISTED = "aggregator.opml:subscriptions"
_REPORT = "please report it with the document; --debug shows where"
_TROUBLED = frozenset({None, 429, 503})  # no answer, or one of these: the host is not asked in ten more places

log = logging.getLogger(__name__)

Choose = Callable[[Sequence[FeedLink]], FeedLink]


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A source that `feeds.yaml` has now; `others` are the feeds that its page offers beside it."""

    name: str
    url: str  # without credentials
    others: tuple[FeedLink, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """A feed that `feeds.yaml` had already, under this name."""

    name: str
    url: str  # without credentials


Outcome = Added | Present | Failure


def add(
    path: Path,
    environ: Mapping[str, str],
    urls: Sequence[str],
    choose: Choose,
    *,
    name: str | None = None,
    category: str | None = None,
    clock: Clock = utc_now,
) -> tuple[Outcome, ...]:
    """Put the feeds behind these URLs, of feeds or of pages, into `feeds.yaml`; what came of each, in their order.

    `choose` is asked where a page has several feeds. Raises UsageError for words that cannot be used, ConfigError,
    AggregatorError where the file cannot be written.
    """
    if name is not None and len(urls) > 1:
        raise UsageError("--name names one source; give one URL with it")
    name = None if name is None else _checked(source_name, name, "--name")
    category = None if category is None else _checked(label, category, "--category")
    typed = [_checked(web_url, url if "://" in url else f"https://{url}", "the URL") for url in urls]
    found = asyncio.run(_found(config.extensible(path, environ), environ, typed, choose, clock))
    with config.editing(path, environ) as draft:
        listing = _Listing(draft.settings)
        outcomes = tuple(
            one if isinstance(one, Failure) else listing.typed(one.url, name, category, others=one.others)
            for one in found
        )
        draft.append(listing.new)
    return outcomes


def remove(path: Path, environ: Mapping[str, str], name: str) -> None:
    """Take a source out of `feeds.yaml`. Raises UsageError where none is named so, AggregatorError for the only one."""
    config.load(path, environ)  # a file that is missing, or lists nothing, is a fault here
    with config.editing(path, environ) as draft:
        names = [source.name or "" for source in draft.settings.sources]
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            advice = f"did you mean {near[0]}?" if near else "`aggregator sources` lists them"
            raise UsageError(f"no source is named {name}; {advice}")
        if len(names) == 1:
            raise AggregatorError(f"{name} is the only source, and there must be one; add another first")
        draft.remove(names.index(name))


def import_opml(path: Path, environ: Mapping[str, str], file: Path) -> tuple[Outcome, ...]:
    """Put the subscriptions of an OPML file into `feeds.yaml`, folders as categories; what came of each, in its order.

    Nothing is fetched. Raises AggregatorError where the file cannot be read or is no OPML, ConfigError.
    """
    listed = asyncio.run(_listed(_bytes(file)))
    if isinstance(listed, Failure):
        raise AggregatorError(f"{file}: {listed.reason}; {listed.advice}")
    if not listed:
        raise AggregatorError(f"{file}: it holds no subscriptions")
    with config.editing(path, environ) as draft:
        listing = _Listing(draft.settings)
        outcomes = tuple(listing.imported(one) for one in listed)
        draft.append(listing.new)
    return outcomes


def export_opml(path: Path, environ: Mapping[str, str]) -> bytes:
    """The sources as OPML 2.0 in UTF-8, without credentials. Raises ConfigError."""
    settings = config.load(path, environ)
    sources = [Source(settings=source) for source in settings.sources]
    return sources_opml(sources, f"Sources of {settings.title}")


# ------------------------------------------------------------------------------------- what is in the file


class _Listing:
    """The sources that are there, by URL and by name, and the new ones."""

    def __init__(self, settings: Settings) -> None:
        self.new: list[SourceSettings] = []
        self._names = {_key(source.url): source.name or "" for source in settings.sources}
        self._free = FreeNames(source.name or "" for source in settings.sources)

    def typed(
        self, url: str, name: str | None, category: str | None, *, others: tuple[FeedLink, ...] = ()
    ) -> Added | Present:
        """A source under just this `name`, or under its host's. Raises UsageError where the name is taken."""
        if present := self.present(url):
            return present
        if name in self._free.taken:
            raise UsageError(f"a source is named {name} already; give another --name")
        name = name or self._free.take(host_name(url))
        return self._add(SourceSettings(name=name, url=url, category=category), others)

    def imported(self, one: Subscription) -> Outcome:
        """A subscription as a source, named by its text as far as that can be a name."""
        try:
            url = web_url(one.url)
        except ValueError as fault:
            return Failure(stage="parse", subject=quoted(one.text or one.url), reason=f"its xmlUrl {fault}")
        if present := self.present(url):
            return present
        categories = _categories(one.folders)
        name = self._free.take(one.text if _is(source_name, one.text) else slug(one.text) or host_name(url))
        return self._add(
            SourceSettings(
                name=name,
                url=url,
                category=categories[0] if len(categories) == 1 else None,
                categories=categories if len(categories) > 1 else None,
                language=one.language if _is(language_tag, one.language) else None,
            )
        )

    def present(self, url: str) -> Present | None:
        """The source that has this URL already, None without one."""
        name = self._names.get(_key(url))
        return Present(name=name, url=without_credentials(url)) if name else None

    def _add(self, source: SourceSettings, others: tuple[FeedLink, ...] = ()) -> Added:
        name = source.name or ""
        self.new.append(source)
        self._names[_key(source.url)] = name
        self._free.taken.add(name)
        return Added(name=name, url=without_credentials(source.url), others=others)


def _key(url: str) -> str:
    """What two URLs of one feed share: http and https, `www.` and a slash at the end make no second feed."""
    return canonical_key(url) or url


def _categories(folders: Sequence[str]) -> tuple[str, ...]:
    """The folders that can be categories, each file name once."""
    usable = {category_name(folder): folder for folder in reversed(folders) if _is(label, folder)}
    return tuple(reversed(usable.values()))


def _is(reader: Callable[[str], str], text: str | None) -> bool:
    try:
        return text is not None and bool(reader(text))
    except ValueError:
        return False


def _checked(reader: Callable[[str], str], text: str, what: str) -> str:
    try:
        return reader(text)
    except ValueError as fault:
        shown = str(fault) if str(fault).startswith("`") else f"{what} {fault}"
        raise UsageError(shown) from None


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_OPML + 1)
    except OSError as error:
        raise AggregatorError(f"{file}: it cannot be read ({(error.strerror or str(error)).lower()})") from error
    if len(data) > MAX_OPML:
        raise AggregatorError(f"{file}: it is over {MAX_OPML // 10**6} MB long, which no list of subscriptions is")
    return data


# ------------------------------------------------------------------------------------- what is on the web


async def _found(
    settings: Settings, environ: Mapping[str, str], urls: Sequence[str], choose: Choose, clock: Clock
) -> list["_Found | Failure"]:
    logs.hide(secrets(settings, environ))
    listing = _Listing(settings)
    with Sandbox[Offer](_OFFER, limits=LIMITS, max_processes=1) as sandbox:
        async with Fetcher(settings.fetch, clock) as fetcher:
            finder = _Finder(fetcher, sandbox, choose)
            return [_Found(url=url) if listing.present(url) else await finder.find(url) for url in urls]


async def _listed(data: bytes) -> tuple[Subscription, ...] | Failure:
    with Sandbox[tuple[Subscription, ...] | Failure](_LISTED, limits=LIMITS, max_processes=1) as sandbox:
        listed = await sandbox.call(data)
    if not isinstance(listed, Aborted):
        return listed
    return _aborted(listed, "the OPML file", "nothing was added; ask whoever wrote it what is wrong with it")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A URL at which a feed answered, and the other feeds of the page that led there."""

    url: str
    others: tuple[FeedLink, ...] = ()


class _Finder:
    """Finds the feed behind a URL: it is one, or a page that links to one, or has one in a usual place.

    A document that costs too much to read ends the search, since a page can name many of them.
    """

    def __init__(self, fetcher: Fetcher, sandbox: Sandbox[Offer], choose: Choose) -> None:
        self._fetcher, self._sandbox, self._choose = fetcher, sandbox, choose

    async def find(self, url: str) -> _Found | Failure:
        page = await self._offer(url)
        if isinstance(page, Failure):
            return page
        if page.is_feed:
            return _Found(url=url)
        return await self._linked(url, page.links) if page.links else await self._usual(url, page.places)

    async def _linked(self, page: str, links: tuple[FeedLink, ...]) -> _Found | Failure:
        """The chosen one of the page's feeds; while that is none after all, another choice of the rest."""
        left = list(links)
        while left:
            chosen = self._choose(left) if len(left) > 1 else left[0]
            offer = await self._offer(chosen.url)
            if isinstance(offer, Failure):
                if offer.stage == "parse":
                    return offer
            elif offer.is_feed:
                return _Found(url=chosen.url, others=tuple(link for link in links if link != chosen))
            left.remove(chosen)
        return _failure(page, "the page links to feeds, but no feed is there")

    async def _usual(self, page: str, places: tuple[str, ...]) -> _Found | Failure:
        for url in places:
            offer = await self._offer(url)
            if isinstance(offer, Failure):
                if offer.stage == "parse" or offer.status in _TROUBLED:
                    return offer
            elif offer.is_feed:
                return _Found(url=url)
        return _failure(page, "it is no feed, links to none, and has none in the usual places")

    async def _offer(self, url: str) -> Offer | Failure:
        """What is at `url`: a Failure of the stage "fetch" where nothing came, of "parse" where it cost too much."""
        settings = SourceSettings.model_construct(url=url)  # a page may link to what is no valid URL
        answer = await self._fetcher.fetch(Source(settings=settings), SourceState())
        # Nothing is known that could be "not modified", and nobody holds the fetch off.
        assert isinstance(answer, FeedDocument | Failure)
        if isinstance(answer, Failure):
            return answer
        bare = replace(answer, url=without_credentials(url), final_url=without_credentials(answer.final_url))
        offer = await self._sandbox.call(bare)
        if not isinstance(offer, Aborted):
            return offer
        return _aborted(offer, bare.url, "it was not added; ask its owner what is wrong with the document")


def _aborted(aborted: Aborted, subject: str, expensive: str) -> Failure:
    """Return the failure of an aborted reading, with the advice `expensive` if the document costs too much."""
    if aborted.trace:
        log.debug("while reading %s: %s", subject, aborted.trace)
    advice = {"time": expensive, "memory": expensive, "start": "try it again"}.get(aborted.cause, _REPORT)
    return Failure(stage="parse", subject=subject, reason=aborted.reason, advice=advice)


def _failure(page: str, reason: str) -> Failure:
    return Failure(
        stage="parse", subject=without_credentials(page), reason=reason, advice="give the URL of the feed itself"
    )
