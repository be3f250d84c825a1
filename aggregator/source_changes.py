"""Differences between the configured sources and those in the database. Pure.

A source keeps its row, and with it its state and its articles, as long as its name or its URL stays the same.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from aggregator.names import ALL, category_name
from aggregator.settings import SHOWN_SETTINGS, SourceSettings
from aggregator.settings.rules import Rule, labels_of
from aggregator.urls import lease_name

_NUMBERS = re.compile(r"(-\d+)+$")  # that of an IP address has some of its own
IDENTITIES = (  # by which a stored source is recognised, the surest first
    lambda settings: (settings.name, settings.url),
    # Of sources of one host without a name, the number in it follows from those before.
    lambda settings: (_NUMBERS.sub("", settings.name or ""), settings.url),
    lambda settings: settings.name,
    lambda settings: settings.url,
)


class SourceRow(NamedTuple):
    """A source as stored."""

    id: int
    settings: SourceSettings
    ordinal: int  # place in the configuration
    present: bool  # in the configuration
    host: str | None  # `urls.lease_name`; None: not known yet
    moved_to: str | None


class CategoryRow(NamedTuple):
    """A category as stored."""

    name: str
    label: str
    present: bool  # a configured source or a rule names it


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSource:
    """A source that is to be stored."""

    settings: SourceSettings
    ordinal: int
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceUpdate:
    """A stored source that is configured in another way than before."""

    id: int
    before: SourceSettings
    settings: SourceSettings
    ordinal: int
    host: str

    @property
    def at_new_url(self) -> bool:
        """The state belongs to another URL."""
        return self.settings.url != self.before.url

    @property
    def is_renamed(self) -> bool:
        """Its page has another address."""
        return self.settings.name != self.before.name

    @property
    def changes_labels(self) -> bool:
        """Its articles get other categories or tags."""
        before, now = self.before, self.settings
        return (before.categories, before.tags) != (now.categories, now.tags)

    @property
    def changes_articles(self) -> bool:
        """Files or feeds that hold its articles change."""
        return any(getattr(self.before, name) != getattr(self.settings, name) for name in SHOWN_SETTINGS)

    @property
    def is_polled_sooner(self) -> bool:
        """Its interval is shorter than before."""
        before, now = self.before.interval, self.settings.interval
        return bool(before and now and now < before)


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryUpdate:
    """A stored category with another label, that nothing names any more, or that a source or rule names again."""

    name: str
    label: str
    present: bool
    successor: str | None = None  # the one category that all its sources name instead


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceChanges:
    """Changes that make the database agree with the configuration."""

    added: tuple[NewSource, ...]
    updated: tuple[SourceUpdate, ...]
    removed: tuple[int, ...]  # ids of sources that are not configured any more
    new_categories: tuple[tuple[str, str], ...]  # names and labels
    updated_categories: tuple[CategoryUpdate, ...]

    def __bool__(self) -> bool:
        return any((self.added, self.updated, self.removed, self.new_categories, self.updated_categories))

    @property
    def stopped(self) -> tuple[int, ...]:
        """Ids of sources that are not polled any more."""
        disabled = (source.id for source in self.updated if source.before.enabled and not source.settings.enabled)
        return (*self.removed, *disabled)


def source_changes(
    configured: Sequence[SourceSettings],
    stored: Sequence[SourceRow],
    categories: Sequence[CategoryRow],
    unpaced: Collection[str],
    rules: Iterable[Rule] = (),
) -> SourceChanges:
    """Return the changes that make `stored` sources and `categories` agree with the `configured` sources.

    `unpaced` are the hosts without a rate limit, `rules` those of all sources.
    """
    rows = matching_rows(configured, stored)
    matched = {row.id for row in rows.values()}
    pairs = [(row, configured[ordinal]) for ordinal, row in rows.items()]
    labels = {ALL: ALL}
    for settings in configured:
        for label in settings.categories or ():
            labels.setdefault(category_name(label), label)
    for label in labels_of(chain(*(settings.rules for settings in configured), rules)):
        labels.setdefault(category_name(label), label)
    names = {category.name for category in categories}
    return SourceChanges(
        added=tuple(
            NewSource(settings=settings, ordinal=ordinal, host=lease_name(settings.url, unpaced))
            for ordinal, settings in enumerate(configured)
            if ordinal not in rows
        ),
        updated=tuple(_updates(configured, rows, unpaced)),
        removed=tuple(row.id for row in stored if row.present and row.id not in matched),
        new_categories=tuple((name, label) for name, label in labels.items() if name not in names),
        updated_categories=tuple(_category_updates(categories, labels, pairs)),
    )


def matching_rows(configured: Sequence[SourceSettings], stored: Sequence[SourceRow]) -> dict[int, SourceRow]:
    """Return the row of each configured source that has one, by ordinal; rows of present sources come first."""
    rows: dict[int, SourceRow] = {}
    matched: set[int] = set()
    for present in (True, False):
        for identity in IDENTITIES:
            free = defaultdict(list)
            for row in reversed(stored):
                if row.present == present and row.id not in matched:
                    free[identity(row.settings)].append(row)
            for ordinal, settings in enumerate(configured):
                if ordinal not in rows and (candidates := free[identity(settings)]):
                    rows[ordinal] = candidates.pop()
                    matched.add(rows[ordinal].id)
    return rows


def _updates(
    configured: Sequence[SourceSettings], rows: Mapping[int, SourceRow], unpaced: Collection[str]
) -> Iterator[SourceUpdate]:
    for ordinal, row in rows.items():
        settings = configured[ordinal]
        url = row.moved_to if row.moved_to and row.settings.url == settings.url else settings.url
        host = lease_name(url, unpaced)
        if (row.settings, row.ordinal, row.present, row.host) != (settings, ordinal, True, host):
            yield SourceUpdate(id=row.id, before=row.settings, settings=settings, ordinal=ordinal, host=host)


def _category_updates(
    categories: Iterable[CategoryRow],
    labels: Mapping[str, str],
    pairs: Sequence[tuple[SourceRow, SourceSettings]],
) -> Iterator[CategoryUpdate]:
    for category in categories:
        label = labels.get(category.name)
        if label is None and category.present:
            successor = _successor(category.name, pairs)
            yield CategoryUpdate(name=category.name, label=category.label, present=False, successor=successor)
        elif label is not None and (label, True) != (category.label, category.present):
            yield CategoryUpdate(name=category.name, label=label, present=True)


def _successor(name: str, pairs: Iterable[tuple[SourceRow, SourceSettings]]) -> str | None:
    """Return the one category that all sources of the category `name` name instead."""
    successors = {
        frozenset((now - before) or now)
        for before, now in ((_names(row.settings), _names(settings)) for row, settings in pairs if row.present)
        if name in before
    }
    only = successors.pop() if len(successors) == 1 else frozenset()
    return next(iter(only)) if len(only) == 1 else None


def _names(settings: SourceSettings) -> set[str]:
    return {category_name(label) for label in settings.categories or ()}
