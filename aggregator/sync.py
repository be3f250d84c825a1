"""Configured sources -> database: what differs is written, in one transaction. Shell."""

from collections.abc import Sequence
from datetime import datetime

from aggregator import hub_subscriptions
from aggregator.model import Source
from aggregator.schedule.due import due_by_shorter_interval
from aggregator.settings import Fetch, Settings
from aggregator.settings.form import form_of
from aggregator.settings.rules import Rule
from aggregator.settings.stored import stored_settings
from aggregator.source_changes import SourceChanges, source_changes
from aggregator.store import Store


def sync_settings(store: Store, settings: Settings, now: datetime) -> tuple[Source, ...]:
    """Make the stored sources and categories agree with the settings, and return the sources.

    In a cluster the settings above them are stored in the same transaction: workers go by them.
    """
    sources = tuple(Source(settings=source) for source in settings.sources)
    text = "" if store.has_one_writer else stored_settings(settings)
    form = form_of(settings)
    if not text or (text, form) == (store.settings.get()[1], store.settings.form()):
        sync_sources(store, sources, now, settings.fetch, settings.rules)
        return sources
    with store.together():
        store.configuration.lock()
        sync_sources(store, sources, now, settings.fetch, settings.rules)
        store.settings.put(text, form)
    return sources


def sync_sources(
    store: Store, sources: Sequence[Source], now: datetime, fetch: Fetch, rules: Sequence[Rule] = ()
) -> None:
    """Make the stored sources and categories agree with `sources`; write nothing if they do.

    A source is recognised by its name, else by its URL, and keeps its articles, which follow its categories, tags and
    language. Another URL starts its state anew; a source that is left out is kept, but not fetched. A shorter interval
    counts from the last fetch. Categories that `rules`, those of all sources, name are categories too.
    """
    store.sources.unpaced = unpaced_hosts(fetch)
    if not changes_of(store, sources, fetch, rules):
        return
    with store.together():
        store.configuration.lock()
        changes = changes_of(store, sources, fetch, rules)  # again: another process may have written them meanwhile
        store.configuration.apply(changes, now)
        sooner = store.sources.by_id([source.id for source in changes.updated if source.is_polled_sooner])
        store.sources.reschedule(
            [(stored.source.id, due_by_shorter_interval(stored.source, stored.state, fetch)) for stored in sooner]
        )
        store.hubs.forget([source.id for source in changes.updated if source.at_new_url])
        hub_subscriptions.stop(store, changes.stopped, now, fetch)


def changes_of(store: Store, sources: Sequence[Source], fetch: Fetch, rules: Sequence[Rule] = ()) -> SourceChanges:
    """Return the changes that `sync_sources` would write."""
    configured = [source.settings for source in sources]
    stored, categories = store.configuration.sources(configured), store.configuration.categories()
    return source_changes(configured, stored, categories, unpaced_hosts(fetch), rules)


def unpaced_hosts(fetch: Fetch) -> frozenset[str]:
    """Return the hosts without a rate limit, in lower case."""
    return frozenset(name.lower() for name in fetch.unpaced)
