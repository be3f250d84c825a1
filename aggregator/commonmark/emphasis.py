"""Delimiters of emphasis moved to where CommonMark sees them (0.31, 6.2), or left out. Pure.

A delimiter opens beside the character after it and closes beside the one before it, but not if that is punctuation
and a letter stands on its other side: said**“Yes.”**then shows stars. There the punctuation leaves the emphasis.
"""

from aggregator.commonmark.delimiters import is_punctuation, is_punctuation_before_0_31
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
    Tokens,
    append,
    delimiter_pairs,
)

_EDGES = {CODE: "``", IMAGE: "!)", BREAK: "  ", LINK: "[[", LINK_END: "))"}  # first and last character of the Markdown


def with_working_delimiters(tokens: Tokens) -> Tokens:
    """Return `tokens` with each pair of delimiters where it works, and without those that cannot; their text stays."""
    padded: Tokens = []  # with an empty text outside of each delimiter, to take the punctuation that leaves
    for token in tokens:
        if token[0] == OPEN:
            padded.append((TEXT, ""))
        padded.append(token)
        if token[0] == CLOSE:
            padded.append((TEXT, ""))
    for start, end in delimiter_pairs(padded):
        _settle(padded, start, end)
    settled: Tokens = []
    for token in padded:
        if token[1]:
            append(settled, token)
    return settled


def _settle(tokens: Tokens, start: int, end: int) -> None:
    """Make the delimiters at `start` and `end` work, or empty both."""
    sides = ((start, 1), (end, -1))
    for index, inward in sides:
        if not _works(tokens, index, inward):
            _move_punctuation_out(tokens, index, inward)
    if _clashes(tokens, start) or not all(_works(tokens, index, inward) for index, inward in sides):
        tokens[start], tokens[end] = (OPEN, ""), (CLOSE, "")


def _works(tokens: Tokens, index: int, inward: int) -> bool:
    """Return True if a renderer sees the delimiter at `index`, within which lies what `inward` (1 or -1) points to.

    At the edge of the line stands a blank. Beside the delimiter of another emphasis a letter is assumed, since that
    delimiter may be left out yet.
    """
    inside = _neighbour(tokens, index, inward, edge="", delimiter="")
    if not inside or inside.isspace():
        return False
    outside = _neighbour(tokens, index, -inward, edge=" ", delimiter="x")
    return not is_punctuation(inside) or outside.isspace() or is_punctuation_before_0_31(outside)


def _neighbour(tokens: Tokens, index: int, step: int, *, edge: str, delimiter: str) -> str:
    """Return the character beside the delimiter at `index`; `edge` at the end of the line, `delimiter` beside one.

    Delimiters of its own kind are skipped, as they are one run with it.
    """
    neighbour = _next(tokens, index, step, tokens[index][0])
    if neighbour is None:
        return edge
    kind, value = tokens[neighbour]
    if kind in (OPEN, CLOSE):
        return delimiter
    return (value if kind == TEXT else _EDGES[kind])[0 if step == 1 else -1]


def _next(tokens: Tokens, index: int, step: int, skipped: Kind | None = None) -> int | None:
    """Return the index of the next token from `index` that is not empty and not of the kind `skipped`."""
    index += step
    while 0 <= index < len(tokens):
        kind, value = tokens[index]
        if value and kind != skipped:
            return index
        index += step
    return None


def _move_punctuation_out(tokens: Tokens, index: int, inward: int) -> None:
    """Move punctuation and blanks through the delimiter at `index` into the empty text outside."""
    inner, outer = _next(tokens, index, inward), index - inward
    if inner is None or tokens[inner][0] != TEXT:
        return
    text, outside = tokens[inner][1], tokens[outer][1]
    count = 0
    while count < len(text) and ((c := text[count if inward == 1 else -1 - count]).isspace() or is_punctuation(c)):
        count += 1
    if inward == 1:
        tokens[outer], tokens[inner] = (TEXT, outside + text[:count]), (TEXT, text[count:])
    else:
        split = len(text) - count
        tokens[outer], tokens[inner] = (TEXT, text[split:] + outside), (TEXT, text[:split])


def _clashes(tokens: Tokens, start: int) -> bool:
    """Return True if another emphasis of the same character ends where this one starts: they would be one run."""
    previous = _next(tokens, start, -1, OPEN)
    return previous is not None and tokens[previous][0] == CLOSE and tokens[previous][1][0] == tokens[start][1][0]
