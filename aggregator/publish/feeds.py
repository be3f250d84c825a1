"""The files of categories' feeds, and the list of all feeds. Shell. The caller holds the lock of the outbox."""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import chain

from aggregator import files
from aggregator.app import App
from aggregator.model import OutputFile
from aggregator.opml import opml
from aggregator.publish.articles import Written
from aggregator.publish.translations import feeds_by_language, known_languages, stale_languages
from aggregator.render import FORMATS, MAX_BYTES, feed_files

FEED_LIST = "feeds.opml"  # in the folder of the feeds


def write_feeds(app: App, names: Iterable[str]) -> Written:
    """Write the feeds of these categories and the list of all feeds, and remove feeds that are not published any more.

    Raises FilesError.
    """
    names, current = tuple(names), app.store.feeds.categories()
    count, digests = 0, dict[str, bytes]()
    for name in names:
        if name in current:
            feeds = feeds_of(app, name)
            count += len(files.write(app.feeds_root, feeds))
            if app.settings.feeds.hub:
                digests |= {file.path: blake2b(file.data, digest_size=16).digest() for file in feeds}
    files.write(app.feeds_root, [feed_list(app, current)])
    stale = tuple(stale_feeds(app, current, [name for name in names if name in current]))
    if stale and app.settings.feeds.hub:
        app.store.hubs.drop_topics(stale)
    files.remove(app.feeds_root, stale)
    return Written(files=count, digests=digests)


def feeds_of(app: App, name: str) -> tuple[OutputFile, ...]:
    """Return the files of a category's feed, one for each format and language."""
    limit = app.settings.feeds.limit
    feed = app.store.feeds.category_feed(name, limit, max_body=MAX_BYTES, named=True)
    feeds = (feed, *feeds_by_language(app, name))
    return tuple(chain.from_iterable(feed_files(feed, app.settings) for feed in feeds))


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
