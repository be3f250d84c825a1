"""Work off the marks that recording leaves in the outbox. Shell.

A mark is removed only when its files are on disk; after a crash in between, the next run writes the same bytes again.
One process at a time publishes, in a cluster one at a time a subject: an older state must not be written over a newer
one.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from aggregator import __version__, files
from aggregator.app import App
from aggregator.errors import FilesError, SupersededError
from aggregator.first_publication import prepare
from aggregator.model import Job, Mark
from aggregator.output_folder import Folder
from aggregator.publish.rules import apply_rules
from aggregator.settings import Settings
from aggregator.settings.form import differing, form_of
from aggregator.store import Moments

if TYPE_CHECKING:  # it loads the renderer
    from aggregator.publish.articles import Written
    from aggregator.publish.marks import MarkKind

STYLE = "style"  # note: digest of what shaped the files that were published last
PREPARE = Job("prepare")
MARKED_AT_ONCE = 1_000  # articles whose rows one transaction locks
BATCH = 50  # articles in memory at once: four times as many are no faster, and take 3 MB
SHARED_AGE = timedelta(seconds=10)  # of a feed that is rendered again, where several processes publish
ATTEMPTS = 5  # to write an object that other processes write, too; then the mark waits for the next time
MAX_FAILURES = 20  # files that cannot be written before publishing gives up until the next time

WriteFiles = Callable[[App, Sequence[Any]], "Written"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Numbers of files that were written because their bytes differed."""

    articles: int = 0
    feeds: int = 0

    def __add__(self, other: "Published") -> "Published":
        return Published(articles=self.articles + other.articles, feeds=self.feeds + other.feeds)


class UnwrittenError(FilesError):
    """Some files could not be written, all others were; `published` says how many."""

    def __init__(self, failures: Sequence[FilesError], published: Published) -> None:
        self.published = published
        more = f"; and {len(failures) - 1} more files" if len(failures) > 1 else ""
        super().__init__(f"{failures[0]}{more}", cause=failures[0].cause)


def _ignore(joined: int) -> None:
    """Count nothing."""


def publish_changed(app: App, count_joined: Callable[[int], None] = _ignore, *, waits: bool = False) -> Published:
    """Publish what is marked, or everything if the settings that shape all files changed.

    With `waits` feeds stay marked until they are `feeds.min_age` old. `count_joined` gets the number of new articles
    that turned out to be another source's, before any file is written. Raises UnwrittenError if some files could not be
    written, after all others were, FilesError if none can be. What is not on disk by then stays marked.
    """
    with publishing_lock(app):
        count_joined(prepare(app.store, near_duplicates=app.settings.dedupe == "near"))
        apply_rules(app, BATCH)
        return _with_marked(app, _publish_restyled(app), _rested(app) if waits else None)


def publish_all(app: App) -> Published:
    """Write every article and feed again from the database, and remove the files of dropped categories.

    Raises as `publish_changed` does.
    """
    with publishing_lock(app):
        prepare(app.store, near_duplicates=app.settings.dedupe == "near")
        apply_rules(app, BATCH)
        return _with_marked(app, _write_all(app))


def publish_subject(app: App, job: Job, count_joined: Callable[[int], None] = _ignore) -> Published | None:
    """Do the work of a job of a cluster; return None if another process is at it.

    Raises as `publish_changed` does, and StoreError if another process may have been at it meanwhile.
    """
    from aggregator.publish.marks import KINDS_OF_TASK

    if foreign_settings(app):  # others write these files, or this process does once it has the stored settings
        return None
    with app.store.jobs.turn(job.name) as is_free:
        if not is_free:
            return None
        match job.task:
            case "prepare":
                count_joined(prepare(app.store, near_duplicates=app.settings.dedupe == "near"))
                apply_rules(app, BATCH)
                return Published()
            case "restyle":
                _mark_restyled(app)
                return Published()
        with app.store.jobs.turn(PREPARE.name, waits=True) if app.has_rules else nullcontext():
            apply_rules(app, BATCH)
        return _publish_marked(app, KINDS_OF_TASK[job.task], job.subject, _rested(app))


def foreign_settings(app: App) -> tuple[str, ...]:
    """Return the names of the settings by which this process would write other files than those of its cluster."""
    form = app.store.settings.form() if app.store.jobs.are_shared else None
    return differing(form, form_of(app.settings)) if form else ()


def remove_temporary_files(app: App) -> None:
    """Remove the temporary files of killed processes. Raises FilesError."""
    with publishing_lock(app):
        for folder in (app.article_folder, app.feed_folder, Folder(app.pictures_root)):
            folder.sweep()


@contextmanager
def publishing_lock(app: App) -> Iterator[None]:
    """Hold the lock for writing and removing files: a second process waits. It must not be held already."""
    with files.lock(app.local_folder / ".publishing.lock"), app.store.jobs.all_turns():
        app.begin_output()
        yield


def _publish_restyled(app: App) -> Published:
    """Write everything again if what shapes all files (version, titles, addresses, layouts) changed.

    After a change to `dedupe: exact`, articles that were found to be near duplicates leave their clusters.
    """
    style, before = style_of(app.settings, shared=app.store.jobs.are_shared), app.store.meta.get(STYLE)
    if style == before:
        return Published()
    if app.settings.dedupe == "exact":
        app.store.articles.dissolve_clusters()
    published = _write_all(app) if before else Published()
    app.store.meta.set(STYLE, style)
    return published


