"""What stands within one block: pieces of text, code, images and marks become lines of Markdown. Pure.

White space moves out of marks, marks without content go, neighbours merge. Only then is text escaped, when it is
known what stands next to it.
"""

import re
from collections.abc import Callable

from aggregator.normalise.markdown.emphasis import with_working_marks
from aggregator.normalise.markdown.escape import (
    acting_marks,
    code_span,
    destination,
    is_plain,
    line_start_escaped,
    strictly_escaped,
    text_escaped,
)
from aggregator.normalise.markdown.pieces import (
    BREAK,
    CLOSE,
    CODE,
    IMAGE,
    LINK,
    LINK_END,
    OPEN,
    TEXT,
    Line,
    Piece,
    append,
)

MAX_BRACKETS = 100  # left free in a block: renderers look from each one to the end for its partner

_BLANKS = re.compile(r"[ \t\n\r\f]+")  # HTML's white space: U+00A0 is none
_CLOSING_HASHES = re.compile(r"(?:(?<=\s)|^)#(?=#*$)")


def paragraphs(pieces: Line, *, strict: bool = False) -> list[str]:
    """Paragraphs of Markdown from `pieces`: two or more line breaks in a row part them.

    `strict` escapes every punctuation of texts.
    """
    texts = [_written(line, strict=strict, at_start=True) for line in _tidied(pieces)]
    return [text for text in texts if text.strip()]


def one_line(pieces: Line, *, strict: bool = False) -> str:
    """One line of Markdown from `pieces`, for a heading or a cell: line breaks are blanks."""
    unbroken: Line = [(TEXT, " ") if piece[0] == BREAK else piece for piece in pieces]
    return "".join(_written(line, strict=strict) for line in _tidied(unbroken)).strip()


def heading(level: int, pieces: Line, *, strict: bool = False) -> str:
    """A heading, "" where it has no text. Braces would be attributes to goldmark, hashes at the end an ornament."""
    text = _CLOSING_HASHES.sub(r"\\#", one_line(pieces, strict=strict).replace("{", "&#123;"))
    return f"{'#' * level} {text}" if text else ""


# --------------------------------------------------------------------------------------------------------- white space


def _tidied(pieces: Line) -> list[Line]:
    """`pieces` as lines: white space is one blank, outside of marks, and never at an edge; no mark is empty."""
    if len(pieces) == 1 and pieces[0][0] == TEXT:  # most paragraphs
        text = _evened(pieces[0][1]).strip(" ")
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
        self._waiting: Line = []  # opened, with nothing inside yet
        self._depth = 0

    def add(self, piece: Piece) -> None:
        kind, value = piece
        if kind == TEXT:
            self._add_text(value)
        elif kind == BREAK:
            self._gap = "\n\n" if "\n" in self._gap else "\n"
        elif kind in (OPEN, LINK):
            self._waiting.append(piece)
        elif kind in (CODE, IMAGE):
            self._add_content(piece)
        elif self._waiting:  # the end of what holds nothing
            self._waiting.pop()
        else:
            self._depth -= 1
            self.lines[-1].append(piece)

    def _add_text(self, value: str) -> None:
        text = _evened(value)
        content = text.strip(" ")
        if text[0] == " ":
            self._gap = self._gap or " "
        if content:
            self._add_content((TEXT, content))
            self._gap = " " if text[-1] == " " else ""

    def _add_content(self, piece: Piece) -> None:
        if self._gap and self.lines[-1]:
            self._fill_gap()
        self._gap = ""
        line = self.lines[-1]
        if self._waiting:
            self._open(line)
        append(line, piece)

    def _fill_gap(self) -> None:
        if self._gap == " ":
            append(self.lines[-1], (TEXT, " "))
        elif self._gap == "\n\n" and not self._depth:
            self.lines.append([])
        else:
            self.lines[-1].append((BREAK, ""))

    def _open(self, line: Line) -> None:
        for kind, value in self._waiting:
            if kind == OPEN and line and line[-1] == (CLOSE, value):
                line.pop()  # <b>a</b><b>b</b> is one emphasis
            else:
                line.append((kind, value))
        self._depth += len(self._waiting)
        self._waiting.clear()


def _evened(text: str) -> str:
    """`text` with one blank for each run of white space."""
    uneven = "\n" in text or "  " in text or "\t" in text
    return _BLANKS.sub(" ", text) if uneven else text


# ------------------------------------------------------------------------------------------------------------- writing


def _written(line: Line, *, strict: bool, at_start: bool = False) -> str:
    """`line` as Markdown; `at_start` where it starts a block, so that its text must not."""
    escaped = strictly_escaped if strict else _escaping(line)
    out: list[str] = []
    in_link = False
    starts = at_start
    for kind, value in line:
        if kind == TEXT or (strict and kind == CODE):
            text = escaped(value, in_link)
            out.append(line_start_escaped(text) if starts else text)
        elif kind in (LINK, LINK_END):
            in_link = kind == LINK
            if in_link and out and out[-1].endswith("!"):  # it would make an image of the link
                out[-1] = out[-1][:-1] + "\\!"
            out.append("[" if in_link else f"]({destination(value)})")
        elif kind == CODE:
            out.append(code_span(_evened(value)))
        else:
            out.append("  \n" if kind == BREAK else value)
        starts = at_start and kind == BREAK
    written = "".join(out)
    defines = at_start and line[0][0] == TEXT and written.startswith("[") and "]:" in written
    return f"\\{written}" if defines else written


def _escaping(line: Line) -> Callable[[str, bool], str]:
    """How texts of `line` are escaped: `*`, `_` and `~` act in pairs over the whole line, or beside marks of ours."""
    text = line[0][1] if len(line) == 1 else "x".join([value for kind, value in line if kind == TEXT])
    if is_plain(text):
        return _unchanged
    ours = "".join([value for kind, value in line if kind == OPEN])
    marks = "".join({*acting_marks(text), *ours})
    crowded = text.count("[") > MAX_BRACKETS
    return lambda value, in_link: text_escaped(value, marks, in_brackets=in_link or crowded)


def _unchanged(text: str, _: bool) -> str:
    return text
