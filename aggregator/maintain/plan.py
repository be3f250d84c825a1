"""Prediction of what taking up a configuration changes, before any source is asked. Shell.

The configuration is taken up by the same code as at a reload, but on a copy of the database (SQLite) or in a
transaction that is rolled back (PostgreSQL), and with a folder of its own for files, which are compared with the real
ones.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aggregator import files
from aggregator.app import FEEDS, article_folder, feed_folder, opened_bucket, opened_with, with_noted_url
from aggregator.clock import Clock, utc_now
from aggregator.maintain.prune import is_shortened
from aggregator.model import OutputFile, Source
from aggregator.names import ALL
from aggregator.output_folder import OutputFolder
from aggregator.publish import publish_changed
from aggregator.publish.outbox import BATCH, STYLE, style_of
from aggregator.render import FORMATS
from aggregator.settings import Settings, SourceSettings
from aggregator.source_changes import NewSource, SourceChanges, SourceRow, SourceUpdate
from aggregator.store import Store
from aggregator.store.backup import snapshot, sqlite_path
from aggregator.sync import changes_of

Pairs = tuple[tuple[str, str], ...]

_DERIVED = ("categories", "tags")  # settings that a source without its own makes from its name


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Changes that taking up a configuration makes; sources by name, categories by file name."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    renamed: Pairs = ()  # old and new names
    changed: Mapping[str, tuple[str, ...]]  # sources with other settings, and the names of these
    added_categories: tuple[str, ...] = ()
    removed_categories: tuple[str, ...] = ()  # their pages and feeds answer 410
    renamed_categories: Pairs = ()  # pages and feeds of the old name answer 301
    rewritten: int = 0  # existing files of articles whose bytes change
    written: int = 0  # articles, all of them, that are written into another folder, which has none yet
    rewritten_feeds: int = 0  # existing files of feeds whose bytes change
    removed_feeds: int = 0  # those in formats that are not published any more
    dropped: int = 0  # articles that rules drop then, and did not drop before
    returned: int = 0  # articles that rules dropped, and do not drop any more
    removed_translations: int = 0  # in languages that their sources do not name any more
    pruned: int = 0  # articles that a retention removes which was set or shortened


def plan(settings: Settings, environ: Mapping[str, str], clock: Clock = utc_now) -> Plan:
    """Return what taking up these settings would change; nothing is changed. Raises StoreError, FilesError."""
    with TemporaryDirectory(prefix="aggregator-plan-") as name, _trial_store(settings, Path(name)) as store:
        configured = [Source(settings=source) for source in settings.sources]
        changes = changes_of(store, configured, settings.fetch, settings.rules)
        rows = {row.id: row for row in store.configuration.sources(settings.sources)}
        dropped = {category.name for category in store.configuration.categories() if not category.present}
        translations, was_dropped = store.translations.count(), store.rulings.all_dropped()
        published = _published(settings, environ, clock, store, Path(name))
        pruned = _pruned(settings, store, clock)
        removed, is_dropped = translations - store.translations.count(), store.rulings.all_dropped()
    return Plan(
        dropped=len(is_dropped - was_dropped),
        returned=len(was_dropped - is_dropped),
        removed_translations=removed,
        pruned=pruned,
        **published,
        **_sources(changes, rows),
        **_categories(changes, dropped),
    )


@contextmanager
def _trial_store(settings: Settings, folder: Path) -> Iterator[Store]:
    """Give a store with the content of the configured one, whose changes are lost at the end."""
    url = settings.database or ""
    if sqlite_path(url) is None:
        with suppress(_RollBack), Store.open(url) as store, store.together():  # raised below, to lose the changes
            yield store
            raise _RollBack
    else:
        copy = folder / "copy.db"
        snapshot(url, copy)
        with Store.open(f"sqlite:///{copy}") as store:
            yield store


class _RollBack(Exception):  # noqa: N818  # it ends a transaction, and is no error
    """Ends a transaction without effect."""


def _published(
    settings: Settings, environ: Mapping[str, str], clock: Clock, store: Store, folder: Path
) -> dict[str, Any]:
    """Publish by these settings into `folder`; return the fields of the plan about files, by the real ones."""
    settings = with_noted_url(store, settings)
    articles = settings.articles.model_copy(update={"path": str(folder / "articles"), "after": None})
    trial = settings.model_copy(update={"storage": str(folder), "articles": articles})
    shared = store.jobs.are_shared
    is_restyled = store.meta.get(STYLE) != style_of(settings, shared=shared)
    if not is_restyled:  # else everything is published anew
        store.meta.set(STYLE, style_of(trial, shared=shared))
    with opened_with(trial, environ, clock, store=store) as app:
        publish_changed(app)
    with opened_bucket(settings, environ, store, clock) as bucket:
        present, feeds = article_folder(settings, bucket), feed_folder(settings, bucket)
        absent = {f".{format_.suffix}" for format_ in FORMATS if format_.name not in settings.feeds.formats}
        _, total = store.maintenance.count_articles(clock())
        return {
            "rewritten": _differing(folder / "articles", present),
            "written": total if is_restyled and next(present.listed(), None) is None else 0,
            "rewritten_feeds": _differing(folder / FEEDS, feeds),
            "removed_feeds": sum(Path(path).suffix in absent for path in feeds.listed()),
        }


def _pruned(settings: Settings, store: Store, clock: Clock) -> int:
    """Return the number of articles that the retention removes, if it is another one than prunes them anyway."""
    retention = settings.retention
    if retention is None or not is_shortened(store, retention):
        return 0
    before = clock() - retention
    old, _ = store.maintenance.count_articles(before)
    old_dropped, _ = store.maintenance.count_dropped(before, None)
    return old + old_dropped


def _differing(trial: Path, present: OutputFolder) -> int:
    """Return how many files that are present have other bytes in the trial."""
    paths, count = files.listed(trial), 0
    while batch := tuple(islice(paths, BATCH)):
        outputs = [OutputFile(path=path, data=(trial / path).read_bytes()) for path in batch]
        count += sum(exists for _, exists in present.differing(outputs))
    return count


def _sources(changes: SourceChanges, rows: Mapping[int, SourceRow]) -> dict[str, Any]:
    """Return the fields of the plan about sources; `rows` are the stored sources by id."""
    present = [update for update in changes.updated if rows[update.id].present]
    returned = [update for update in changes.updated if not rows[update.id].present]
    added: list[NewSource | SourceUpdate] = [*changes.added, *returned]
    added.sort(key=lambda source: source.ordinal)
    changed = {_name(update.settings): _changed_settings(update.before, update.settings) for update in present}
    names = [(_name(update.before), _name(update.settings)) for update in present]
    return {
        "added": tuple(_name(source.settings) for source in added),
        "removed": tuple(_name(rows[source_id].settings) for source_id in changes.removed),
        "renamed": tuple((before, now) for before, now in names if before != now),
        "changed": {name: settings for name, settings in changed.items() if settings},
    }


def _categories(changes: SourceChanges, dropped: Collection[str]) -> dict[str, Any]:
    """Return the fields of the plan about categories; `dropped` are those that had been dropped before."""
    successors = {update.name: update.successor for update in changes.updated_categories if not update.present}
    returned = [update.name for update in changes.updated_categories if update.present and update.name in dropped]
    new = [*(name for name, _ in changes.new_categories if name != ALL), *returned]
    return {
        "added_categories": tuple(name for name in new if name not in successors.values()),
        "removed_categories": tuple(name for name, successor in successors.items() if not successor),
        "renamed_categories": tuple((name, successor) for name, successor in successors.items() if successor),
    }


def _name(settings: SourceSettings) -> str:
    return settings.name or ""


def _changed_settings(before: SourceSettings, now: SourceSettings) -> tuple[str, ...]:
    """Return the names of settings that differ, without the name and what only follows from it."""
    return tuple(
        name
        for name in SourceSettings.model_fields
        if name != "name"
        and getattr(before, name) != getattr(now, name)
        and not (name in _DERIVED and getattr(before, name) == (before.name,) and getattr(now, name) == (now.name,))
    )
