"""Tokens of one block written as lines of Markdown. Pure.

White space moves out of emphasis, emphasis without content goes, neighbours merge. Only then is text escaped, when it
is known what stands next to it.
"""

import re
from collections.abc import Callable

from aggregator.commonmark.delimiters import misread_delimiters
from aggregator.commonmark.emphasis import with_working_delimiters
from aggregator.commonmark.escape import (
    acting_delimiters,
    code_span,
    destination,
    edge_underscores,
    escaped_at_line_start,
    escaped_strictly,
    escaped_text,
    is_plain,
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
    Token,
    Tokens,
    append,
    closing,
)

MAX_BRACKETS = 100  # left free in a block: renderers look from each one to the end for its partner
_ROUNDS = 8  # of leaving out emphases that are in each other's way; then all of the line go

_JOINT = "\x7f"  # stands for what is between two texts: no blank, no letter
_CLOSING_HASHES = re.compile(r"(?:(?<=\s)|^)#(?=#*$)")


def paragraphs(tokens: Tokens, *, strict: bool = False) -> list[str]:
    """Return the paragraphs of Markdown of `tokens`, parted where two or more line breaks follow each other.

    `strict` escapes every punctuation of texts.
    """
    texts = [_written(line, strict=strict, at_start=True) for line in _tidied(tokens)]
    return [text for text in texts if text.strip()]


def one_line(tokens: Tokens, *, strict: bool = False, in_heading: bool = False) -> str:
    """Return `tokens` as one line of Markdown, for a heading or a cell: line breaks are blanks."""
    unbroken: Tokens = [(TEXT, " ") if token[0] == BREAK else token for token in tokens]
    return "".join(_written(line, strict=strict, in_heading=in_heading) for line in _tidied(unbroken)).strip()


def heading(level: int, tokens: Tokens, *, strict: bool = False) -> str:
    """Return a heading, "" if it has no text. Hashes at its end would be an ornament, braces attributes to goldmark."""
    text = _CLOSING_HASHES.sub(r"\\#", one_line(tokens, strict=strict, in_heading=True))
    return f"{'#' * level} {text}" if text else ""


def collapsed(text: str) -> str:
    """Return `text` with one blank for each run of HTML's white space, to which U+00A0 does not belong."""
    if "\n" in text or "  " in text or "\t" in text:
        text = text.replace("\n", " ").replace("\t", " ")
        while "  " in text:  # halves each run: a quarter of the time that a regular expression takes
            text = text.replace("  ", " ")
    return text


def _tidied(tokens: Tokens) -> list[Tokens]:
    """Return `tokens` as lines: white space is one blank outside of emphasis, none at an edge; no emphasis is empty."""
    tidying = _Tidying()
    for token in tokens:
        tidying.add(token)
    return [line for line in tidying.lines if line]


class _Tidying:
    """Lines in the making: white space waits until it is known on which side of a delimiter it belongs."""

    def __init__(self) -> None:
        self.lines: list[Tokens] = [[]]
        self._gap = ""  # white space since the last content: "", " ", a line break or two
        self._gap_kind: Kind = TEXT  # of the token that the blank comes from
        self._waiting: Tokens = []  # opened, with nothing inside yet
        self._opened: Tokens = []  # with something inside

    def add(self, token: Token) -> None:
        kind, value = token
        if kind in (TEXT, CODE):
            self._add_text(kind, collapsed(value))
        elif kind == BREAK:
            self._gap = "\n\n" if "\n" in self._gap else "\n"
        elif kind in (OPEN, LINK):
            self._waiting.append(token)
        elif kind == IMAGE:
            self._add_content(token)
        elif self._waiting:  # the end of an emphasis or a link that holds nothing
            self._waiting.pop()
        else:
            self._opened.pop()
            self.lines[-1].append(token)

    def _add_text(self, kind: Kind, text: str) -> None:
        content = text.strip(" ")
        if text[0] == " " and not self._gap:
            self._gap, self._gap_kind = " ", kind
        if content:
            self._add_content((kind, content))
            if text[-1] == " ":
                self._gap, self._gap_kind = " ", kind

    def _add_content(self, token: Token) -> None:
        if self._gap and self.lines[-1]:
            self._add_gap(token[0])
        self._gap = ""
        line = self.lines[-1]
        for opened in self._waiting:
            append(line, opened)
        self._opened += self._waiting
        self._waiting.clear()
        append(line, token)

    def _add_gap(self, following: Kind) -> None:
        line = self.lines[-1]
        if self._gap == "\n\n":
            line += map(closing, reversed(self._opened))
            self.lines.append([*self._opened])
        elif self._gap == " ":
            within_code = line[-1][0] == self._gap_kind == following == CODE
            append(line, (CODE if within_code else TEXT, " "))
        else:
            line.append((BREAK, "\n"))


