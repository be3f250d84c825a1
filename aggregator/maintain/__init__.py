"""Holds database, articles and feeds against each other and mends what differs; lets go of what grew too old. Shell.

The database is the truth: files are made from it, and only what it calls ours is ever removed. Everything goes in
batches, so that memory does not grow with what is kept. What is marked "to publish" differs rightly and is passed over.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from aggregator import files
from aggregator.app import App
from aggregator.dedupe import keys
from aggregator.model import OutputFile, StoredArticle
from aggregator.publish import BATCH, all_articles, alone, publish_changed
from aggregator.publish.output import LIST_OF_FEEDS, feeds_of, list_of_feeds, stale_feeds
from aggregator.render import FORMATS, article_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as the database has it; `mended` says what was done about it, "" for nothing."""

    subject: str  # a path, or an article's id
    fault: str
    mended: str = ""

    def __str__(self) -> str:
        subject = self.subject if self.subject.isprintable() else ascii(self.subject)  # strangers name files too
        return f"{subject}: {self.fault}" + (f"; {self.mended}" if self.mended else "")


def prune(app: App) -> int:
    """Apply `retention`: how many articles lost text, file and place in feeds; none without it. Raises FilesError.

    An article is as old as its publication: so it is the end of each feed that goes, and an archive that a source puts
    up anew goes too. Files go before texts: after a kill in between, what has its text is looked at again.
    """
    last, pruned = None, 0
    while ids := prune_some(app, last):
        last = ids[-1]
        pruned += len(ids)
    publish_changed(app)
    return pruned


def prune_some(app: App, after: str | None) -> tuple[str, ...]:
    """Ids, in their order, of the next articles behind `after` that `retention` takes; their feeds are only marked.

    They are let go of then. () where there are none. Raises FilesError.
    """
    retention = app.settings.retention
    if retention is None:
        return ()
    old = app.store.maintenance.old_articles(app.clock() - retention, after, BATCH)
    if old:
        with alone(app):
            files.remove(app.articles_root, old.values())
            app.store.maintenance.prune(tuple(old))
    return tuple(sorted(old))


def mend_articles(app: App, ids: Collection[str]) -> int:
    """Write the files of these articles where they are not as the database has them; how many. Raises FilesError."""
    with alone(app):
        wanted = (article_file(article, app.settings.articles) for article in app.store.articles.by_ids(ids))
        return len(files.write(app.articles_root, wanted))


def mend_feed(app: App, name: str) -> int:
    """Write the files of a category's feed where they are not as the database has them; how many. Raises FilesError."""
    with alone(app):
        return len(files.write(app.feeds_root, feeds_of(app, name)))


def mend_list_of_feeds(app: App) -> int:
    """Write the list of all feeds where it is not as the database has it; how many files. Raises FilesError."""
    with alone(app):
        return len(files.write(app.feeds_root, [list_of_feeds(app, app.store.feeds.categories())]))


def verify(app: App, *, repair: bool = False) -> Iterator[Difference]:
    """Every difference, as it is found, and with `repair` mended as far as it can be.

    Nobody publishes meanwhile. Raises StoreError where the database itself is damaged, FilesError.
    """
    app.store.database.check()
    with alone(app):
        yield from _nameless(app, repair)
        yield from _misplaced(app, repair)
    if repair:
        publish_changed(app)  # the feeds that articles were put into or taken from
    with alone(app):
        yield from _article_files(app, repair)
        yield from _surplus_articles(app, repair)
        yield from _feed_files(app, repair)
        yield from _surplus_feeds(app, repair)


def _nameless(app: App, repair: bool) -> Iterator[Difference]:
    """Articles without keys: their entries would come again as new ones."""
    last: str | None = None
    while batch := app.store.maintenance.articles_without_keys(last, BATCH):
        last = batch[-1].id
        if repair:
            app.store.maintenance.add_keys([replace(one, keys=keys(one.draft, one.fingerprint)) for one in batch])
        mended = "keys written" if repair else ""
        for one in batch:
            yield Difference(subject=one.id, fault="this article has no keys to know it by", mended=mended)


