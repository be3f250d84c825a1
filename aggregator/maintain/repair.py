"""Writes files that differ from the database, a few at a time. Shell. All functions return the number of files."""

from collections.abc import Collection

from aggregator.app import App
from aggregator.publish.articles import write_articles
from aggregator.publish.feeds import feed_list, feeds_of
from aggregator.publish.outbox import publishing_lock


def repair_articles(app: App, ids: Collection[str]) -> int:
    """Write the files of these articles. Raises FilesError."""
    with publishing_lock(app):
        return write_articles(app, app.store.articles.by_ids(ids)).files


def repair_feed(app: App, name: str) -> int:
    """Write the files of a category's feed. Raises FilesError."""
    with publishing_lock(app):
        return len(app.feed_folder.write(feeds_of(app, name)))


def repair_feed_list(app: App) -> int:
    """Write the list of all feeds. Raises FilesError."""
    with publishing_lock(app):
        return len(app.feed_folder.write([feed_list(app, app.store.feeds.categories())]))
