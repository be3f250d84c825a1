"""What stands within one block: pieces of text, code, images and marks become lines of Markdown. Pure.

White space moves out of marks, marks without content go, neighbours merge. Only then is text escaped, when it is
known what stands next to it.
"""

import re
from collections.abc import Callable

from aggregator.commonmark.delimiters import marks, misread, without
from aggregator.commonmark.emphasis import with_working_marks
from aggregator.commonmark.escape import (
    acting_marks,
    code_span,
    destination,
    edge_underscores,
    is_plain,
    line_start_escaped,
    strictly_escaped,
    text_escaped,
)
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

MAX_BRACKETS = 100  # left free in a block: renderers look from each one to the end for its partner
_ROUNDS = 8  # of leaving out emphases that are in each other's way; then all of the line go

_JOINT = "\x7f"  # stands for what is between two texts: no blank, no letter
_CLOSING_HASHES = re.compile(r"(?:(?<=\s)|^)#(?=#*$)")


def paragraphs(pieces: Line, *, strict: bool = False) -> list[str]:
    """Paragraphs of Markdown from `pieces`: two or more line breaks in a row part them.

    `strict` escapes every punctuation of texts.
    """
    texts = [_written(line, strict=strict, at_start=True) for line in _tidied(pieces)]
    return [text for text in texts if text.strip()]


def one_line(pieces: Line, *, strict: bool = False, in_heading: bool = False) -> str:
    """One line of Markdown from `pieces`, for a heading or a cell: line breaks are blanks."""
    unbroken: Line = [(TEXT, " ") if piece[0] == BREAK else piece for piece in pieces]
    return "".join(_written(line, strict=strict, in_heading=in_heading) for line in _tidied(unbroken)).strip()


def heading(level: int, pieces: Line, *, strict: bool = False) -> str:
    """A heading, "" where it has no text. Hashes at its end would be an ornament, braces attributes to goldmark."""
    text = _CLOSING_HASHES.sub(r"\\#", one_line(pieces, strict=strict, in_heading=True))
    return f"{'#' * level} {text}" if text else ""


# --------------------------------------------------------------------------------------------------------- white space


def _tidied(pieces: Line) -> list[Line]:
    """`pieces` as lines: white space is one blank, outside of marks, and never at an edge; no mark is empty."""
    if len(pieces) == 1 and pieces[0][0] == TEXT:  # most paragraphs
        text = evened(pieces[0][1]).strip(" ")
        return [[(TEXT, text)]] if text else []
    tidying = _Tidying()
    for piece in pieces:
        tidying.add(piece)
    return [with_working_marks(line) for line in tidying.lines if line]


class _Tidying:
    """Lines in the making: white space waits until it is known on which side of a mark it belongs."""

    def __init__(self) -> None:
        self.lines: list[Line] = [[]]
        self._gap = ""  # white space since the last content: "", " ", a line break or two
        self._gap_kind: Kind = TEXT  # where that blank stood
        self._waiting: Line = []  # opened, with nothing inside yet
        self._depth = 0

    def add(self, piece: Piece) -> None:
        kind, value = piece
        if kind in (TEXT, CODE):
            self._add_text(kind, value)
        elif kind == BREAK:
            self._gap = "\n\n" if "\n" in self._gap else "\n"
        elif kind in (OPEN, LINK):
            self._waiting.append(piece)
        elif kind == IMAGE:
            self._add_content(piece)
        elif self._waiting:  # the end of what holds nothing
            self._waiting.pop()
        else:
            self._depth -= 1
            self.lines[-1].append(piece)

    def _add_text(self, kind: Kind, value: str) -> None:
        text = evened(value)
        content = text.strip(" ")
        if text[0] == " " and not self._gap:
            self._gap, self._gap_kind = " ", kind
        if content:
            self._add_content((kind, content))
            if text[-1] == " ":
                self._gap, self._gap_kind = " ", kind

    def _add_content(self, piece: Piece) -> None:
        line = self.lines[-1]
        if self._gap:
            if line:
                line = self._fill_gap(line, piece[0])
            self._gap = ""
        if self._waiting:
            self._open(line)
        append(line, piece)

    def _fill_gap(self, line: Line, following: Kind) -> Line:
        """Put the white space behind `line`; give the line that `following` belongs to."""
        if self._gap == "\n\n" and not self._depth:
            self.lines.append([])
        elif self._gap == " ":
            within_code = line[-1][0] == self._gap_kind == following == CODE
            append(line, (CODE if within_code else TEXT, " "))
        else:
            line.append((BREAK, ""))
        return self.lines[-1]

    def _open(self, line: Line) -> None:
        for kind, value in self._waiting:
            if kind == OPEN and line and line[-1] == (CLOSE, value):
                line.pop()  # <b>a</b><b>b</b> is one emphasis
            else:
                line.append((kind, value))
        self._depth += len(self._waiting)
        self._waiting.clear()


