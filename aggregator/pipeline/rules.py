"""Rules on a document's entries, as far as the record depends on them: names of new files, and counts. Shell.

What rules do to articles follows when they are published: `publish.rules`.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from aggregator.app import App
from aggregator.model import Decision, Keyed, New, RecordCounts, Ruling, Source, Updated
from aggregator.render import article_path


def rulings_on_new(app: App, source: Source, decisions: Iterable[Decision]) -> Mapping[str, Ruling]:
    """Return what the source's rules do to its new entries, by the id of their article; nothing without rules."""
    rules = (*source.settings.rules, *app.settings.rules)
    if not rules:
        return {}
    from aggregator.rules import judge

    words = app.settings.articles.summary_words
    new = (decision.keyed for decision in decisions if isinstance(decision, New))
    return {keyed.id: judge(keyed.draft, source.name, rules, words) for keyed in new}


def wanted_path(app: App, source: Source, keyed: Keyed, ruling: Ruling | None) -> str:
    """Return the path that a new article's file should get, by its title and category as published."""
    draft = keyed.draft
    if ruling and ruling.text:
        draft = replace(draft, title=ruling.text.title)
    if ruling and ruling.categories:
        settings = source.settings.model_copy(update={"categories": ruling.categories})
        source = dataclasses.replace(source, settings=settings)
    return article_path(draft, keyed.id, source, app.settings.articles.name)


def without_dropped(
    app: App, counts: RecordCounts, decisions: Sequence[Decision], rulings: Mapping[str, Ruling]
) -> RecordCounts:
    """Return the counts without new articles that rules drop, and without edits of dropped ones."""
    if not app.has_rules:
        return counts
    new = sum(ruling.dropped for ruling in rulings.values())
    edited = {decision.id for decision in decisions if isinstance(decision, Updated) and decision.text_changed}
    updated = len(app.store.rulings.dropped_among(edited)) if edited else 0
    return replace(counts, new=max(0, counts.new - new), updated=max(0, counts.updated - updated))
