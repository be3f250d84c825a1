"""Which marks of emphasis a renderer pairs, by the algorithm of CommonMark (0.31, "process emphasis"). Pure.

Marks that stand beside each other are one run to it: with `**` ended and `*` begun between two words, or `~~` just
within `**`, it may see other pairs than were meant, or none, and shows the stars. So what is written is read as it will
be, and pairs that come out otherwise are left out.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from aggregator.commonmark.tokens import CLOSE, LINK, LINK_END, OPEN, Line, append

_BESIDE = frozenset(" \n.,;:!?()[]\"'-–—“”‘’…")  # most of what stands outside of marks

Pair = tuple[int, int]  # indexes of the two marks


@dataclass(slots=True, eq=False)
class _Run:
    """Equal marks with nothing between."""

    start: int  # in the text
    mark: str  # one character
    length: int = 0
    left: int = 0  # of its length, not paired yet
    opens: bool = False
    closes: bool = False
    pieces: list[int] = field(default_factory=list)


def misread(line: Line, written: Sequence[str]) -> frozenset[int]:
    """Indexes of the marks in `line` that a renderer would not pair as they are meant.

    `written` is the Markdown of each piece. Of wrong pairs within each other only the innermost are given: without
    them the outer ones may be right.
    """
    if _is_plain(line, written):
        return frozenset()
    meant = list(_meant(line))
    wrong = {pair for is_punctuation in _READINGS for pair in _wrong(line, written, meant, is_punctuation)}
    ends = dict(meant) | {end: start for start, end in meant}
    return frozenset(index for pair in _innermost(wrong) for index in _in_the_way(line, pair, ends))


def without(line: Line, indexes: Iterable[int]) -> Line:
    """`line` without these pieces; two emphases that become neighbours are one."""
    left_out = frozenset(indexes)
    kept: Line = []
    for index, piece in enumerate(line):
        if index in left_out:
            continue
        if piece[0] == OPEN and kept and kept[-1] == (CLOSE, piece[1]):
            kept.pop()
        else:
            append(kept, piece)
    return kept


def marks(line: Line) -> frozenset[int]:
    """Indexes of all marks in `line`."""
    return frozenset(index for index, (kind, _) in enumerate(line) if kind in (OPEN, CLOSE))


def _is_plain(line: Line, written: Sequence[str]) -> bool:
    """Whether no mark could be misread: within it stands a letter or digit, outside what is none, and no other mark."""
    text, at = "".join(written), 0
    for (kind, _), shown in zip(line, written, strict=True):
        end = at + len(shown)
        if kind == OPEN:
            if not text[end : end + 1].isalnum() or (at and text[at - 1] not in _BESIDE):
                return False
        elif kind == CLOSE and (not text[at - 1].isalnum() or (end < len(text) and text[end] not in _BESIDE)):
            return False
        at = end
    return True


def _meant(line: Line) -> Iterator[Pair]:
    opened: list[int] = []
    for index, (kind, _) in enumerate(line):
        if kind == OPEN:
            opened.append(index)
        elif kind == CLOSE:
            yield opened.pop(), index


def _innermost(pairs: Iterable[Pair]) -> Iterator[Pair]:
    """Those of `pairs`, which do not cross, that hold no other."""
    following = None
    for pair in sorted(pairs, reverse=True):  # by where they start, the last one first
        if following is None or pair[1] < following:
            yield pair
        following = pair[0]


def _in_the_way(line: Line, pair: Pair, ends: Mapping[int, int]) -> Iterator[int]:
    """Other emphases just within `pair`, whose marks are punctuation that it does not work beside; else itself."""
    start, end = pair
    mark = line[start][1][0]
    within = [index for index in (start + 1, end - 1) if index in ends and line[index][1][0] != mark]
    for index in within or [start]:
        yield index
        yield ends[index]


def _wrong(
    line: Line, written: Sequence[str], meant: Sequence[Pair], is_punctuation: Callable[[str], bool]
) -> Iterator[Pair]:
    """Those of the pairs that are `meant` which are not seen."""
    groups = _groups(line, written, is_punctuation)
    run_of = {piece: run for group in groups for run in group for piece in run.pieces}
    seen = Counter(pair for group in groups for pair in _seen(group))
    for start, end in meant:
        pair = (run_of[start], run_of[end], len(line[start][1]))
        if seen[pair]:
            seen[pair] -= 1
        else:
            yield start, end


def _groups(line: Line, written: Sequence[str], is_punctuation: Callable[[str], bool]) -> list[list[_Run]]:
    """The runs in `line`, those in each link by themselves: they are paired first, and with each other alone."""
    text, at = "".join(written), 0
    outside: list[_Run] = []
    groups, current = [outside], outside
    last: _Run | None = None
    for index, ((kind, value), shown) in enumerate(zip(line, written, strict=True)):
        if kind == LINK:
            current = []
            groups.append(current)
        elif kind == LINK_END:
            current = outside
        elif kind in (OPEN, CLOSE):
            if last is None or last.mark != value[0] or last.start + last.length != at:
                last = _Run(start=at, mark=value[0])
                current.append(last)
            last.length += len(value)
            last.pieces.append(index)
        at += len(shown)
    for run in (run for group in groups for run in group):
        _judge(run, text, is_punctuation)
    return groups


def _judge(run: _Run, text: str, is_punctuation: Callable[[str], bool]) -> None:
    """Whether `run` may open and close: by the characters beside it, the edges of `text` being blanks."""
    end = run.start + run.length
    before, after = text[run.start - 1 : run.start] or " ", text[end : end + 1] or " "
    run.opens = not after.isspace() and (not is_punctuation(after) or before.isspace() or is_punctuation(before))
    run.closes = not before.isspace() and (not is_punctuation(before) or after.isspace() or is_punctuation(after))
    run.left = run.length


def _seen(runs: Sequence[_Run]) -> Iterator[tuple[_Run, _Run, int]]:
    """The pairs of `runs` as a renderer sees them, with the length of their marks."""
    opened: list[tuple[int, _Run]] = []
    bottoms: dict[tuple[str, bool, int], int] = {}  # before it nothing opens what such a run closes
    for number, run in enumerate(runs):
        kind = (run.mark, run.opens, run.length % 3)
        while run.closes and run.left:
            depth = _opener(opened, run, bottoms.get(kind, 0))
            if depth is None:
                bottoms[kind] = number
                break
            del opened[depth + 1 :]
            opener = opened[depth][1]
            length = min(opener.left, run.left, 2)
            opener.left -= length
            run.left -= length
            if not opener.left:
                del opened[depth]
            yield opener, run, length
        if run.opens and run.left:
            opened.append((number, run))


def _opener(opened: Sequence[tuple[int, _Run]], closer: _Run, bottom: int) -> int | None:
    """Where in `opened` the nearest run is that `closer` closes."""
    for depth in range(len(opened) - 1, -1, -1):
        number, run = opened[depth]
        if number < bottom:
            return None
        if run.mark == closer.mark and _fit(run, closer):
            return depth
    return None


def _fit(opener: _Run, closer: _Run) -> bool:
    """Whether these two can be a pair: for stars the rule of three, for tildes that there are two of them."""
    if opener.mark == "~":
        return opener.length == closer.length == 2
    if not (opener.closes or closer.opens):
        return True
    return (opener.length + closer.length) % 3 != 0 or opener.length % 3 == closer.length % 3 == 0


def _is_sign(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"


def _is_sign_of_old(character: str) -> bool:
    return unicodedata.category(character)[0] == "P" or (character.isascii() and not character.isalnum())


_READINGS = (_is_sign, _is_sign_of_old)  # what is punctuation: until CommonMark 0.31 no symbols but ASCII's
