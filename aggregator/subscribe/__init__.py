"""Changes which sources `feeds.yaml` lists: add, remove, import and export. Shell.

A URL that is listed already is reported and skipped; a URL without a feed does not stop the others.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aggregator import config
from aggregator.config.naming import FreeNames, host_name
from aggregator.errors import AggregatorError, UsageError
from aggregator.known_sites import page_url
from aggregator.model import Failure, Source
from aggregator.names import ALL, category_name, no_source_named, slug
from aggregator.opml import OpmlOutline, sources_opml
from aggregator.parse.discovery import FeedLink
from aggregator.parse.encoding import decode
from aggregator.planet import planet_subscriptions
from aggregator.secret_urls import HIDDEN, masked_url
from aggregator.settings import Settings, SourceSettings
from aggregator.settings.values import label, language_tag, quoted, source_name, source_url, web_url
from aggregator.settings.values import text as text_line
from aggregator.subscribe.finder import Choose, FoundFeed, find_feeds, read_opml
from aggregator.urls import canonical_key, without_credentials

MAX_OPML = 50_000_000  # bytes, about 200,000 subscriptions


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedSource:
    """A source that was added; `alternatives` are the other feeds of its page."""

    name: str
    url: str  # without credentials
    alternatives: tuple[FeedLink, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingSource:
    """A source that `feeds.yaml` listed already."""

    name: str
    url: str  # without credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedOutline:
    """An outline of an OPML file that is no subscription."""

    text: str
    reason: str


_LACKS_SECRET = f"its URL has `{HIDDEN}` in place of a secret, as `export` writes it; add it with the secret"
_TAKES_ENVIRONMENT = "its URL takes a value from the environment (`${NAME}`); if you trust it, write it in feeds.yaml"

AddResult = AddedSource | ExistingSource | SkippedOutline | Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialog:
    """Questions to the user of `add`: `choose` selects one of several feeds, `show` gets each before it is added."""

    choose: Choose
    show: Callable[[FoundFeed], None]


def add(
    path: Path,
    environ: Mapping[str, str],
    addresses: Sequence[str],
    dialog: Dialog,
    *,
    name: str | None = None,
    category: str | None = None,
) -> tuple[AddResult, ...]:
    """Add the feeds behind `addresses`, URLs or handles, to `feeds.yaml`; return a result for each, in order.

    Raises UsageError for invalid arguments, ConfigError, and AggregatorError if the file cannot be written.
    """
    if name is not None and len(addresses) > 1:
        raise UsageError("--name names one source; give one URL with it")
    name = None if name is None else _validated(source_name, name, "--name")
    if name == ALL:
        raise UsageError("`all` is taken: that feed holds the articles of all categories; give another --name")
    category = None if category is None else _validated(label, category, "--category")
    urls = [_validated(web_url, page_url(address), "the URL") for address in addresses]
    settings = config.load_extensible(path, environ)
    listed = _SourceList(settings)
    missing = [url for url in urls if not listed.existing(url)]
    feeds = dict(zip(missing, asyncio.run(find_feeds(settings, environ, missing, dialog.choose)), strict=True))
    for feed in feeds.values():
        if isinstance(feed, FoundFeed) and not listed.existing(feed.url):
            dialog.show(feed)
    with config.editing(path, environ) as edit:
        listed = _SourceList(edit.settings)
        results: list[AddResult] = []
        for url in urls:
            found_feed = feeds.get(url)
            if isinstance(found_feed, Failure):
                results.append(found_feed)
                continue
            feed_url, alternatives = (found_feed.url, found_feed.alternatives) if found_feed else (url, ())
            if name in listed.names.names and not listed.existing(feed_url):
                raise UsageError(f"a source is named {name} already; give another --name")
            results.append(
                listed.add(feed_url, name or host_name(feed_url), alternatives=alternatives, category=category)
            )
        edit.append(listed.added)
    return tuple(results)


def remove(path: Path, environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Remove a source from `feeds.yaml`, and return the names that were written for others, which would have changed.

    Raises UsageError for an unknown name, AggregatorError for the only source.
    """
    config.load(path, environ)  # raises for a missing file or an empty list, which `editing` allows
    with config.editing(path, environ) as edit:
        names = [source.name or "" for source in edit.settings.sources]
        if name not in names:
            raise UsageError(no_source_named(name, names))
        if len(names) == 1:
            raise AggregatorError(f"{name} is the only source, and there must be one; add another first")
        return edit.remove(names.index(name))


def import_opml(path: Path, environ: Mapping[str, str], file: Path) -> tuple[AddResult, ...]:
    """Add the subscriptions of an OPML file to `feeds.yaml`, folders as categories; return a result for each, in order.

    Nothing is fetched. Raises AggregatorError if the file cannot be read or is no OPML, ConfigError.
    """
    outlines = asyncio.run(read_opml(_read_file(file)))
    if isinstance(outlines, Failure):
        raise AggregatorError(f"{file}: {outlines.reason}; {outlines.advice}")
    return _import_outlines(path, environ, file, outlines)


