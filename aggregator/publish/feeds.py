"""The files of categories' feeds, and the list of all feeds. Shell. The caller holds the lock of the outbox."""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from heapq import heappop, heappush
from itertools import chain

from msgspec.structs import replace

from aggregator.app import App
from aggregator.model import CategoryFeed, OutputFile
from aggregator.opml import opml
from aggregator.publish.archives import (
    FIRST,
    PageWritten,
    existing_pages,
    has_archive_for,
    links_of,
    write_archive,
)
from aggregator.publish.articles import Written
from aggregator.publish.translations import feeds_by_language, known_languages, stale_languages
from aggregator.render import FORMATS, MAX_BYTES, feed_files, fitting_files

FEED_LIST = "feeds.opml"  # in the folder of the feeds


def write_feeds(app: App, names: Iterable[str]) -> Written:
    """Write the feeds of these categories, the changed pages of their archives, and the list of all feeds.

    Feeds that are not published any more are removed. Raises FilesError.
    """
    names, current = tuple(names), app.store.feeds.categories()
    digests = dict[str, bytes]()
    pages = tuple(_oldest_first([_write_category(app, name, digests) for name in names if name in current]))
    app.store.archive.written([page.closed for page in pages if page.closed])
    with app.store.jobs.turn(FEED_LIST, waits=True):
        if app.store.jobs.are_shared:  # another process may have written the list since
            app.begin_output()
            current = app.store.feeds.categories()
        app.feed_folder.write([feed_list(app, current)])
    stale = tuple(stale_feeds(app, current, [name for name in names if name in current]))
    if stale and app.settings.feeds.hub:
        app.store.hubs.drop_topics(stale)
    app.feed_folder.remove(stale)
    return Written(files=sum(page.files for page in pages), digests=digests)


def _write_category(app: App, name: str, digests: dict[str, bytes]) -> Iterator[PageWritten]:
    """Write a category's archive and its feed, and yield after each page.

    The digests of the feed's files are added if a hub passes them on.
    """
    yield from write_archive(app, name)
    feeds, needs_archive = _feeds(app, name)
    if needs_archive:
        yield from write_archive(app, name, is_too_large=True)
        feeds, _ = _feeds(app, name)
    count = len(app.feed_folder.write(feeds))
    if app.settings.feeds.hub:
        digests |= {file.path: blake2b(file.data, digest_size=16).digest() for file in feeds}
    yield PageWritten(files=count)


def _oldest_first(categories: Iterable[Iterator[PageWritten]]) -> Iterator[PageWritten]:
    """Yield the pages of all categories, those that have the same articles near each other.

    So their entries need not be rendered for each of them again.
    """
    waiting = [(FIRST, number, pages) for number, pages in enumerate(categories)]
    while waiting:
        _, number, pages = heappop(waiting)
        if page := next(pages, None):
            yield page
            heappush(waiting, (page.last, number, pages))


def feeds_of(app: App, name: str) -> tuple[OutputFile, ...]:
    """Return the files of a category's feed, one for each format and language."""
    return _feeds(app, name)[0]


def _feeds(app: App, name: str) -> tuple[tuple[OutputFile, ...], bool]:
    """Return the files of a category's feed, and whether articles that have no room in it can be reached nowhere else.

    Those that others record meanwhile do not count.
    """
    feed = app.store.feeds.category_feed(name, app.settings.feeds.limit, max_body=MAX_BYTES)
    count, outputs = _with_links(app, feed, len(feed.articles))
    if count < len(feed.articles):
        _, outputs = _with_links(app, feed, count)
    in_languages = (feed_files(each, app.settings) for each in feeds_by_language(app, name))
    has_room = count == len(feed.articles) and sum(len(article.html) for article in feed.articles) <= MAX_BYTES
    needs_archive = not has_room and not has_archive_for(app, name, _first_ids(feed, count))
    return tuple(chain(outputs, *in_languages)), needs_archive


def _with_links(app: App, feed: CategoryFeed, count: int) -> tuple[int, tuple[OutputFile, ...]]:
    """Return the files of a feed whose documents have its first `count` articles, with links to its archive."""
    links = links_of(app, feed.name, _first_ids(feed, count))
    return fitting_files(replace(feed, links=links), app.settings)


def _first_ids(feed: CategoryFeed, count: int) -> frozenset[str]:
    return frozenset(article.id for article in feed.articles[:count])


def feed_list(app: App, current: Iterable[str]) -> OutputFile:
    """Return the OPML file that lists the feeds of these categories."""
    return OutputFile(path=FEED_LIST, data=opml(app.store.feeds.category_heads(current), app.settings))


def stale_feeds(app: App, current: Iterable[str], changed: Iterable[str]) -> Iterator[str]:
    """Yield the paths of feeds of dropped categories, and of formats that are not configured any more.

    With them those of the `changed` categories in languages in which they have no translation any more.
    """
    dropped = tuple(app.store.feeds.dropped_categories())
    untranslated = tuple(stale_languages(app, changed))
    languages = known_languages(app)
    for format_ in FORMATS:
        names = dropped if format_.name in app.settings.feeds.formats else (*dropped, *current)
        yield from (f"{name}.{format_.suffix}" for name in (*names, *untranslated))
        yield from (f"{name}.{language}.{format_.suffix}" for name in names for language in languages)
        yield from existing_pages(app, names, (format_.suffix,))
