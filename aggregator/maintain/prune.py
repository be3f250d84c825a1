"""Applies `retention`: old articles lose their text, their file and their place in feeds, for good. Shell."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from aggregator.app import RETENTION, RETENTION_WAITS, App
from aggregator.errors import FilesError
from aggregator.pictures.cache import cache_of
from aggregator.publish.after import note_changed
from aggregator.publish.outbox import BATCH, MAX_FAILURES, publish_changed, publishing_lock
from aggregator.store import Store

MAX_SHARE = 0.2  # of the articles, that a retention which was set or shortened may prune by itself
DROPPED_FOR = timedelta(days=90)  # time for which articles that rules dropped are kept without a retention
_Limits = tuple[datetime | None, datetime | None]  # before which articles were published, or dropped, that are too old


def prune_all(app: App) -> int:
    """Prune all articles that are too old, and publish their feeds; return their number.

    The age counts from an article's publication: so the end of each feed goes, and an archive that a source republishes
    goes too. Raises FilesError, at the end if some files could be neither removed nor written.
    """
    count, failures = 0, dict[str, FilesError]()
    while pruned := prune_batch(app, failures):
        count += pruned
    publish_changed(app)
    raise_first(failures)
    return count


def count_old(app: App) -> tuple[int, int]:
    """Return how many articles `prune_all` would prune now, and how many there are; with those that rules dropped."""
    before, dropped_before = _limits(app)
    maintenance = app.store.maintenance
    old, total = maintenance.count_articles(before)
    old_dropped, dropped = maintenance.count_dropped(before, dropped_before)
    return old + old_dropped, total + dropped


def raise_first(failures: Mapping[str, FilesError]) -> None:
    """Raise the first of the failures that `prune_batch` noted, if there are any."""
    for failure in failures.values():
        raise failure


def retention_problem(app: App) -> str:
    """Return why the retention has to wait for `aggregator prune`, and note it for `/status`; "" if it may prune.

    One that was set or shortened waits if it would remove more than MAX_SHARE of the articles: it may be a mistake.
    """
    retention = app.settings.retention
    if retention is None:
        return ""
    if is_shortened(app.store, retention):
        old, total = app.store.maintenance.count_articles(app.clock() - retention)
        if old > MAX_SHARE * total:
            problem = (
                f"`retention` was set or shortened, and would remove {old:,} of {total:,} articles for good; nothing "
                "is pruned until you run `aggregator prune` once (`--dry-run` shows what goes)"
            )
            app.store.meta.set(RETENTION_WAITS, f"{retention.total_seconds()} {problem}")
            return problem
    allow_retention(app)
    return ""


def is_shortened(store: Store, retention: timedelta) -> bool:
    """Return True if the retention was set, or is shorter than the one that prunes by itself."""
    allowed = store.meta.get(RETENTION)
    return allowed is None or retention.total_seconds() < float(allowed)


def allow_retention(app: App) -> None:
    """Let the present retention prune by itself from now on."""
    if app.settings.retention is not None:
        seconds = str(app.settings.retention.total_seconds())
        if app.store.meta.get(RETENTION) != seconds:
            app.store.meta.set(RETENTION, seconds)


def prune_batch(app: App, failures: dict[str, FilesError]) -> int:
    """Prune some articles that are too old, and only mark their feeds; return their number, 0 if none is left.

    Files go before texts: after a kill in between, the next run takes the article again. An article whose file cannot
    be removed stays, and is added to `failures` by its id: the calls of one run share them, and pass these articles
    over. Raises FilesError if there are too many.
    """
    limits = before, _ = _limits(app)
    if not _old_articles(app, limits, failures):
        if before:
            app.store.maintenance.drop_old_months(before)
            if app.has_translations:
                app.store.translations.forget(before)
        return 0
    with publishing_lock(app):
        old = _old_articles(app, limits, failures)  # some that rules had dropped may have returned since
        gone = _without_files(app, old, failures)
        cache_of(app).remove(gone)
        app.store.maintenance.prune(tuple(gone), before)
    return len(gone)


def _limits(app: App) -> _Limits:
    """Return the retention's moment, or where there is none that of dropped articles."""
    now, retention = app.clock(), app.settings.retention
    return (now - retention, None) if retention else (None, now - DROPPED_FOR)


def _old_articles(app: App, limits: _Limits, failures: Collection[str]) -> Mapping[str, str]:
    """Return the paths, by id, of some articles that are too old, without those with these ids."""
    before, dropped_before = limits
    old = app.store.maintenance.old_articles(before, BATCH + len(failures), dropped_before=dropped_before)
    return {article_id: path for article_id, path in old.items() if article_id not in failures}


def _without_files(app: App, old: Mapping[str, str], failures: dict[str, FilesError]) -> Mapping[str, str]:
    """Return those of the articles, paths by ids, whose files are removed now; the others are tried one by one."""
    from aggregator.publish.translations import translated_paths  # a round without old articles does without it

    try:
        if app.article_folder.remove(translated_paths(app, old.values())):
            note_changed(app)
    except FilesError as error:
        note_changed(app)  # those before it may have been removed
        if error.stops_all or len(failures) == MAX_FAILURES:
            raise
        if len(old) == 1:
            failures.update(dict.fromkeys(old, error))
            return {}
        gone = [_without_files(app, {article_id: path}, failures) for article_id, path in old.items()]
        return {article_id: path for part in gone for article_id, path in part.items()}
    return old
