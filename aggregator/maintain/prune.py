"""Applies `retention`: old articles lose their text, their file and their place in feeds, for good. Shell."""

from datetime import timedelta

from aggregator.app import RETENTION, RETENTION_WAITS, App
from aggregator.pictures.cache import cache_of
from aggregator.publish.after import note_changed
from aggregator.publish.outbox import BATCH, publish_changed, publishing_lock

MAX_SHARE = 0.2  # of the articles, that a retention which was set or shortened may prune by itself
DROPPED_FOR = timedelta(days=90)  # time for which articles that rules dropped are kept without a retention


def prune_all(app: App) -> int:
    """Prune all articles that are too old, and publish their feeds; return their number. Raises FilesError.

    The age counts from an article's publication: so the end of each feed goes, and an archive that a source republishes
    goes too.
    """
    count = 0
    while pruned := prune_batch(app):
        count += pruned
    publish_changed(app)
    return count


def retention_problem(app: App) -> str:
    """Return why the retention has to wait for `aggregator prune`, and note it for `/status`; "" if it may prune.

    One that was set or shortened waits if it would remove more than MAX_SHARE of the articles: it may be a mistake.
    """
    retention = app.settings.retention
    if retention is None:
        return ""
    allowed = app.store.meta.get(RETENTION)
    if allowed is None or retention.total_seconds() < float(allowed):
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


def allow_retention(app: App) -> None:
    """Let the present retention prune by itself from now on."""
    if app.settings.retention is not None:
        seconds = str(app.settings.retention.total_seconds())
        if app.store.meta.get(RETENTION) != seconds:
            app.store.meta.set(RETENTION, seconds)


def prune_batch(app: App) -> int:
    """Prune some articles that are too old, and only mark their feeds; return their number, 0 if none is left.

    Files go before texts: after a kill in between, the next run takes the article again. Raises FilesError.
    """
    retention, now = app.settings.retention, app.clock()
    if retention:
        old = app.store.maintenance.old_articles(now - retention, BATCH)
        if not old:
            app.store.maintenance.drop_old_months(now - retention)
            if app.has_translations:
                app.store.translations.forget(now - retention)
    else:
        old = app.store.maintenance.old_articles(None, BATCH, dropped_before=now - DROPPED_FOR)
    if old:
        from aggregator.publish.translations import translated_paths  # a round without old articles does without it

        with publishing_lock(app):
            if app.article_folder.remove(translated_paths(app, old.values())):
                note_changed(app)
            cache_of(app).remove(old)
            app.store.maintenance.prune(tuple(old), now - retention if retention else None)
    return len(old)
