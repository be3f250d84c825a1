"""The files that the database calls for: written where they differ, and those that it calls for no more. Shell.

No lock is taken here, and no mark taken away: that is `publish`'s and `maintain`'s, who call this.
"""

from collections.abc import Iterable, Iterator
from hashlib import blake2b

from aggregator import files
from aggregator.app import App
from aggregator.model import OutputFile, StoredArticle
from aggregator.opml import opml
from aggregator.render import FORMATS, article_file, feed_files

LIST_OF_FEEDS = "feeds.opml"  # in the folder of the feeds


def write_articles(app: App, articles: Iterable[StoredArticle]) -> int:
    """Write the files of these articles; how many differed from what was there. Raises FilesError."""
    return len(files.write(app.articles_root, (article_file(one, app.settings.articles) for one in articles)))


def write_feeds(app: App, names: Iterable[str]) -> tuple[int, dict[str, bytes]]:
    """Write the feeds of these categories, then the list of all feeds.

    Gives how many differed from what was there, and, where a hub passes feeds on, the digest of each by its path.
    Raises FilesError.
    """
    current = app.store.feeds.categories()
    written, digests = 0, dict[str, bytes]()
    for name in names:
        if name in current:
            feeds = feeds_of(app, name)
            written += len(files.write(app.feeds_root, feeds))
            digests |= _digests(feeds) if app.settings.feeds.hub else {}
    files.write(app.feeds_root, [list_of_feeds(app, current)])
    stale = tuple(stale_feeds(app, current))
    if stale and app.settings.feeds.hub:
        app.store.hubs.drop_topics(stale)
    files.remove(app.feeds_root, stale)
    return written, digests


def _digests(written: Iterable[OutputFile]) -> dict[str, bytes]:
    return {file.path: blake2b(file.data, digest_size=16).digest() for file in written}


def feeds_of(app: App, name: str) -> tuple[OutputFile, ...]:
    """The files of a category's feed."""
    return feed_files(app.store.feeds.category_feed(name, app.settings.feeds.limit), app.settings)


def list_of_feeds(app: App, current: Iterable[str]) -> OutputFile:
    """The file that names the feeds of these categories, all there are."""
    return OutputFile(path=LIST_OF_FEEDS, data=opml(app.store.feeds.category_heads(current), app.settings))


def stale_feeds(app: App, current: Iterable[str]) -> Iterator[str]:
    """Paths of the files of categories that no source names any more, and of formats that are not wanted any more."""
    gone = app.store.feeds.dropped_categories()
    for known in FORMATS:
        names = gone if known.name in app.settings.feeds.formats else [*gone, *current]
        yield from (f"{name}.{known.suffix}" for name in names)
