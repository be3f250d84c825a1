"""Work off the marks that recording leaves in the outbox. Shell.

A mark is removed only when its files are on disk; after a crash in between, the next run writes the same bytes again.
One process at a time publishes: an older state must not be written over a newer one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from aggregator import __version__, files
from aggregator.app import App
from aggregator.first_publication import prepare
from aggregator.publish.rules import apply_rules

BATCH = 50  # articles in memory at once: four times as many are no faster, and take 3 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Numbers of files that were written because their bytes differed."""

    articles: int = 0
    feeds: int = 0

    def __add__(self, other: "Published") -> "Published":
        return Published(articles=self.articles + other.articles, feeds=self.feeds + other.feeds)


def publish_changed(app: App) -> Published:
    """Publish what is marked, or everything if the settings that shape all files changed.

    Raises FilesError; what is not on disk by then stays marked.
    """
    with publishing_lock(app):
        prepare(app.store, near_duplicates=app.settings.dedupe == "near")
        apply_rules(app, BATCH)
        return _publish_restyled(app) + _publish_marked(app)


def publish_all(app: App) -> Published:
    """Write every article and feed again from the database, and remove the files of dropped categories."""
    with publishing_lock(app):
        prepare(app.store, near_duplicates=app.settings.dedupe == "near")
        apply_rules(app, BATCH)
        return _publish_all(app)


def remove_temporary_files(app: App) -> None:
    """Remove the temporary files of killed processes. Raises FilesError."""
    with publishing_lock(app):
        for root in (app.articles_root, app.feeds_root):
            files.sweep(root)


@contextmanager
def publishing_lock(app: App) -> Iterator[None]:
    """Hold the lock for writing and removing files: a second process waits. It must not be held already."""
    with files.lock(Path(app.settings.storage) / ".publishing.lock"):
        yield


def _publish_restyled(app: App) -> Published:
    """Write everything again if what shapes all files (version, titles, addresses, layouts) changed.

    After a change to `dedupe: exact`, articles that were found to be near duplicates leave their clusters.
    """
    settings = app.settings
    articles = settings.articles.model_copy(update={"after": None})
    shaping = (__version__, settings.title, settings.public_url, articles, settings.feeds, settings.dedupe)
    style, before = blake2b(repr(shaping).encode(), digest_size=16).hexdigest(), app.store.meta.get("style")
    if style == before:
        return Published()
    if settings.dedupe == "exact":
        app.store.articles.dissolve_clusters()
    published = _publish_all(app) if before else Published()
    app.store.meta.set("style", style)
    return published


def _publish_all(app: App) -> Published:
    from aggregator.publish.articles import all_articles, write_articles
    from aggregator.publish.feeds import write_feeds

    articles = sum(write_articles(app, batch).files for batch in all_articles(app, BATCH))
    feeds = write_feeds(app, app.store.feeds.categories())
    if feeds.digests:
        app.store.outbox.published((), app.clock(), feeds.digests)
    return Published(articles=articles, feeds=feeds.files) + _publish_marked(app)  # which removes the marks


def _publish_marked(app: App) -> Published:
    if not app.store.outbox.articles(1) and not app.store.outbox.categories():
        return Published()
    # Imported with the first mark: a round in which nothing is new does without the renderer.
    from aggregator.publish.marks import KINDS

    written = dict.fromkeys(KINDS, 0)
    for name, kind in KINDS.items():
        while pending := kind.pending(app, BATCH):
            result = kind.work(app, [subject for subject, _ in pending])
            app.store.outbox.published([mark for _, mark in pending], app.clock(), result.digests)
            written[name] += result.files
    return Published(articles=written["article"], feeds=written["category"])
