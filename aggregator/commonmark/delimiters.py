"""Pairs of delimiters of emphasis as a renderer sees them (CommonMark 0.31, "process emphasis"). Pure.

Delimiters without text between are one run to a renderer. Where `**` ends and `*` begins between two words, or `~~`
stands just within `**`, it may pair them otherwise than meant, or not at all, and shows them as characters. So the
Markdown is read as a renderer reads it, and emphasis that it would misread is left out.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from aggregator.commonmark.tokens import CLOSE, LINK, LINK_END, OPEN, Tokens, delimiter_pairs

_Pair = tuple[int, int]  # indexes of two tokens


def is_punctuation(character: str) -> bool:
    """Return True for Unicode's punctuation and symbols, as CommonMark 0.31 does."""
    return unicodedata.category(character)[0] in "PS"


def is_punctuation_before_0_31(character: str) -> bool:
    """Return True for Unicode's punctuation and ASCII's symbols alone, as older renderers do."""
    return unicodedata.category(character)[0] == "P" or (character.isascii() and not character.isalnum())


@dataclass(slots=True, eq=False)
class _Run:
    """Equal delimiters without text between."""

    character: str
    before: str = " "  # the character beside it; a blank at the edge of the text
    after: str = " "
    length: int = 0
    unpaired: int = 0  # of its length
    opens: bool = False
    closes: bool = False
    indexes: list[int] = field(default_factory=list)  # of its tokens

    def unpair(self, is_punctuation: Callable[[str], bool]) -> tuple[bool, bool]:
        """Forget its pairs, and decide by the characters beside it if it opens, and if it closes emphasis."""
        before_apart = self.before.isspace() or is_punctuation(self.before)
        after_apart = self.after.isspace() or is_punctuation(self.after)
        self.opens = not self.after.isspace() and (before_apart or not after_apart)
        self.closes = not self.before.isspace() and (after_apart or not before_apart)
        self.unpaired = self.length
        return self.opens, self.closes


def misread_delimiters(tokens: Tokens, written: Sequence[str]) -> frozenset[int]:
    """Return the indexes of the delimiters to leave out since a renderer would not pair them as meant.

    `written` is the Markdown of each token. Of misread pairs within each other only the innermost are returned:
    without them the outer ones may be right.
    """
    pairs = delimiter_pairs(tokens)
    partners = dict(pairs) | {end: start for start, end in pairs}
    groups = _runs(tokens, written)
    indexes: set[int] = set()
    inner_start = len(tokens)
    for start, end in sorted(_misread_pairs(tokens, pairs, groups), reverse=True):  # pairs do not cross
        if end < inner_start:
            obstacles = _obstacles(tokens, start, end, partners) or [start]
            indexes.update(obstacles, (partners[index] for index in obstacles))
        inner_start = start
    return frozenset(indexes)


def _obstacles(tokens: Tokens, start: int, end: int, partners: dict[int, int]) -> list[int]:
    """Return the other delimiters just within a pair: they are punctuation, beside which it does not work."""
    character = tokens[start][1][0]
    return [index for index in (start + 1, end - 1) if index in partners and tokens[index][1][0] != character]


def _misread_pairs(tokens: Tokens, pairs: Sequence[_Pair], groups: Sequence[Sequence[_Run]]) -> set[_Pair]:
    """Return those of `pairs` that new or old renderers do not see in the runs of `groups`."""
    run_of = {index: run for group in groups for run in group for index in run.indexes}
    misread: set[_Pair] = set()
    flanks: list[tuple[bool, bool]] = []
    for rule in (is_punctuation, is_punctuation_before_0_31):
        previous, flanks = flanks, [run.unpair(rule) for run in run_of.values()]
        if flanks == previous:
            break
        seen = Counter(pair for group in groups for pair in _paired(group))
        for start, end in pairs:
            pair = (run_of[start], run_of[end], len(tokens[start][1]))
            if seen[pair]:
                seen[pair] -= 1
            else:
                misread.add((start, end))
    return misread


def _runs(tokens: Tokens, written: Sequence[str]) -> list[list[_Run]]:
    """Return the runs outside of links, and those of each link: a link's are paired with each other alone."""
    text, position = "".join(written), 0
    groups: list[list[_Run]] = [[]]
    group = groups[0]
    last = _Run("")
    end = -1  # of the last run
    for index, ((kind, value), markdown) in enumerate(zip(tokens, written, strict=True)):
        if kind == LINK:
            group = []
            groups.append(group)
        elif kind == LINK_END:
            group = groups[0]
        elif kind in (OPEN, CLOSE):
            if last.character != value[0] or end != position:
                last = _Run(value[0], before=text[position - 1 : position] or " ")
                group.append(last)
            end = position + len(value)
            last.after = text[end : end + 1] or " "
            last.length += len(value)
            last.indexes.append(index)
        position += len(markdown)
    return groups


def _paired(runs: Sequence[_Run]) -> Iterator[tuple[_Run, _Run, int]]:
    """Yield the pairs that a renderer makes of `runs`, with the length of their delimiters."""
    opened: list[tuple[int, _Run]] = []
    bottoms: dict[tuple[str, bool, int], int] = {}  # number of the first run that may open what such a run closes
    for number, run in enumerate(runs):
        kind = (run.character, run.opens, run.length % 3)
        while run.closes and run.unpaired:
            depth = _opener(opened, run, bottoms.get(kind, 0))
            if depth is None:
                bottoms[kind] = number
                break
            del opened[depth + 1 :]
            opener = opened[depth][1]
            length = min(opener.unpaired, run.unpaired, 2)
            opener.unpaired -= length
            run.unpaired -= length
            if not opener.unpaired:
                del opened[depth]
            yield opener, run, length
        if run.opens and run.unpaired:
            opened.append((number, run))


def _opener(opened: Sequence[tuple[int, _Run]], closer: _Run, bottom: int) -> int | None:
    """Return the place in `opened` of the nearest run that `closer` closes."""
    for depth in range(len(opened) - 1, -1, -1):
        number, run = opened[depth]
        if number < bottom:
            return None
        if run.character == closer.character and _fit(run, closer):
            return depth
    return None


def _fit(opener: _Run, closer: _Run) -> bool:
    """Return True if the two can be a pair: tildes need two of them, stars follow the "rule of three"."""
    if opener.character == "~":
        return opener.length == closer.length == 2
    if not (opener.closes or closer.opens):
        return True
    return (opener.length + closer.length) % 3 != 0 or opener.length % 3 == closer.length % 3 == 0
