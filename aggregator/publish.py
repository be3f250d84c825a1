"""Changed articles and categories in, files out. Shell.

Each mark "to publish" is taken away only when its file is on disk; a crash between leaves the mark, and the next run
writes the same bytes again.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from aggregator import files
from aggregator.app import App
from aggregator.model import Article, File
from aggregator.opml import opml
from aggregator.render import article_file, feed_files

BATCH = 200  # articles in memory at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """How many files were written because their bytes differed."""

    articles: int = 0
    feeds: int = 0


def publish_changed(app: App) -> Published:
    """Write what is marked. Raises FilesError, and leaves the marks of what is not yet on disk."""
    return Published(articles=_changed_articles(app), feeds=_changed_categories(app))


def publish_all(app: App) -> Published:
    """Write every article and feed anew from the database, and take away feeds of categories that are gone."""
    articles = sum(_write_articles(app, batch) for batch in _all_articles(app))
    feeds = sum(_write_category(app, name) for name in app.store.categories())
    _write_opml(app)
    changed = publish_changed(app)  # the marks: nothing differs any more, so this only takes them away
    return Published(articles=articles + changed.articles, feeds=feeds + changed.feeds)


def _changed_articles(app: App) -> int:
    written = 0
    while batch := app.store.pending_articles(BATCH):
        written += _write_articles(app, tuple(article for article, _ in batch))
        app.store.published(tuple(mark for _, mark in batch))
    return written


def _changed_categories(app: App) -> int:
    marks = app.store.pending_categories()
    if not marks:
        return 0
    written = sum(_write_category(app, name) for name, _ in marks)
    _write_opml(app)
    app.store.published(tuple(mark for _, mark in marks))
    return written


def _all_articles(app: App) -> Iterator[tuple[Article, ...]]:
    last: str | None = None
    while batch := app.store.articles(last, BATCH):
        yield batch
        last = batch[-1].id


def _write_articles(app: App, articles: tuple[Article, ...]) -> int:
    rendered = (article_file(article, app.settings.articles) for article in articles)
    return len(files.write(app.articles_root, rendered))


def _write_category(app: App, name: str) -> int:
    feed = app.store.category_feed(name, app.settings.feeds.limit)
    return len(files.write(app.feeds_root, feed_files(feed, app.settings)))


def _write_opml(app: App) -> None:
    feeds = tuple(app.store.category_feed(name, 1) for name in app.store.categories())
    files.write(app.feeds_root, (File(path="feeds.opml", data=opml(feeds, app.settings)),))
    files.remove(app.feeds_root, _stale(app))


def _stale(app: App) -> tuple[str, ...]:
    gone = app.store.dropped_categories()
    return tuple(f"{name}.{suffix}" for name in gone for suffix in ("rss", "atom", "json"))
