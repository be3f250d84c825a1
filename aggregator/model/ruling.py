"""Rulings: the outcome of rules for an entry, and the text that they publish. Pure."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from aggregator.model.article import Draft

if TYPE_CHECKING:  # as in `source`
    from aggregator.settings import SourceSettings


class PublishedText(Struct, frozen=True, kw_only=True):
    """Title and body that are published in place of those of the entry."""

    title: str
    html: str  # clean
    markdown: str
    summary: str


class AppliedRule(Struct, frozen=True, kw_only=True):
    """A rule that applied to an entry."""

    number: int  # among the rules of its source, then of all sources, from 0
    actions: tuple[str, ...]


class Ruling(Struct, frozen=True, kw_only=True):
    """Outcome of the rules for one entry of a source."""

    dropped: bool = False
    tags: tuple[str, ...] = ()  # besides the source's
    categories: tuple[str, ...] = ()  # labels, instead of the source's; () leaves those
    text: PublishedText | None = None  # None: the entry's own
    applied: tuple[AppliedRule, ...] = ()

    @property
    def has_effect(self) -> bool:
        """Something is published in another way than without rules."""
        return bool(self.dropped or self.tags or self.categories or self.text)


class EntrySource(Struct, frozen=True, kw_only=True):
    """A source that carries an entry, and its own link to it."""

    id: int
    settings: "SourceSettings"
    link: str


class StoredEntry(Struct, frozen=True, kw_only=True):
    """The entry that an article was made from, as it was normalised."""

    id: str  # of the article
    version: int  # of the article's mark
    draft: Draft
    sources: tuple[EntrySource, ...]  # the one that brought the article first
    has_page_text: bool = False  # the draft's text is that of its page, not of its feed
    is_plain: bool = False  # no rule has an effect on its article as yet, and no other source carries it


class ArticleRuling(Struct, frozen=True, kw_only=True):
    """Outcome of the rules of all sources of an article: it is dropped if all of them drop it."""

    rulings: Mapping[int, Ruling]  # of the sources, by id, that do not drop it
    text: PublishedText | None = None

    @property
    def dropped(self) -> bool:
        """No source publishes it."""
        return not self.rulings

    @property
    def has_effect(self) -> bool:
        """Something is published in another way than without rules."""
        return self.dropped or any(ruling.has_effect for ruling in self.rulings.values())
