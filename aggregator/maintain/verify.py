"""Compares the database with the files of articles and feeds, and repairs what differs. Shell.

The database is the truth: files are made from it, and only files that it knows are ever removed. Everything goes in
batches, so that memory does not grow with the archive. What is marked to be published may differ and is passed over.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from dataclasses import replace as replace_field
from itertools import chain, islice
from typing import Any

from msgspec.structs import replace

from aggregator.app import App
from aggregator.dedupe import keys
from aggregator.errors import FilesError
from aggregator.files import is_temporary
from aggregator.model import OutputFile, StoredArticle
from aggregator.output_folder import OutputFolder
from aggregator.publish.after import note_changed
from aggregator.publish.archives import archive_files, archive_pages, page_of
from aggregator.publish.articles import all_articles, article_files
from aggregator.publish.feeds import FEED_LIST, feed_list, feeds_of, stale_feeds
from aggregator.publish.outbox import BATCH, UnwrittenError, publish_changed, publishing_lock
from aggregator.publish.translations import known_languages
from aggregator.render import FORMATS
from aggregator.translation import original_path, translated_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference from the database; `action` says what was done about it, "" for nothing."""

    subject: str  # a path, or an article's id
    fault: str
    action: str = ""

    def __str__(self) -> str:
        subject = self.subject if self.subject.isprintable() else ascii(self.subject)  # others may name files here
        return f"{subject}: {self.fault}" + (f"; {self.action}" if self.action else "")


def differences(app: App, *, repair: bool = False) -> Iterator[Difference]:
    """Yield every difference, with `repair` after repairing what can be repaired.

    No other process publishes meanwhile. Raises StoreError if the database itself is damaged, FilesError if no file can
    be written.
    """
    app.store.database.check()
    with publishing_lock(app):
        yield from _articles_without_keys(app, repair)
        yield from _misplaced_articles(app, repair)
        yield from _unsearchable_articles(app, repair)
    if repair:
        yield from _publish_pending(app)  # also the feeds that articles were put into or taken from
    with publishing_lock(app):
        app.article_folder.refresh()
        app.feed_folder.refresh()
        for difference in chain(_article_files(app, repair), _surplus_articles(app, repair)):
            if difference.action:
                note_changed(app)
            yield difference
        yield from _feed_files(app, repair)
        yield from _surplus_feeds(app, repair)


def _publish_pending(app: App) -> Iterator[Difference]:
    pending, failure = tuple(_pending(app)), ""
    try:
        publish_changed(app)
    except UnwrittenError as error:
        failure = f": {error}"
    unwritten = frozenset(_pending(app)) if failure else frozenset()
    for subject in pending:
        if subject not in unwritten:
            yield Difference(subject=subject, fault="its publication was pending", action="published")
    for subject in sorted(unwritten):
        yield Difference(subject=subject, fault=f"its publication is pending{failure}")


def _pending(app: App) -> Iterator[str]:
    """Yield the paths of the articles, and the categories, that are marked to be published."""
    last = ""
    while batch := app.store.outbox.articles(BATCH, last):
        last = batch[-1][1].id
        yield from (app.article_folder.name(article.path) for article, _ in batch)
    yield from (f"the feeds of {name}" for name, _ in app.store.outbox.categories())


def _articles_without_keys(app: App, repair: bool) -> Iterator[Difference]:
    """Yield articles without keys: their entries would be recorded as new ones."""
    last: str | None = None
    while batch := app.store.maintenance.articles_without_keys(last, BATCH):
        last = max(keyed.id for keyed in batch.values())
        if repair:
            app.store.maintenance.add_keys(
                [replace(keyed, keys=keys(keyed.draft, keyed.fingerprint)) for keyed in batch.values()]
            )
        for path in batch:
            fault = "this article has no keys to know it by"
            yield Difference(subject=path, fault=fault, action="keys written" if repair else "")


def misplaced(app: App, after: str | None, *, repair: bool = False) -> tuple[str | None, Sequence[Difference]]:
    """Return those of the next articles whose categories are not those of their sources, and the last id; None: end."""
    batch = app.store.maintenance.placements(after, BATCH)
    wrong = [placed for placed in batch if placed.actual != placed.expected]
    if wrong and repair:
        app.store.maintenance.place(wrong)
    differences: list[Difference] = []
    for placed in wrong:
        names = (placed.actual, placed.expected)
        actual, expected = (", ".join(sorted(group)) or "no category" for group in names)
        fault = f"this article stands in {actual} but belongs in {expected}"
        differences.append(Difference(subject=placed.id, fault=fault, action="put there" if repair else ""))
    return (batch[-1].id if batch else None), differences


def unsearchable(app: App, after: str | None) -> tuple[str | None, Sequence[Difference]]:
    """Return those of the next articles whose terms are not those of their texts, and the last id; None: the end."""
    last, ids = app.store.search.differing(after)
    fault = "the search does not have this article as it is"
    return last, [Difference(subject=article_id, fault=fault) for article_id in ids]


def _misplaced_articles(app: App, repair: bool) -> Iterator[Difference]:
    last, differences = misplaced(app, None, repair=repair)
    while last is not None:
        yield from differences
        last, differences = misplaced(app, last, repair=repair)


def _unsearchable_articles(app: App, repair: bool) -> Iterator[Difference]:
    """Yield articles whose terms for the search are not those of their texts; with `repair` the index is made anew."""
    differing: list[Difference] = []
    last, differences = unsearchable(app, None)
    while last is not None:
        differing += differences
        last, differences = unsearchable(app, last)
    if repair:
        app.store.search.repair()
    yield from (replace_field(difference, action="indexed anew" if repair else "") for difference in differing)


