"""The conditions of rules: each is a function of an entry and the value that the rule gives. Pure.

A new condition is a line here and a field of `aggregator.settings.rules.Conditions`.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from aggregator.model import Person, Term
from aggregator.rules.entry import JudgedEntry
from aggregator.settings.expressions import compiled
from aggregator.settings.rules import limit_parts

Predicate = Callable[[JudgedEntry, Any], bool]


def _matching(values: Callable[[JudgedEntry], Iterable[str]]) -> Predicate:
    """Return the condition that one of several expressions matches one of the entry's values."""

    def holds(entry: JudgedEntry, expressions: Iterable[str]) -> bool:
        texts = tuple(values(entry))
        return any(compiled(expression).found_in(text) for expression in expressions for text in texts)

    return holds


def _compared(value: Callable[[JudgedEntry], int | timedelta]) -> Predicate:
    """Return the condition that the entry's value is below or above a limit."""

    def holds(entry: JudgedEntry, limit: str) -> bool:
        sign, length = limit_parts(limit)
        actual: Any = value(entry)
        return bool(actual < length if sign == "<" else actual > length)

    return holds


def _names_of_people(people: Iterable[Person]) -> Iterable[str]:
    return (text for person in people for text in (person.name, person.email) if text)


def _names_of_terms(terms: Iterable[Term]) -> Iterable[str]:
    return (text for term in terms for text in (term.term, term.label) if text)


CONDITIONS: Mapping[str, Predicate] = {
    "title": _matching(lambda entry: (entry.title,)),
    "author": _matching(lambda entry: _names_of_people(entry.draft.authors)),
    "category": _matching(lambda entry: _names_of_terms(entry.draft.terms)),
    "link": _matching(lambda entry: (entry.draft.link,)),
    "source": _matching(lambda entry: (entry.source,)),
    "language": _matching(lambda entry: filter(None, (entry.draft.language,))),
    "enclosure": _matching(lambda entry: (file.type for file in entry.draft.enclosures if file.type)),
    "age": _compared(lambda entry: entry.age),
    "words": _compared(lambda entry: entry.words),  # the body is read for these two only
    "text": _matching(lambda entry: (entry.text,)),
}