def _misplaced(app: App, repair: bool) -> Iterator[Difference]:
    """Articles whose categories are not those of their sources."""
    last: str | None = None
    while batch := app.store.maintenance.placements(last, BATCH):
        last = batch[-1].id
        wrong = [one for one in batch if one.actual != one.wanted]
        if wrong and repair:
            app.store.maintenance.place(wrong)
        for one in wrong:
            fault = f"this article stands in {_named(one.actual)} but belongs in {_named(one.wanted)}"
            yield Difference(subject=one.id, fault=fault, mended="put there" if repair else "")


def _named(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "no category"


def _article_files(app: App, repair: bool) -> Iterator[Difference]:
    for batch in all_articles(app):
        wrong = dict(_differing_articles(app, batch))
        waiting = app.store.maintenance.pending(tuple(wrong))
        yield from _files(app.articles_root, [one for name, one in wrong.items() if name not in waiting], repair)


def _differing_articles(app: App, batch: Iterable[StoredArticle]) -> Iterator[tuple[str, tuple[OutputFile, bool]]]:
    ids = {article.path: article.id for article in batch}
    wanted = (article_file(article, app.settings.articles) for article in batch)
    for file, there in files.differing(app.articles_root, wanted):
        yield ids[file.path], (file, there)


def _feed_files(app: App, repair: bool) -> Iterator[Difference]:
    current = app.store.feeds.categories()
    for name in current:
        wrong = tuple(files.differing(app.feeds_root, feeds_of(app, name)))
        if wrong and name not in _pending_categories(app):
            yield from _files(app.feeds_root, wrong, repair)
    wrong = tuple(files.differing(app.feeds_root, [list_of_feeds(app, current)]))
    if wrong and not _pending_categories(app):
        yield from _files(app.feeds_root, wrong, repair)


def _pending_categories(app: App) -> frozenset[str]:
    return frozenset(name for name, _ in app.store.outbox.categories())


def _files(root: Path, wrong: Iterable[tuple[OutputFile, bool]], repair: bool) -> Iterator[Difference]:
    """The differences of these files, each with whether another is in its place."""
    for file, there in wrong:
        if repair:
            files.write(root, [file])
        fault = "its bytes are not those of the database" if there else "missing"
        yield Difference(subject=_shown(root, file.path), fault=fault, mended="written" if repair else "")


def _surplus_articles(app: App, repair: bool) -> Iterator[Difference]:
    """Files that no article has. In a folder outside storage, as a site's, others keep files too: not our business."""
    root = app.articles_root
    shared = not root.resolve().is_relative_to(Path(app.settings.storage).resolve())
    paths = files.listed(root)
    while batch := tuple(islice(paths, BATCH)):
        owned = app.store.maintenance.owned_paths(batch)
        for path in batch:
            if files.is_temporary(path):
                yield _surplus(root, path, "a killed process left it", repair)
            elif not owned.get(path, True):
                yield _surplus(root, path, "its article was pruned", repair)
            elif path not in owned and not shared:
                yield _foreign(root, path)


def _surplus_feeds(app: App, repair: bool) -> Iterator[Difference]:
    root, current = app.feeds_root, app.store.feeds.categories()
    stale = frozenset(stale_feeds(app, current)) if not _pending_categories(app) else frozenset()
    ours = {f"{name}.{known.suffix}" for name in (*current, *app.store.feeds.dropped_categories()) for known in FORMATS}
    for path in files.listed(root):
        if files.is_temporary(path):
            yield _surplus(root, path, "a killed process left it", repair)
        elif path in stale:
            yield _surplus(root, path, "its category or format is not published any more", repair)
        elif path not in ours and path != LIST_OF_FEEDS:
            yield _foreign(root, path)


def _surplus(root: Path, path: str, fault: str, repair: bool) -> Difference:
    if repair:
        files.remove(root, [path])
    return Difference(subject=_shown(root, path), fault=fault, mended="removed" if repair else "")


def _foreign(root: Path, path: str) -> Difference:
    return Difference(subject=_shown(root, path), fault="nothing in the database has this file; move it away yourself")


def _shown(root: Path, path: str) -> str:
    return str(root / path)
