"""Rules: actions of an operator on entries that meet conditions. Pure.

    conditions   the conditions on an entry, one line each
    actions      what a rule does to an entry, one line each
    entry        the entry as the rules before have left it
    text         the text of clean HTML, and replacements in it

`judge` runs the rules of one source on one of its entries. The entry itself is stored as it was normalised: a ruling
says what is published of it.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from aggregator.model import AppliedRule, ArticleRuling, Draft, EntrySource, Ruling, StoredEntry
from aggregator.rules.actions import ACTIONS
from aggregator.rules.conditions import CONDITIONS
from aggregator.rules.entry import JudgedEntry
from aggregator.settings import SourceSettings
from aggregator.settings.rules import Conditions, Rule

__all__ = ["ACTIONS", "CONDITIONS", "judge", "judge_article", "judge_stored"]


def judge(draft: Draft, source: str, rules: Sequence[Rule], summary_words: int) -> Ruling:
    """Return what `rules`, in their order, do to an entry of the source with this name.

    A rule sees title and text as the rules before it left them. Summaries of replaced texts have `summary_words` words.
    """
    entry = JudgedEntry(draft, source)
    applied: list[AppliedRule] = []
    for number, rule in enumerate(rules):
        if not _applies(rule, entry):
            continue
        actions = tuple(name for name in ACTIONS if getattr(rule, name))
        for name in actions:
            ACTIONS[name](entry, getattr(rule, name))
        applied.append(AppliedRule(number=number, actions=actions))
        if entry.is_decided:
            break
    return Ruling(
        dropped=entry.is_dropped,
        tags=tuple(entry.tags),
        categories=tuple(entry.categories),
        text=None if entry.is_dropped else entry.replaced_text(summary_words),
        applied=tuple(applied),
    )


def judge_stored(
    entry: StoredEntry, source: EntrySource, settings: SourceSettings, rules: Sequence[Rule], summary_words: int
) -> Ruling:
    """Return what the rules in the settings of one of its sources, then `rules`, do to a stored entry."""
    draft = entry.draft if source.link == entry.draft.link else replace(entry.draft, link=source.link)
    return judge(draft, settings.name or "", (*settings.rules, *rules), summary_words)


def judge_article(entry: StoredEntry, rules: Sequence[Rule], summary_words: int) -> ArticleRuling:
    """Return what the rules of all of its sources, and `rules` behind each source's own, do to a stored entry.

    A source that drops it gives the article no labels. The text is that of the first source that does not.
    """
    rulings = {
        source.id: judge_stored(entry, source, source.settings, rules, summary_words) for source in entry.sources
    }
    published = {source_id: ruling for source_id, ruling in rulings.items() if not ruling.dropped}
    text = next(iter(published.values())).text if published else None
    return ArticleRuling(rulings=published, text=text)


def _applies(rule: Rule, entry: JudgedEntry) -> bool:
    return (rule.if_ is None or _hold(rule.if_, entry)) and (rule.unless is None or not _hold(rule.unless, entry))


def _hold(conditions: Conditions, entry: JudgedEntry) -> bool:
    """Return True if all of the conditions hold."""
    return all(
        holds(entry, expected)
        for name, holds in CONDITIONS.items()
        if (expected := getattr(conditions, name)) is not None
    )
