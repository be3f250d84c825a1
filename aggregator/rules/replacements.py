"""Text of clean HTML, and replacements in it that leave markup as it is. Pure.

Expressions see the text as readers do: white space is one blank, and words with markup within are whole. A
replacement is made in each block (a paragraph, a heading, an item) by itself.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from html import escape, unescape
from itertools import accumulate
from typing import NamedTuple

from aggregator.commonmark.block_tags import BLOCK_TAGS
from aggregator.settings.expressions import Expression, TextMatch, expanded

# Beyond these a text stays as it was: an expression may match each letter of a hostile one.
MAX_MATCHES = 5_000
MAX_LENGTH = 1_000_000  # characters, of a text that replacements make longer

_TAG = re.compile("(<[^>]*>)")  # exact: the cleaner leaves no "<" or ">" in attributes
_TAG_NAME = re.compile(r"</?(\w+)")


class _Block(NamedTuple):
    """The text of a block: the numbers of its parts in the HTML, and what they say."""

    numbers: list[int]
    texts: list[str]


def plain_text(clean_html: str) -> str:
    """Return the text of `clean_html`, a line for each block, without empty lines."""
    lines = ("".join(block.texts).strip() for block in _blocks(_TAG.split(clean_html)))
    return "\n".join(filter(None, lines))


def replaced(text: str, find: Expression, template: str) -> str:
    """Return `text` with each match of `find` replaced by `template`; unchanged if that is too much."""
    try:
        (changed,) = _Replacements(find, template, len(text)).made_in([text])
    except _TooMuchError:
        return text
    return changed


def replaced_in_html(clean_html: str, find: Expression, template: str) -> str:
    """Return `clean_html` with each match of `find` in its text replaced by `template`; tags stay.

    It is to be cleaned again. Blocks without a match stay as they are, and so does all of it if that is too much.
    """
    parts = _TAG.split(clean_html)
    replacements = _Replacements(find, template, len(clean_html))
    try:
        for block in _blocks(parts):
            texts = replacements.made_in(block.texts)
            if texts is not block.texts:
                for number, text in zip(block.numbers, texts, strict=True):
                    parts[number] = escape(text, quote=False).replace("\xa0", "&nbsp;")
    except _TooMuchError:
        return clean_html
    return "".join(parts)


def _blocks(parts: Sequence[str]) -> Iterator[_Block]:
    """Yield the blocks that have text; `parts` are texts and tags by turns."""
    block, preformatted = _Block([], []), 0
    for number, part in enumerate(parts):
        if number % 2:
            name = match[1] if (match := _TAG_NAME.match(part)) else ""
            if name == "pre":
                preformatted += -1 if part.startswith("</") else 1
            if name in BLOCK_TAGS or name == "br":
                if block.numbers:
                    yield block
                block = _Block([], [])
        elif part:
            text = unescape(part)
            block.numbers.append(number)
            block.texts.append(text if preformatted else _collapsed(text))
    if block.numbers:
        yield block


def _collapsed(text: str) -> str:
    """Return `text` with one blank for white space; a no-break space is a character (CSS Text, 4.1.1)."""
    for character in "\t\n\r\f":  # 30 times as fast as a regular expression
        text = text.replace(character, " ")
    while "  " in text:
        text = text.replace("  ", " ")
    return text


class _TooMuchError(Exception):
    """A text got too many replacements, or too long by them."""


class _Replacements:
    """Replacements of the matches of an expression in the texts of one entry, which has so many characters."""

    def __init__(self, find: Expression, template: str, length: int) -> None:
        self._find, self._template = find, template
        self._matches_left, self._growth_left = MAX_MATCHES, max(0, MAX_LENGTH - length)

    def made_in(self, texts: list[str]) -> list[str]:
        """Return `texts` with the matches in all of them together replaced; the same list if there are none.

        A replacement stands where its match began. Raises _TooMuchError.
        """
        joined = "".join(texts)
        pieces: list[list[str]] = []
        position = 0
        for match in self._find.matches(joined):
            if not pieces:
                pieces = [[] for _ in texts]
                starts = list(accumulate(map(len, texts[:-1]), initial=0))
            _copy(joined, position, match.start, starts, pieces)
            pieces[bisect_right(starts, match.start) - 1].append(self._replacement(match))
            position = match.end
        if not pieces:
            return texts
        _copy(joined, position, len(joined), starts, pieces)
        return list(map("".join, pieces))

    def _replacement(self, match: TextMatch) -> str:
        text = expanded(self._template, match)
        self._matches_left -= 1
        self._growth_left -= max(0, len(text) - (match.end - match.start))
        if self._matches_left < 0 or self._growth_left < 0:
            raise _TooMuchError
        return text


def _copy(text: str, start: int, end: int, starts: Sequence[int], pieces: Sequence[list[str]]) -> None:
    """Append the characters of `text` from `start` to `end` to the pieces of the parts that begin at `starts`."""
    while start < end:
        number = bisect_right(starts, start) - 1
        stop = min(end, starts[number + 1]) if number + 1 < len(starts) else end
        pieces[number].append(text[start:stop])
        start = stop