def evened(text: str) -> str:
    """`text` with one blank for each run of HTML's white space, to which U+00A0 does not belong."""
    if "\n" in text or "  " in text or "\t" in text:
        text = text.replace("\n", " ").replace("\t", " ").replace("\r", " ").replace("\f", " ")
        while "  " in text:  # halves each run: a quarter of the time that a regular expression takes
            text = text.replace("  ", " ")
    return text


# ------------------------------------------------------------------------------------------------------------- writing


def _written(line: Line, *, strict: bool, at_start: bool = False, in_heading: bool = False) -> str:
    """`line` as Markdown; `at_start` where it starts a block, so that its text must not.

    Emphases that would show as marks are left out: how they are read shows only in what is written.
    """
    parts = _parts(line, strict=strict, at_start=at_start, in_heading=in_heading)
    for rounds_left in reversed(range(_ROUNDS)):
        if not (lost := misread(line, parts)):
            break
        line = without(line, lost if rounds_left else marks(line))
        parts = _parts(line, strict=strict, at_start=at_start, in_heading=in_heading)
    return "".join(parts)


def _parts(line: Line, *, strict: bool, at_start: bool, in_heading: bool) -> list[str]:
    """The Markdown of each piece of `line`."""
    escaped = strictly_escaped if strict else _escaping(line)
    out: list[str] = []
    in_link = False
    starts = at_start
    for kind, value in line:
        if kind == TEXT or (strict and kind == CODE):
            text = escaped(value, in_link)
            text = text.replace("{", "&#123;").replace("}", "&#125;") if in_heading else text
            out.append(_start_escaped(text, line) if starts else text)
        elif kind in (LINK, LINK_END):
            in_link = kind == LINK
            if in_link and out and out[-1].endswith("!"):  # it would make an image of the link
                out[-1] = out[-1][:-1] + "\\!"
            out.append("[" if in_link else f"]({destination(value)})")
        elif kind == CODE:
            out.append(code_span(value))
        else:
            out.append("  \n" if kind == BREAK else value)
        starts = at_start and kind == BREAK
    return out


def _start_escaped(text: str, line: Line) -> str:
    """`text` at a start in `line`; with a bracket it would define a link or a footnote if "]:" follows anywhere."""
    defines = text.startswith("[") and any("]:" in value for kind, value in line if kind == TEXT)
    return f"\\{text}" if defines else line_start_escaped(text)


def _escaping(line: Line) -> Callable[[str, bool], str]:
    """How texts of `line` are escaped: `*`, `_` and `~` act in pairs over the whole line, or beside marks of ours."""
    text = line[0][1] if len(line) == 1 else _JOINT.join([value for kind, value in line if kind == TEXT])
    if is_plain(text):
        return _unchanged
    ours = "".join([value for kind, value in line if kind == OPEN])
    if "_" in text and "://" in text and sum(edge_underscores(value) for kind, value in line if kind == TEXT) > 1:
        ours += "_"
    marks = "".join({*acting_marks(text), *ours})
    crowded = text.count("[") > MAX_BRACKETS
    return lambda value, in_link: text_escaped(value, marks, in_brackets=in_link or crowded)


def _unchanged(text: str, _: bool) -> str:
    return text
