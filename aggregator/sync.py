"""Configured sources -> database: what differs is written, in one transaction. Shell."""

from collections.abc import Sequence
from datetime import datetime

from aggregator import hub_subscriptions
from aggregator.model import Source
from aggregator.schedule.due import due_by_shorter_interval
from aggregator.settings import Fetch
from aggregator.settings.rules import Rule
from aggregator.source_changes import SourceChanges, source_changes
from aggregator.store import Store


def sync_sources(
    store: Store, sources: Sequence[Source], now: datetime, fetch: Fetch, rules: Sequence[Rule] = ()
) -> None:
    """Make the stored sources and categories agree with `sources`; write nothing if they do.

    A source is recognised by its name, else by its URL, and keeps its articles, which follow its categories, tags and
    language. Another URL starts its state anew; a source that is left out is kept, but not fetched. A shorter interval
    counts from the last fetch. Categories that `rules`, those of all sources, name are categories too.
    """
    unpaced = store.sources.unpaced = frozenset(name.lower() for name in fetch.unpaced)
    if not _changes(store, sources, unpaced, rules):
        return
    with store.together():
        store.configuration.lock()
        changes = _changes(store, sources, unpaced, rules)  # again: another process may have written them meanwhile
        store.configuration.apply(changes, now)
        sooner = store.sources.by_id([source.id for source in changes.updated if source.is_polled_sooner])
        store.sources.reschedule(
            [(stored.source.id, due_by_shorter_interval(stored.source, stored.state, fetch)) for stored in sooner]
        )
        store.hubs.forget([source.id for source in changes.updated if source.at_new_url])
        hub_subscriptions.stop(store, changes.stopped, now, fetch)


def _changes(store: Store, sources: Sequence[Source], unpaced: frozenset[str], rules: Sequence[Rule]) -> SourceChanges:
    configured = [source.settings for source in sources]
    stored, categories = store.configuration.sources(configured), store.configuration.categories()
    return source_changes(configured, stored, categories, unpaced, rules)