def _mark_restyled(app: App) -> None:
    """Mark everything, as jobs write it, if what shapes all files changed."""
    style, before = style_of(app.settings, shared=app.store.jobs.are_shared), app.store.meta.get(STYLE)
    if style == before:
        return
    if app.settings.dedupe == "exact":
        app.store.articles.dissolve_clusters()
    if before:
        app.begin_output()
        app.article_folder.refresh()
        app.feed_folder.refresh()
        article_id: str | None = ""
        while article_id is not None:
            article_id = app.store.outbox.mark_page(article_id, MARKED_AT_ONCE)
        app.store.archive.mark_all()
        app.store.outbox.mark_categories((), names=app.store.feeds.categories())
    app.store.meta.set(STYLE, style)


def style_of(settings: Settings, *, shared: bool) -> str:
    """Return a digest of what shapes all files; the same on each machine if several processes write them."""
    if shared:
        text = json.dumps([__version__, form_of(settings)], sort_keys=True)
        return blake2b(text.encode(), digest_size=16).hexdigest()
    articles = settings.articles.model_copy(update={"after": None})
    feeds = settings.feeds.model_copy(update={"min_age": None})
    shaping: list[object] = [__version__, settings.title, settings.public_url, articles, feeds]
    shaping += [settings.dedupe, settings.bucket]
    return blake2b(repr(shaping).encode(), digest_size=16).hexdigest()


def _write_all(app: App) -> Published:
    """Write every article, and mark all feeds and those articles whose files cannot be written."""
    from aggregator.publish.articles import all_articles, write_articles

    count = 0
    app.article_folder.refresh()
    app.feed_folder.refresh()
    for batch in all_articles(app, BATCH):
        try:
            count += write_articles(app, batch).files
        except FilesError as error:
            if error.stops_all:
                raise
            count += error.written
            app.store.outbox.mark_articles([article.id for article in batch])
    app.store.archive.mark_all()
    app.store.outbox.mark_categories((), names=app.store.feeds.categories())
    return Published(articles=count)


def _rested(app: App) -> Moments | None:
    """Return the two moments between which a feed must not have been rendered to be rendered now; None: it may be."""
    age, now = app.settings.feeds.min_age, app.clock()
    if age is None and app.store.jobs.workers() > 1:
        age = SHARED_AGE
    return (now - age, now) if age else None


def _with_marked(app: App, published: Published, unrendered: Moments | None = None) -> Published:
    """Work off the marks, and return what was written, with what was `published` before. Raises as _publish_marked."""
    try:
        return published + _publish_marked(app, unrendered=unrendered)
    except UnwrittenError as error:
        error.published += published
        raise


def _publish_marked(
    app: App, kinds: Iterable[str] = (), subject: str = "", unrendered: Moments | None = None
) -> Published:
    """Work off the marks, all or those of these kinds, all or those of one subject.

    Feeds that were rendered between the moments of `unrendered` stay marked. Raises UnwrittenError at the end if some
    files could not be written: their marks stay.
    """
    if not (subject or _has_marks(app, unrendered)):
        return Published()
    # Imported with the first mark: a round in which nothing is new does without the renderer.
    from aggregator.publish.marks import KINDS

    written, failures = dict.fromkeys(KINDS, 0), list[FilesError]()
    for _ in range(ATTEMPTS):
        superseded: list[Mark] = []
        for name in kinds or KINDS:
            for pending in _batches(app, KINDS[name], subject, unrendered):
                written[name] += _work_off(app, KINDS[name].work, pending, failures, superseded)
        if not superseded:
            break
        _renew(app, superseded)
        failures.clear()  # they are tried again, too
    published = Published(articles=written["article"], feeds=written["category"])
    if failures:
        raise UnwrittenError(failures, published)
    return published


def _batches(
    app: App, kind: "MarkKind", subject: str, unrendered: Moments | None
) -> Iterator[Sequence[tuple[Any, Mark]]]:
    after = ""
    while True:
        app.begin_output()
        if not (pending := kind.pending(app, BATCH, after, subject, unrendered)):
            return
        yield pending
        after = pending[-1][1].id


def _has_marks(app: App, unrendered: Moments | None) -> bool:
    outbox, rulings = app.store.outbox, app.store.rulings
    return bool(outbox.articles(1) or outbox.categories(unrendered=unrendered) or rulings.dropped(1))


def _work_off(
    app: App,
    work: WriteFiles,
    pending: Sequence[tuple[Any, Mark]],
    failures: list[FilesError],
    superseded: list[Mark],
) -> int:
    """Return the number of files written for these subjects; those that cannot be written go one by one."""
    try:
        result = work(app, [subject for subject, _ in pending])
    except SupersededError:
        superseded += (mark for _, mark in pending)
        return 0
    except FilesError as error:
        if error.stops_all:
            raise
        if len(pending) > 1:
            count = sum(_work_off(app, work, [subject], failures, superseded) for subject in pending)
            return error.written + count
        failures.append(error)
        if len(failures) == MAX_FAILURES:  # it is the folder, or all of the disk
            raise error from None
        return error.written
    app.store.outbox.published([mark for _, mark in pending], app.clock(), result.digests)
    return result.files


def _renew(app: App, marks: Sequence[Mark]) -> None:
    """Set the marks again: another process may have removed them, for files that are not there any more."""
    app.store.outbox.mark_articles([mark.id for mark in marks if mark.kind == "article"])
    app.store.outbox.mark_categories((), names=[mark.id for mark in marks if mark.kind == "category"])
