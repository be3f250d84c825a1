"""Changed articles and categories in, files out. Shell.

Each mark "to publish" is taken away only when its file is on disk; a crash between leaves the mark, and the next run
writes the same bytes again. One process at a time publishes: an older state must not be written over a newer one.
With the marks goes the note that a hub is to be told of the feeds whose bytes it does not know; who tells it is
`announce`.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from aggregator import __version__, files
from aggregator.app import App
from aggregator.model import StoredArticle

BATCH = 50  # articles in memory at once: four times as many are no faster, and take 3 MB


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
    style, before = _style(app), app.store.meta.get("style")
    if style == before:
        return Published()
    if app.settings.dedupe == "exact":
        app.store.articles.dissolve_clusters()
    published = _all_files(app) if before else Published()
    app.store.meta.set("style", style)
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
    feeds, digests = _write_feeds(app, app.store.feeds.categories())
    if digests:
        app.store.outbox.published((), app.clock(), digests)
    marked = Published(articles=_changed_articles(app), feeds=_changed_categories(app))  # nothing differs any more
    return Published(articles=articles, feeds=feeds) + marked


def _changed_articles(app: App) -> int:
    written = 0
    while batch := app.store.outbox.articles(BATCH):
        written += _write_articles(app, [article for article, _ in batch])
        app.store.outbox.published([mark for _, mark in batch], app.clock())
    return written


def _changed_categories(app: App) -> int:
    marks = app.store.outbox.categories()
    if not marks:
        return 0
    written, digests = _write_feeds(app, [name for name, _ in marks])
    app.store.outbox.published([mark for _, mark in marks], app.clock(), digests)
    return written


def all_articles(app: App) -> Iterator[tuple[StoredArticle, ...]]:
    """Every article that has its text, in batches."""
    last: str | None = None
    while batch := app.store.articles.page(last, BATCH):
        yield batch
        last = batch[-1].id


# Imported when there is something to write: a round in which nothing is new does without the renderer.


def _write_articles(app: App, articles: Iterable[StoredArticle]) -> int:
    from aggregator.publish.output import write_articles

    return write_articles(app, articles)


def _write_feeds(app: App, names: Iterable[str]) -> tuple[int, dict[str, bytes]]:
    from aggregator.publish.output import write_feeds

    return write_feeds(app, names)