def _written(line: Tokens, *, strict: bool, at_start: bool = False, in_heading: bool = False) -> str:
    """Return `line` as Markdown; with `at_start` it starts a block, so that its text must not.

    Emphasis that would show as stars is left out: how delimiters are read shows only in the Markdown.
    """
    if not any(kind == OPEN for kind, _ in line):
        return "".join(_written_tokens(line, strict=strict, at_start=at_start, in_heading=in_heading))
    line = with_working_delimiters(line)
    written = _written_tokens(line, strict=strict, at_start=at_start, in_heading=in_heading)
    for rounds_left in reversed(range(_ROUNDS)):
        if not (misread := misread_delimiters(line, written)):
            break
        remaining: Tokens = []
        for index, token in enumerate(line):
            if index not in misread and (rounds_left or token[0] not in (OPEN, CLOSE)):
                append(remaining, token)
        line = remaining
        written = _written_tokens(line, strict=strict, at_start=at_start, in_heading=in_heading)
    return "".join(written)


def _written_tokens(line: Tokens, *, strict: bool, at_start: bool, in_heading: bool) -> list[str]:
    """Return the Markdown of each token of `line`."""
    escaped = _escaping(line, strict=strict)
    written: list[str] = []
    in_link = False
    starts = at_start
    for kind, value in line:
        if kind == TEXT or (strict and kind == CODE):
            text = escaped(value, in_link)
            text = text.replace("{", "&#123;").replace("}", "&#125;") if in_heading else text
            if starts:  # a bracket there defines a link or a footnote if "]:" follows anywhere
                defines = text.startswith("[") and any("]:" in text for kind, text in line if kind == TEXT)
                text = f"\\{text}" if defines else escaped_at_line_start(text)
            written.append(text)
        elif kind == LINK:
            in_link = True
            if written and written[-1].endswith("!"):  # it would make an image of the link
                written[-1] = written[-1][:-1] + "\\!"
            written.append("[")
        elif kind == LINK_END:
            in_link = False
            written.append(f"]({destination(value)})")
        elif kind == CODE:
            written.append(code_span(value))
        else:
            written.append("  \n" if kind == BREAK else value)
        starts = at_start and kind == BREAK
    return written


def _escaping(line: Tokens, *, strict: bool) -> Callable[[str, bool], str]:
    """Return the function that escapes a text of `line`, told whether it stands in a link.

    Delimiters act in pairs over the whole line, or beside those of our own.
    """
    if strict:
        return lambda value, in_link: escaped_strictly(value)
    texts = [value for kind, value in line if kind == TEXT]
    text = _JOINT.join(texts)
    if is_plain(text):
        return lambda value, in_link: value
    delimiters = {*acting_delimiters(text), *(character for kind, value in line if kind == OPEN for character in value)}
    if "_" in text and "://" in text and sum(map(edge_underscores, texts)) > 1:
        delimiters.add("_")
    crowded = text.count("[") > MAX_BRACKETS
    return lambda value, in_link: escaped_text(value, "".join(delimiters), in_brackets=in_link or crowded)
