"""Writes files that differ from the database, a few at a time. Shell. All functions return the number of files.

What cannot be written is marked to be published: it stops nothing else, and publishing says which file it is.
"""

from collections.abc import Collection, Iterable

from aggregator.app import App
from aggregator.errors import FilesError
from aggregator.model import OutputFile
from aggregator.publish.articles import write_articles
from aggregator.publish.feeds import feed_list, feeds_of
from aggregator.publish.outbox import publishing_lock


def repair_articles(app: App, ids: Collection[str]) -> int:
    """Write the files of these articles. Raises FilesError if none can be written."""
    with publishing_lock(app):
        try:
            return write_articles(app, app.store.articles.by_ids(ids)).files
        except FilesError as error:
            if error.stops_all:
                raise
            app.store.outbox.mark_articles(ids)
            return error.written


def repair_feed(app: App, name: str) -> int:
    """Write the files of a category's feed. Raises FilesError if none can be written."""
    with publishing_lock(app):
        return _write_feeds(app, feeds_of(app, name), [name])


def repair_feed_list(app: App) -> int:
    """Write the list of all feeds. Raises FilesError if none can be written."""
    with publishing_lock(app):
        names = app.store.feeds.categories()
        return _write_feeds(app, [feed_list(app, names)], names[:1])


def _write_feeds(app: App, outputs: Iterable[OutputFile], names: Collection[str]) -> int:
    try:
        return len(app.feed_folder.write(outputs))
    except FilesError as error:
        if error.stops_all:
            raise
        app.store.outbox.mark_categories((), names=names)
        return error.written
