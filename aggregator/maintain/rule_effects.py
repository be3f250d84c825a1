"""Effects of the configured rules on stored entries, without changing anything. Shell."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from aggregator.config import Lines, RuleLines
from aggregator.rules import judge_stored
from aggregator.settings import Settings
from aggregator.source_changes import matching_rows
from aggregator.store import Store
from aggregator.store.backup import sqlite_path
from aggregator.store.dialect import is_missing

BATCH = 100  # entries in memory at once


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryEffects:
    """The rules that apply to a stored entry of a source: the line of each in `feeds.yaml`, and its actions."""

    source: str  # name
    title: str  # as the entry gives it
    link: str
    published: datetime
    rules: tuple[tuple[int | None, tuple[str, ...]], ...] = ()  # line None: in the environment


def rule_effects(settings: Settings, lines: RuleLines, names: Collection[str]) -> Iterator[EntryEffects]:
    """Yield the effects on each stored entry of the sources with these names, newest first, source by source.

    Sources are found in the database as a synchronisation with the configuration would find them. Raises StoreError.
    """
    path = sqlite_path(settings.database or "")
    if path and is_missing(path):
        return
    with Store.open(settings.database or "") as store:
        rows = matching_rows(settings.sources, store.configuration.sources(settings.sources))
        for place, source in enumerate(settings.sources):
            if source.name in names and place in rows:
                entries = _effects(store, rows[place].id, settings, place, (*lines.of_source[place], *lines.of_all))
                yield from sorted(entries, key=lambda entry: entry.published, reverse=True)


def _effects(store: Store, source_id: int, settings: Settings, place: int, lines: Lines) -> Iterator[EntryEffects]:
    source, words = settings.sources[place], settings.articles.summary_words
    last: str | None = None
    while ids := store.rulings.of_source(source_id, last, BATCH):
        last = ids[-1]
        carried_entries = (
            (entry, carried)
            for entry in store.rulings.entries(ids)
            for carried in entry.sources
            if carried.id == source_id  # which may have left the article since
        )
        for entry, carried in carried_entries:
            ruling = judge_stored(entry, carried, source, settings.rules, words)
            yield EntryEffects(
                source=source.name or "",
                title=entry.draft.title,
                link=carried.link,
                published=entry.draft.published,
                rules=tuple((lines[applied.number], applied.actions) for applied in ruling.applied),
            )
