"""Rulings: the outcome of rules for an entry, and the text that they publish. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedText:
    """Title and body that are published in place of those of the entry."""

    title: str
    html: str  # clean
    markdown: str
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedRule:
    """A rule that applied to an entry."""

    number: int  # among the rules of its source, then of all sources, from 0
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """Outcome of the rules for one entry of a source."""

    dropped: bool = False
    tags: tuple[str, ...] = ()  # besides the source's
    categories: tuple[str, ...] = ()  # labels, instead of the source's; () leaves those
    text: PublishedText | None = None  # None: the entry's own
    applied: tuple[AppliedRule, ...] = ()
