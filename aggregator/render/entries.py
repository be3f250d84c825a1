"""Entries of articles as bytes, kept for the next document that has them.

A category's feed, the pages of its archive and those of `all` have the same articles. An entry depends on what
`shown_fields` gives and on nothing else: equal articles have equal entries.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

import msgspec

from aggregator.model import StoredArticle
from aggregator.render.channel import shown_fields

KEY_BYTES = 500  # about what is kept of an article beside its entries


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedEntry:
    """An article in every configured format, and what the head of a document must know of it."""

    texts: tuple[bytes, ...]  # one per format
    language: str | None
    namespaces: Mapping[str, str]  # by prefix, that not every document declares

    @property
    def size(self) -> int:
        """Size in bytes of the largest text."""
        return max(map(len, self.texts))


class EntryCache:
    """The entries used last, in at most about `max_bytes`. For one thread at a time, as publishing is."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._entries = dict[bytes, RenderedEntry]()  # the least recently used first
        self._bytes = 0

    def entry(
        self, formats: tuple[str, ...], article: StoredArticle, render: Callable[[], RenderedEntry]
    ) -> RenderedEntry:
        """Return the article's entry in these formats: the one kept, else the one that `render` returns."""
        key = blake2b(msgspec.json.encode((formats, article.html, shown_fields(article))), digest_size=16).digest()
        entry = self._entries.pop(key, None)
        if entry is None:
            entry = render()
            self._bytes += _bytes(entry)
        self._entries[key] = entry
        while self._bytes > self.max_bytes:
            self._bytes -= _bytes(self._entries.pop(next(iter(self._entries))))
        return entry


def _bytes(entry: RenderedEntry) -> int:
    return KEY_BYTES + sum(map(len, entry.texts))
