"""Marks of emphasis placed so that CommonMark (0.31, 6.2) sees them, or left out. Pure.

A mark opens beside what follows it and closes beside what precedes it, but not where that is punctuation and a letter
stands on the mark's other side: said**“Yes.”**then shows stars. There the punctuation leaves the emphasis.
"""

import unicodedata
from collections.abc import Iterable

from aggregator.commonmark.tokens import (
    BREAK,
    CLOSE,
    CODE,
    IMAGE,
    LINK,
    LINK_END,
    OPEN,
    TEXT,
    Kind,
    Line,
    Piece,
    append,
)

_MARKS = (OPEN, CLOSE)
_EDGES = {CODE: "``", IMAGE: "!)", BREAK: "  ", LINK: "[[", LINK_END: "))"}
_PAD: Piece = (TEXT, "")


def with_working_marks(line: Line) -> Line:
    """`line` with each pair of marks where it works; a pair that cannot work is gone, its text stays."""
    if _all_work(line):
        return line
    padded = list(_padded(line))
    opened: list[int] = []
    for index, (kind, _) in enumerate(padded):
        if kind == OPEN:
            opened.append(index)
        elif kind == CLOSE:
            _settle(padded, opened.pop(), index)
    settled: Line = []
    for piece in padded:
        if piece[1] or piece[0] == BREAK or piece[0] == LINK_END:
            append(settled, piece)
    return settled


def _all_work(line: Line) -> bool:
    """Whether each mark, if any, stands beside text that is a letter, or a full stop before a blank: the usual case."""
    last = len(line) - 1
    for index, (kind, _) in enumerate(line):
        if kind == OPEN:
            follower, value = line[index + 1]
            if follower != TEXT or not value[0].isalnum() or (index and line[index - 1][0] == CLOSE):
                return False
        elif kind == CLOSE:
            leader, value = line[index - 1]
            apart = index == last or line[index + 1][1][:1].isspace()
            if leader != TEXT or not (value[-1].isalnum() or (apart and not value[-1].isspace())):
                return False
    return True


def _padded(line: Line) -> Iterable[Piece]:
    """`line` with an empty text outside each mark, to take punctuation that leaves."""
    for piece in line:
        if piece[0] == OPEN:
            yield _PAD
        yield piece
        if piece[0] == CLOSE:
            yield _PAD


def _settle(line: Line, start: int, end: int) -> None:
    """Make the marks at `start` and `end` work, or empty them."""
    if not _works(_outside(line, start, -1), _inside(line, start, 1)):
        _move_out(line, start, 1)
    if not _works(_outside(line, end, 1), _inside(line, end, -1)):
        _move_out(line, end, -1)
    opens = _works(_outside(line, start, -1), _inside(line, start, 1)) and not _clashes(line, start)
    if not opens or not _works(_outside(line, end, 1), _inside(line, end, -1)):
        line[start], line[end] = (OPEN, ""), (CLOSE, "")


def _works(outside: str, inside: str) -> bool:
    if not inside or inside.isspace():
        return False
    category = unicodedata.category(inside)[0]
    return category not in "PS" or outside.isspace() or _is_punctuation(outside)


def _is_punctuation(character: str) -> bool:
    """By every reading of the rule: newer renderers take all symbols for punctuation, older ones only ASCII's."""
    return unicodedata.category(character)[0] == "P" or (character.isascii() and not character.isalnum())


def _neighbour(line: Line, index: int, step: int, skipped: Kind | None = None) -> int | None:
    """Index of the next piece from `index` that shows something; marks of the kind `skipped` are one run with ours."""
    index += step
    while 0 <= index < len(line):
        kind, value = line[index]
        if (value or kind in {BREAK, LINK_END}) and kind is not skipped:
            return index
        index += step
    return None


def _outside(line: Line, index: int, step: int) -> str:
    """The character beside the mark at `index`, on the side that `step` points to; a blank at the line's edge.

    Beside the mark of another emphasis a letter is assumed: that one may be dropped yet.
    """
    neighbour = _neighbour(line, index, step, line[index][0])
    if neighbour is None:
        return " "
    kind, value = line[neighbour]
    return "x" if kind in _MARKS else _edge(kind, value, step)


def _inside(line: Line, index: int, step: int) -> str:
    """The first character that the mark at `index` holds, "" where it holds none."""
    neighbour = _neighbour(line, index, step, line[index][0])
    if neighbour is None or line[neighbour][0] in _MARKS:
        return ""
    return _edge(*line[neighbour], step)


def _edge(kind: Kind, value: str, step: int) -> str:
    """The character of a piece at its start (`step` 1) or its end (-1)."""
    shown = value if kind == TEXT else _EDGES[kind]
    return shown[0 if step == 1 else -1]


def _move_out(line: Line, index: int, step: int) -> None:
    """Let punctuation and blanks leave through the mark at `index` into the empty text outside."""
    inner = _neighbour(line, index, step)
    if inner is None or line[inner][0] != TEXT:
        return
    text = line[inner][1]
    count = 0
    while count < len(text) and _leaves(text[count if step == 1 else -1 - count]):
        count += 1
    outer = index - step
    if step == 1:
        line[outer], line[inner] = (TEXT, line[outer][1] + text[:count]), (TEXT, text[count:])
    else:
        split = len(text) - count
        line[outer], line[inner] = (TEXT, text[split:] + line[outer][1]), (TEXT, text[:split])


def _leaves(character: str) -> bool:
    return character.isspace() or unicodedata.category(character)[0] in "PS"


def _clashes(line: Line, start: int) -> bool:
    """Whether another emphasis ends where this one starts: their stars would be one run.

    What opens between the two does not part them: it clashes too.
    """
    neighbour = _neighbour(line, start, -1, OPEN)
    return neighbour is not None and line[neighbour][0] == CLOSE and line[neighbour][1][0] == line[start][1][0]
