"""Compares the database with its files beside all other work, one part after the other. Shell.

It is done by a job of a cluster, and changes nothing. Files are compared a few at a time while this process has the
turn of their subject, so that nobody writes them meanwhile; what is marked to be written is passed over. Files that
nothing in the database has, and articles without keys, are left to `aggregator verify`: they take a look at everything.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import chain, islice

from aggregator.app import App
from aggregator.maintain.verify import (
    Difference,
    different_articles,
    different_feed_list,
    different_feeds,
    misplaced,
    unsearchable,
)
from aggregator.model import SHARDS, Job, OutputFile, shard_of
from aggregator.names import counted
from aggregator.publish.archives import archive_files
from aggregator.publish.feeds import feeds_of
from aggregator.publish.outbox import BATCH
from aggregator.store.comparisons import Comparison

PARTS = (*SHARDS, "feeds")  # articles by the first digit of their ids, and all feeds
GAP = timedelta(days=1) / len(PARTS)  # between two parts: each is compared once a day
Look = tuple[str | None, Sequence[Difference]]  # the last id of the articles looked at, None at the end
PAGES = 4  # of an archive, compared at once
LOAD = 0.2  # share of the time in which a comparison does something
AGAIN = 1.0  # seconds until another look: a process may write, or have written between two statements of the first one
MAX_NAMED = 20  # differences that the log names

log = logging.getLogger("aggregator")


def is_comparison_due(last: Comparison | None, now: datetime) -> bool:
    """Return True if the next part is to be compared."""
    return last is None or abs(now - last.moment) >= GAP


def compare_next(app: App, is_stopped: Callable[[], bool]) -> None:
    """Compare the part that is due, if one is, and note and log what differs; nothing is noted if it is stopped.

    Raises StoreError, FilesError.
    """
    last = app.store.comparisons.last()
    if not is_comparison_due(last, app.clock()):
        return
    part = PARTS[(PARTS.index(last.part) + 1) % len(PARTS)] if last and last.part in PARTS else PARTS[0]
    differences: list[Difference] = []
    steps = _steps(app, part)
    while not is_stopped():
        started = time.monotonic()
        step = next(steps, None)
        if step is None:
            app.store.comparisons.note(part, len(differences), app.clock())
            _log(differences)
            return
        differences += step
        _rest((time.monotonic() - started) * (1 / LOAD - 1), is_stopped)


def _rest(seconds: float, is_stopped: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while not is_stopped() and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, 0.5))


def _log(differences: Sequence[Difference]) -> None:
    for difference in differences[:MAX_NAMED]:
        log.warning("%s", difference)
    if differences:
        number = counted(len(differences), "difference")
        log.warning("%s between database and files; `aggregator verify --repair` repairs what it can", number)


def _steps(app: App, part: str) -> Iterator[Sequence[Difference]]:
    """Yield the differences of a part, a few of its subjects at a time."""
    if app.bucket and part == PARTS[0]:  # once a day: it lists all objects
        app.begin_output()
        app.article_folder.refresh()
        app.feed_folder.refresh()
        yield ()
    if part not in SHARDS:
        yield from _feeds(app)
        return
    yield from _rows(app, part)
    yield from _files(app, part)


def _rows(app: App, shard: str) -> Iterator[Sequence[Difference]]:
    """Yield the articles of a shard that are in other categories than they should be, or in the search as they were."""
    for page in (misplaced, unsearchable):
        after: str | None = shard
        while after is not None and shard_of(after) == shard:
            start, (after, differences) = after, page(app, after)
            if differences:
                differences = _confirmed(partial(_differences_of, page, app, start), differences)
            yield tuple(difference for difference in differences if shard_of(difference.subject) == shard)


def _differences_of(page: Callable[[App, str], Look], app: App, after: str) -> Sequence[Difference]:
    return page(app, after)[1]


def _confirmed(look: Callable[[], Sequence[Difference]], first: Sequence[Difference]) -> Sequence[Difference]:
    """Return those of the differences that a second look sees, too."""
    time.sleep(AGAIN)
    second = set(look())
    return [difference for difference in first if difference in second]


def _waited() -> Sequence[Difference]:
    """Return nothing, after some time for another process that writes these files: a stop must not wait for it."""
    time.sleep(AGAIN)
    return ()


def _files(app: App, shard: str) -> Iterator[Sequence[Difference]]:
    """Yield the files of articles of a shard that differ."""
    after: str | None = shard
    while after is not None:
        with app.store.jobs.turn(Job("articles", shard).name) as is_free:
            if is_free:
                app.begin_output()
                page = app.store.articles.page(after, BATCH)
                differences = tuple(different_articles(app, [each for each in page if shard_of(each.id) == shard]))
        if not is_free:
            yield _waited()
            continue
        yield differences
        after = page[-1].id if page and shard_of(page[-1].id) == shard else None


def _feeds(app: App) -> Iterator[Sequence[Difference]]:
    """Yield the files of feeds that differ, with those of archives, and the list of all feeds."""
    for name in app.store.feeds.categories():
        outputs, is_over = _outputs(app, name), False
        while not is_over:
            with app.store.jobs.turn(Job("category", name).name) as is_free:
                if is_free:
                    app.begin_output()
                    few = next(outputs, None)
                    is_over, differences = few is None, different_feeds(app, name, few or ())
            yield differences if is_free else _waited()
    if differences := different_feed_list(app):
        yield _confirmed(partial(different_feed_list, app), differences)


def _outputs(app: App, name: str) -> Iterator[Iterable[OutputFile]]:
    """Yield the files of a category's feeds, then those of a few pages of its archive at a time."""
    yield feeds_of(app, name)
    pages = archive_files(app, name)
    while few := tuple(islice(pages, PAGES)):
        yield chain.from_iterable(outputs for page, outputs in few if not page.pending)