def different_articles(app: App, batch: Sequence[StoredArticle], *, repair: bool = False) -> Iterator[Difference]:
    """Yield the files of these articles that differ."""
    languages = known_languages(app)
    ids = {article.path: article.id for article in batch}
    different = [
        (ids.get(file.path) or ids[original_path(file.path, languages)], file, exists)
        for file, exists in app.article_folder.differing(article_files(app, batch))
    ]
    pending = app.store.maintenance.pending(tuple(article_id for article_id, *_ in different))
    unmarked = [(file, exists) for article_id, file, exists in different if article_id not in pending]
    yield from _different_files(app.article_folder, unmarked, repair)


def _article_files(app: App, repair: bool) -> Iterator[Difference]:
    for batch in all_articles(app, BATCH):
        yield from different_articles(app, batch, repair=repair)


def different_feeds(
    app: App, name: str, outputs: Iterable[OutputFile], *, repair: bool = False
) -> Sequence[Difference]:
    """Return those of these files of a category's feeds and their archives that differ."""
    different = tuple(app.feed_folder.differing(outputs))
    if not different or name in _pending_categories(app):
        return ()
    return tuple(_different_files(app.feed_folder, different, repair))


def different_feed_list(app: App, *, repair: bool = False) -> Sequence[Difference]:
    """Return the list of all feeds if it differs."""
    different = tuple(app.feed_folder.differing([feed_list(app, app.store.feeds.categories())]))
    if not different or _pending_categories(app):
        return ()
    return tuple(_different_files(app.feed_folder, different, repair))


def _feed_files(app: App, repair: bool) -> Iterator[Difference]:
    for name in app.store.feeds.categories():
        pages = (outputs for page, outputs in archive_files(app, name) if not page.pending)
        yield from different_feeds(app, name, chain(feeds_of(app, name), *pages), repair=repair)
    yield from different_feed_list(app, repair=repair)


def _pending_categories(app: App) -> frozenset[str]:
    return frozenset(name for name, _ in app.store.outbox.categories())


def _different_files(
    folder: OutputFolder, different: Iterable[tuple[OutputFile, bool]], repair: bool
) -> Iterator[Difference]:
    """Yield the differences of these files, each with whether a file exists in its place."""
    for file, exists in different:
        fault = "its bytes are not those of the database" if exists else "missing"
        yield _repaired(Difference(subject=folder.name(file.path), fault=fault), "written", folder.write, file, repair)


def _surplus_articles(app: App, repair: bool) -> Iterator[Difference]:
    """Yield files without an article. A folder outside storage, such as a site's, may hold other files: they stay."""
    folder = app.article_folder
    paths = folder.listed()
    languages = known_languages(app)
    while batch := tuple(islice(paths, BATCH)):
        originals = {path: original_path(path, languages) for path in batch}
        owned = app.store.maintenance.owned_paths({*batch, *originals.values()})
        translations = app.store.translations.of_paths(owned) if languages else ()
        translated = {translated_path(path, language) for path, language in translations}
        for path in batch:
            original = path if path in owned else originals[path]
            if is_temporary(path):
                yield _surplus(folder, path, "a killed process left it", repair)
            elif not owned.get(original, True):
                yield _surplus(folder, path, "its article was pruned, dropped or withdrawn", repair)
            elif original in owned and path not in {original, *translated}:
                yield _surplus(folder, path, "its article is not translated into this language any more", repair)
            elif original not in owned and app.owns_article_folder:
                yield _foreign(folder, path)


def _surplus_feeds(app: App, repair: bool) -> Iterator[Difference]:
    folder, current = app.feed_folder, app.store.feeds.categories()
    stale = frozenset(stale_feeds(app, current, current)) if not _pending_categories(app) else frozenset()
    names = (*current, *app.store.feeds.dropped_categories())
    languages = known_languages(app)
    names = (*names, *(f"{name}.{language}" for name in names for language in languages))
    owned = {FEED_LIST, *(f"{name}.{format_.suffix}" for name in names for format_ in FORMATS)}
    pages = {f"{name}/{number}": has_articles for name in current for number, has_articles in archive_pages(app, name)}
    for path in folder.listed():
        if is_temporary(path):
            yield _surplus(folder, path, "a killed process left it", repair)
        elif path in stale:
            yield _surplus(folder, path, "its category, language or format is not published any more", repair)
        elif path not in owned and (page := page_of(path)) not in pages:
            yield _foreign(folder, path)
        elif path not in owned and not pages[page]:
            yield _surplus(folder, path, "no article of its page is left", repair)


def _surplus(folder: OutputFolder, path: str, fault: str, repair: bool) -> Difference:
    return _repaired(Difference(subject=folder.name(path), fault=fault), "removed", folder.remove, path, repair)


def _repaired(
    difference: Difference, action: str, work: Callable[[Iterable[Any]], object], subject: object, repair: bool
) -> Difference:
    """Return the difference with what was done about it; one that cannot be repaired does not stop the others."""
    if not repair:
        return difference
    try:
        work([subject])
    except FilesError as error:
        if error.stops_all:
            raise
        return replace_field(difference, fault=f"{difference.fault}; {error}")
    return replace_field(difference, action=action)


def _foreign(folder: OutputFolder, path: str) -> Difference:
    return Difference(subject=folder.name(path), fault="nothing in the database has this file; move it away yourself")
