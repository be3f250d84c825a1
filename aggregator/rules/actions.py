"""The actions of rules: each is a function of an entry and the value that the rule gives. Pure.

A new action is a line here and a field of `aggregator.settings.rules.Rule`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from aggregator.names import category_name
from aggregator.rules.entry import JudgedEntry
from aggregator.rules.replacements import replaced, replaced_in_html
from aggregator.settings.expressions import compiled
from aggregator.settings.rules import Replacement

Action = Callable[[JudgedEntry, Any], None]


def _drop(entry: JudgedEntry, _value: bool) -> None:
    entry.is_dropped = entry.is_decided = True


def _add_tags(entry: JudgedEntry, tags: Iterable[str]) -> None:
    entry.tags |= dict.fromkeys(tags)


def _add_categories(entry: JudgedEntry, labels: Iterable[str]) -> None:
    names = {category_name(label) for label in entry.categories}
    entry.categories |= dict.fromkeys(label for label in labels if category_name(label) not in names)


def _replace(entry: JudgedEntry, replacement: Replacement) -> None:
    find = compiled(replacement.find, ignore_case=False)
    if replacement.where == "title":
        entry.title = replaced(entry.title, find, replacement.template)
    else:
        entry.html = replaced_in_html(entry.html, find, replacement.template)


def _keep(entry: JudgedEntry, _value: bool) -> None:
    entry.is_decided = True


ACTIONS: Mapping[str, Action] = {  # in the order in which those of one rule are done
    "replace": _replace,
    "tags": _add_tags,
    "categories": _add_categories,
    "drop": _drop,
    "keep": _keep,
}
