"""Changed articles and categories in, files out. Shell.

Each mark "to publish" is taken away only when its file is on disk; a crash between leaves the mark, and the next run
writes the same bytes again. One process at a time publishes: an older state must not be written over a newer one.
With the marks goes the note that a hub is to be told of the feeds whose bytes it does not know; who tells it is the
daemon.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from aggregator import __version__, files
from aggregator.app import App
from aggregator.model import Article, File
from aggregator.opml import opml
from aggregator.render import FORMATS, article_file, feed_files

BATCH = 200  # articles in memory at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """How many files were written because their bytes differed."""

    articles: int = 0
    feeds: int = 0

    def __add__(self, other: "Published") -> "Published":
        return Published(articles=self.articles + other.articles, feeds=self.feeds + other.feeds)


def publish_changed(app: App) -> Published:
    """Write what is marked, or everything where what shapes all files changed.

    Raises FilesError, and leaves the marks of what is not yet on disk.
    """
    with alone(app):
        return _restyled(app) + Published(articles=_changed_articles(app), feeds=_changed_categories(app))


def publish_all(app: App) -> Published:
    """Write every article and feed anew from the database, and take away the files of categories that are gone."""
    with alone(app):
        return _all_files(app)


def sweep(app: App) -> None:
    """Take away the temporary files that killed processes left behind. Raises FilesError."""
    with alone(app):
        for root in (app.articles_root, app.feeds_root):
            files.sweep(root)


def _restyled(app: App) -> Published:
    """Write everything anew if what shapes all files (version, titles, addresses, layouts) is not as it was.

    So it is too if near duplicates are not wanted any more: those that were found until then stand apart again.
    """
    style, before = _style(app), app.store.note("style")
    if style == before:
        return Published()
    if app.settings.dedupe == "exact":
        app.store.part_stories()
    published = _all_files(app) if before else Published()
    app.store.set_note("style", style)
    return published


def _style(app: App) -> str:
    settings = app.settings
    shaping = (__version__, settings.title, settings.public_url, settings.articles, settings.feeds, settings.dedupe)
    return blake2b(repr(shaping).encode(), digest_size=16).hexdigest()


@contextmanager
def alone(app: App) -> Iterator[None]:
    """Hold the lock of who writes and removes files: a second process waits. It must not be held already."""
    with files.lock(Path(app.settings.storage) / ".publishing.lock"):
        yield


def _all_files(app: App) -> Published:
    articles = sum(_write_articles(app, batch) for batch in all_articles(app))
    feeds, digests = _write_feeds(app, app.store.categories())
    if digests:
        app.store.published((), digests, app.clock())
    marked = Published(articles=_changed_articles(app), feeds=_changed_categories(app))  # nothing differs any more
    return Published(articles=articles, feeds=feeds) + marked


def _changed_articles(app: App) -> int:
    written = 0
    while batch := app.store.pending_articles(BATCH):
        written += _write_articles(app, [article for article, _ in batch])
        app.store.published([mark for _, mark in batch])
    return written


def _changed_categories(app: App) -> int:
    marks = app.store.pending_categories()
    if not marks:
        return 0
    written, digests = _write_feeds(app, [name for name, _ in marks])
    app.store.published([mark for _, mark in marks], digests, app.clock())
    return written


def all_articles(app: App) -> Iterator[tuple[Article, ...]]:
    """Every article that has its text, in batches."""
    last: str | None = None
    while batch := app.store.articles(last, BATCH):
        yield batch
        last = batch[-1].id


def _write_articles(app: App, articles: Iterable[Article]) -> int:
    return len(files.write(app.articles_root, (article_file(one, app.settings.articles) for one in articles)))


def _write_feeds(app: App, names: Iterable[str]) -> tuple[int, dict[str, bytes]]:
    """Write the feeds of these categories, then the list of all feeds.

    Gives how many differed from what was there, and, where a hub passes feeds on, the digest of each by its path.
    """
    current = app.store.categories()
    written, digests = 0, dict[str, bytes]()
    for name in names:
        if name in current:
            feeds = feeds_of(app, name)
            written += len(files.write(app.feeds_root, feeds))
            digests |= _digests(feeds) if app.settings.feeds.hub else {}
    files.write(app.feeds_root, [list_of_feeds(app, current)])
    stale = tuple(stale_feeds(app, current))
    if stale and app.settings.feeds.hub:
        app.store.drop_topics(stale)
    files.remove(app.feeds_root, stale)
    return written, digests


def _digests(written: Iterable[File]) -> dict[str, bytes]:
    return {file.path: blake2b(file.data, digest_size=16).digest() for file in written}


def feeds_of(app: App, name: str) -> tuple[File, ...]:
    """The files of a category's feed."""
    return feed_files(app.store.category_feed(name, app.settings.feeds.limit), app.settings)


def list_of_feeds(app: App, current: Iterable[str]) -> File:
    """The file that names the feeds of these categories, all there are."""
    return File(path="feeds.opml", data=opml(app.store.category_heads(current), app.settings))


def stale_feeds(app: App, current: Iterable[str]) -> Iterator[str]:
    """Paths of the files of categories that no source names any more, and of formats that are not wanted any more."""
    gone = app.store.dropped_categories()
    for known in FORMATS:
        names = gone if known.name in app.settings.feeds.formats else [*gone, *current]
        yield from (f"{name}.{known.suffix}" for name in names)
