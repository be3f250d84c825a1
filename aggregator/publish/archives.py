"""Archives of categories' feeds (RFC 5005). Shell. The caller holds the lock of the outbox.

The page behind the closed ones is written too, once there is a closed one, since that one names it as the next. The
feed itself names the newest closed page, so that a reader who was away finds all that came since: it stops at the first
page that it knows. Only where the open page has articles that the feed has not, the feed names that one.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter

from msgspec.structs import replace

from aggregator.app import App
from aggregator.model import ArchiveLinks, ArchivePage, CategoryFeed, OutputFile
from aggregator.render import FORMATS, MAX_BYTES, feed_files, fitting_files

SUFFIXES = frozenset(format_.suffix for format_ in FORMATS)
Order = tuple[datetime, datetime]

FIRST: Order = (datetime.min.replace(tzinfo=UTC),) * 2
PAGE_FILE = re.compile(r"([1-9][0-9]*)\.(\w+)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWritten:
    """A page of an archive, or the feed behind the last one, that was written."""

    files: int  # whose bytes differed
    last: Order = FIRST  # its last article in the order in which articles join
    closed: ArchivePage | None = None  # the page, without its articles, if it is a closed one


def write_archive(app: App, name: str, *, is_too_large: bool = False) -> Iterator[PageWritten]:
    """Write the changed pages of a category's archive, after closing those that are full; yield after each.

    Articles that joined the category get numbers. There is no archive while the feed has all articles, unless they are
    too large for one document. The caller removes the marks of closed pages. Raises FilesError.
    """
    app.store.archive.number(name)
    for number in app.store.archive.pending(name):
        yield _write(app, app.store.archive.page(name, number))
    while page := _write_open_page(app, name, is_too_large):  # nothing of a page stays in memory between two
        yield page
        if page.closed is None:
            return


def _write_open_page(app: App, name: str, is_too_large: bool) -> PageWritten | None:
    """Write the page behind the closed ones, closed itself if it is full; None if there is no archive.

    The first page is full too if its articles are too large for the feed: its own head is smaller than the feed's.
    """
    store = app.store.archive
    opened, has_more = store.open_page(name, app.settings.feeds.limit, MAX_BYTES)
    is_first = opened.number == 1
    if not has_more and is_first and not is_too_large:
        return None
    is_full = has_more or (is_first and is_too_large)
    page = replace(opened, is_closed=is_full)
    fitting, outputs = fitting_files(_feed(page), app.settings) if page.articles else (0, ())
    if fitting == len(page.articles) and not is_full:
        return PageWritten(files=_put(app, page, outputs), last=_last(page))
    if fitting < len(page.articles):
        page = _first_articles(app, replace(page, is_closed=True))
        outputs = feed_files(_feed(page), app.settings)
    store.close(page)
    return _written(replace(page, pending=1), _put(app, page, outputs))


def has_archive_for(app: App, name: str, articles: Set[str]) -> bool:
    """Return False if a category's feed that has these articles lacks others, and there is no archive for them."""
    is_complete = app.store.archive.open_articles(name, app.settings.feeds.limit) <= articles
    return is_complete or app.store.archive.closed_pages(name) > 0


def links_of(app: App, name: str, articles: Set[str]) -> ArchiveLinks | None:
    """Return the links of a category's feed that has these articles; None if it has no archive."""
    if not (closed := app.store.archive.closed_pages(name)):
        return None
    if app.store.archive.open_articles(name, app.settings.feeds.limit) <= articles:
        newest = app.store.archive.last_shown(name)
    else:
        newest = closed + 1
    return ArchiveLinks(previous=f"{name}/{newest}") if newest else None


def archive_files(app: App, name: str) -> Iterator[tuple[ArchivePage, tuple[OutputFile, ...]]]:
    """Yield the pages of a category's archive with their files; those without an article have none."""
    store = app.store.archive
    if closed := store.closed_pages(name):
        pages = (store.page(name, number) for number in range(1, closed + 1))
        yield from ((page, page_files(app, page)) for page in pages)
        opened, _ = store.open_page(name, app.settings.feeds.limit, MAX_BYTES)
        yield opened, page_files(app, opened)


def archive_pages(app: App, name: str) -> Iterator[tuple[int, bool]]:
    """Yield the numbers of the pages of a category's archive, each with False if no article is left on it."""
    if closed := app.store.archive.closed_pages(name):
        shown = app.store.archive.shown_pages(name)
        yield from ((number, number in shown) for number in range(1, closed + 1))
        yield closed + 1, bool(app.store.archive.open_articles(name, 1))


def page_of(path: str) -> str:
    """Return the name of the page of an archive that has its file at this path, "" if it is no such path."""
    folder, _, name = path.rpartition("/")
    match = PAGE_FILE.fullmatch(name)
    return f"{folder}/{match[1]}" if match and match[2] in SUFFIXES else ""


def page_files(app: App, page: ArchivePage) -> tuple[OutputFile, ...]:
    """Return the files of a page, one for each format, () if no article is left on it."""
    return feed_files(_feed(page), app.settings) if page.articles else ()


def existing_pages(app: App, names: Iterable[str], suffixes: Collection[str]) -> Iterator[str]:
    """Yield the paths of the files of archive pages of these categories that have one of these suffixes."""
    for name in names:
        for path in app.feed_folder.written(name):
            match = PAGE_FILE.fullmatch(path)
            if match and match[2] in suffixes:
                yield f"{name}/{path}"


def _write(app: App, page: ArchivePage) -> PageWritten:
    return _written(page, _put(app, page, page_files(app, page)))


def _written(page: ArchivePage, count: int) -> PageWritten:
    return PageWritten(files=count, last=_last(page), closed=replace(page, articles=()))


def _last(page: ArchivePage) -> Order:
    return (page.articles[-1].first_seen, page.articles[-1].published) if page.articles else FIRST


def _put(app: App, page: ArchivePage, outputs: tuple[OutputFile, ...]) -> int:
    if page.articles:
        return len(app.feed_folder.write(outputs))
    app.feed_folder.remove([f"{page.category}/{page.number}.{format_.suffix}" for format_ in FORMATS])
    return 0


def _feed(page: ArchivePage) -> CategoryFeed:
    """Return the page as a feed, newest first."""
    name, number = page.category, page.number
    links = ArchiveLinks(
        current=name,
        previous=f"{name}/{number - 1}" if number > 1 else None,
        next=f"{name}/{number + 1}" if page.is_closed else None,
    )
    latest_first = reversed(page.articles)
    articles = tuple(sorted(latest_first, key=attrgetter("published"), reverse=True))  # stable
    updated = max(article.updated for article in articles)
    return CategoryFeed(name=f"{name}/{number}", label=page.label, updated=updated, articles=articles, links=links)


def _first_articles(app: App, page: ArchivePage) -> ArchivePage:
    """Return the page with as many of its first articles as fit into a document, at least one."""
    fitting, _ = fitting_files(replace(_feed(page), articles=page.articles), app.settings)
    return replace(page, articles=page.articles[: max(fitting, 1)])