def import_planet(path: Path, environ: Mapping[str, str], file: Path) -> tuple[AddResult, ...]:
    """Add the subscriptions of a configuration of Planet to `feeds.yaml`; return a result for each, in order.

    Nothing is fetched. The file is decoded like a feed. Raises AggregatorError if it cannot be read or is no INI file,
    ConfigError.
    """
    text = decode(_read_file(file))
    try:
        outlines = planet_subscriptions(text)
    except AggregatorError as error:
        raise AggregatorError(f"{file}: {error}") from None
    return _import_outlines(path, environ, file, outlines)


def _import_outlines(
    path: Path, environ: Mapping[str, str], file: Path, outlines: Sequence[OpmlOutline]
) -> tuple[AddResult, ...]:
    if not any(outline.url for outline in outlines):
        raise AggregatorError(f"{file}: it holds no subscriptions")
    with config.editing(path, environ) as edit:
        listed = _SourceList(edit.settings)
        results = tuple(_import_outline(listed, outline) for outline in outlines)
        edit.append(listed.added)
    return results


def export_opml(path: Path, environ: Mapping[str, str]) -> bytes:
    """Return the sources as OPML 2.0 in UTF-8, without credentials. Raises ConfigError."""
    settings = config.load(path, environ)
    sources = [Source(settings=source) for source in settings.sources]
    return sources_opml(sources, f"Sources of {settings.title}")


class _SourceList:
    """The listed sources by URL and name, and those that were added."""

    def __init__(self, settings: Settings) -> None:
        self.added: list[SourceSettings] = []
        self.names = FreeNames(source.name or "" for source in settings.sources)
        self._names_by_key = {_key(source.url): source.name or "" for source in settings.sources}
        self._names_as_shown = {
            masked_url(without_credentials(source.url)): source.name or "" for source in settings.sources
        }

    def existing(self, url: str) -> ExistingSource | None:
        """Return the source that has this URL, or one of the same feed."""
        name = self._names_by_key.get(_key(url))
        return ExistingSource(name=name, url=masked_url(url)) if name else None

    def existing_as_shown(self, url: str) -> ExistingSource | None:
        """Return the source whose URL is shown like this one, which lacks its secret, and credentials."""
        name = self._names_as_shown.get(url)
        return ExistingSource(name=name, url=url) if name else None

    def add(
        self, url: str, name: str, *, alternatives: tuple[FeedLink, ...] = (), **settings: object
    ) -> AddedSource | ExistingSource:
        """Add a source named `name`, with a number appended if that is taken; or return the existing one."""
        if existing := self.existing(url):
            return existing
        name = self.names.take(name)
        self.added.append(SourceSettings.model_validate({"name": name, "url": url, **settings}))
        self._names_by_key[_key(url)] = name
        return AddedSource(name=name, url=masked_url(url), alternatives=alternatives)


def _import_outline(listed: _SourceList, outline: OpmlOutline) -> AddResult:
    """Add an outline as a source, named by its text as far as that is a valid name."""
    shown = quoted(outline.text or masked_url(outline.url))
    if outline.skip_reason:
        return SkippedOutline(text=shown, reason=outline.skip_reason)
    try:
        url = source_url(outline.url)
    except ValueError as fault:
        return Failure(stage="parse", subject=shown, reason=f"its xmlUrl {fault}")
    if HIDDEN in url:
        return listed.existing_as_shown(url) or SkippedOutline(text=shown, reason=_LACKS_SECRET)
    if "${" in url and not listed.existing(url):  # another's file would have our environment sent to its host
        return SkippedOutline(text=shown, reason=_TAKES_ENVIRONMENT)
    # Of folders with the same file name the first is the category.
    folders = (*outline.folders, *outline.categories)
    usable = {category_name(folder): folder for folder in reversed(folders) if _is_valid(label, folder)}
    categories = tuple(reversed(usable.values()))
    name = outline.text if _is_valid(source_name, outline.text) else slug(outline.text) or host_name(url)
    title = outline.title or outline.text
    settings: dict[str, Any] = {"enabled": False} if outline.is_disabled else {}
    if title != name and _is_valid(text_line, title):
        settings["title"] = title
    return listed.add(
        url,
        name,
        category=categories[0] if len(categories) == 1 else None,
        categories=categories if len(categories) > 1 else None,
        language=outline.language if _is_valid(language_tag, outline.language) else None,
        **settings,
    )


def _key(url: str) -> str:
    """Return a key that is equal for URLs of one feed: scheme, `www.` and a slash at the end do not count."""
    return canonical_key(url) or url


def _is_valid(reader: Callable[[str], str], text: str | None) -> bool:
    try:
        return text is not None and bool(reader(text))
    except ValueError:  # an import leaves out what is not valid, and uses a name made from the URL
        return False


def _validated(reader: Callable[[str], str], text: str, argument: str) -> str:
    try:
        return reader(text)
    except ValueError as fault:
        raise UsageError(str(fault) if str(fault).startswith("`") else f"{argument} {fault}") from None


def _read_file(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_OPML + 1)
    except OSError as error:
        raise AggregatorError(f"{file}: it cannot be read ({(error.strerror or str(error)).lower()})") from error
    if len(data) > MAX_OPML:
        raise AggregatorError(
            f"{file}: it is larger than {MAX_OPML // 10**6} MB, too large for a list of subscriptions"
        )
    return data
