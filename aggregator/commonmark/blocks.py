"""A tree of clean HTML becomes blocks of Markdown. Pure.

Any nesting is taken: an inline element around blocks marks the text of each of them, a block inside a heading or a
cell becomes text of it, and what is nested too deep for renderers is written flat.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from textwrap import indent

from lxml.etree import _Element as Element

from aggregator.commonmark import inline
from aggregator.commonmark.escape import fenced, image
from aggregator.commonmark.plain import paragraph
from aggregator.commonmark.tables import grid
from aggregator.commonmark.tokens import (
    BREAK,
    CLOSE,
    CODE,
    EMPHASIS,
    IMAGE,
    LINK,
    LINK_END,
    OPEN,
    STRONG,
    STRUCK,
    TEXT,
    Kind,
    Line,
    Piece,
)

MAX_NESTING = 8  # of lists and quotations: some renderers give up at 20 tokens, and a list is two

_MARKS = {"b": STRONG, "strong": STRONG, "i": EMPHASIS, "em": EMPHASIS, "s": STRUCK, "del": STRUCK}
_CODE = ("code", "kbd", "samp")
_CONTAINERS = "body caption dd div dl figcaption figure html li p tbody td tfoot th thead tr"
_NUMBER = re.compile(r"[0-9]{1,8}")
_INTERRUPTS = re.compile(r"[-+] |1[.)] ")  # a list that may follow a text without a blank line
_TASK = re.compile(r"\A\[([ xX])\](\(?)")  # goldmark would make a checkbox of it, of a link's text too


class Writer:
    """Writes the blocks of one container: a document, an item, a quotation.

    `marks` are the emphases and the link in which the container stands; `flat` is for a heading or a cell, where
    everything is text of one line; `strict` escapes whatever could act.
    """

    def __init__(self, *, strict: bool, marks: Iterable[Piece] = (), nesting: int = 0, flat: bool = False) -> None:
        self.tight = True  # nothing but lists follow the first block
        self._blocks: list[str] = []
        self._marks = [*marks]  # open at this place
        self._pieces: Line = [*marks]  # of the paragraph in the making
        self._text_kind: Kind = TEXT
        self._bullet = ""  # of the list that is the last block
        self._nesting = nesting
        self._flat = flat
        self._strict = strict

    def blocks(self, element: Element) -> list[str]:
        """What `element` holds, as blocks to be parted by blank lines."""
        self._write_container(element)
        self._end_paragraph()
        return self._blocks

    def pieces(self, element: Element) -> Line:
        """What `element` holds, as pieces of one line."""
        self._walk(element)
        return self._closed()

    # ------------------------------------------------------------------------------------------------------- the walk

    def _walk(self, element: Element) -> None:
        self._add_text(element.text)
        for child in element:
            self._write(child)
            self._add_text(child.tail)

    def _write(self, element: Element) -> None:
        tag = element.tag
        if write := _INLINE.get(tag):
            write(self, element)
        elif write := _BLOCKS.get(tag):
            self._end_paragraph()
            if self._flat:
                self._walk(element)
            else:
                write(self, element)
            self._end_paragraph()
        else:
            self._walk(element)

    def _add_text(self, text: str | None) -> None:
        if text and (len(self._pieces) > len(self._marks) or not text.isspace()):
            self._pieces.append((self._text_kind, text))

    def _end_paragraph(self) -> None:
        if self._flat:
            self._add_text(" ")
        elif len(self._pieces) > len(self._marks):
            for text in inline.paragraphs(self._closed(), strict=self._strict):
                self._add(text)
            self._pieces = [*self._marks]

    def _closed(self) -> Line:
        return [*self._pieces, *map(_closing, reversed(self._marks))] if self._marks else self._pieces

    def _add(self, block: str, bullet: str = "") -> None:
        if block:
            self.tight = self.tight and (not self._blocks or bool(bullet and _INTERRUPTS.match(block)))
            self._blocks.append(block)
            self._bullet = bullet

    def _inner(self, *, flat: bool = False) -> "Writer":
        return Writer(strict=self._strict, marks=self._marks, nesting=self._nesting + 1, flat=flat)

    # ---------------------------------------------------------------------------------------------- within a paragraph

    def _write_emphasis(self, element: Element) -> None:
        mark: Piece = (OPEN, _MARKS[element.tag])
        self._write_within(mark, element, useless=mark in self._marks or self._text_kind == CODE)

    def _write_link(self, element: Element) -> None:
        href = element.get("href", "")
        nested = any(kind == LINK for kind, _ in self._marks)
        self._write_within((LINK, href), element, useless=nested or not href)

    def _write_within(self, mark: Piece, element: Element, *, useless: bool) -> None:
        if useless:
            self._walk(element)
            return
        self._marks.append(mark)
        self._pieces.append(mark)
        self._walk(element)
        self._pieces.append(_closing(self._marks.pop()))

    def _write_code(self, element: Element) -> None:
        outside, self._text_kind = self._text_kind, CODE
        self._walk(element)
        self._text_kind = outside

    def _write_break(self, _: Element) -> None:
        self._pieces.append((BREAK, ""))

    def _write_image(self, element: Element) -> None:
        if source := element.get("src"):
            self._pieces.append((IMAGE, image(source, element.get("alt", ""), element.get("title", ""))))

    # ---------------------------------------------------------------------------------------------- blocks of their own

    def _write_heading(self, element: Element) -> None:
        self._add(inline.heading(int(element.tag[1]), self._inner(flat=True).pieces(element), strict=self._strict))

    def _write_container(self, element: Element) -> None:
        plain_here = not self._marks and not self._strict and self._text_kind == TEXT
        text = paragraph(element) if plain_here else None
        if text is None:
            self._walk(element)
        else:
            self._add(text)

    def _write_rule(self, _: Element) -> None:
        self._add("***")

    def _write_term(self, element: Element) -> None:
        mark: Piece = (OPEN, STRONG)
        self._write_within(mark, element, useless=mark in self._marks)

    def _write_preformatted(self, element: Element) -> None:
        for inner in element.iterdescendants("br", *_BLOCKS):
            inner.text = f"\n{inner.text or ''}"
            if inner.tag != "br":
                inner.tail = f"\n{inner.tail or ''}"
        code = "".join(map(str, element.itertext())).strip("\n").rstrip()
        if not self._strict:
            self._add(fenced(code) if code else "")
        else:
            for line in code.split("\n"):
                self._add_text(line)
                self._pieces.append((BREAK, ""))
        for picture in element.iter("img"):
            self._write_image(picture)

    def _write_quotation(self, element: Element) -> None:
        if self._nesting >= MAX_NESTING:
            self._walk(element)
        elif blocks := self._inner().blocks(element):
            lines = "\n\n".join(blocks).split("\n")
            self._add("\n".join(f"> {line}" if line else ">" for line in lines))

    def _write_list(self, element: Element) -> None:
        if self._nesting >= MAX_NESTING or not len(element):
            self._walk(element)
            return
        ordered = element.tag == "ol"
        plain, other = (".", ")") if ordered else ("-", "+")
        bullet = other if self._bullet == plain else plain  # or two lists in a row would be one
        items = [item for item in self._items(element) if item._blocks]
        gap = "\n" if all(item.tight for item in items) else "\n\n"
        texts = []
        for number, item in enumerate(items, start=_start(element)):
            marker = f"{number if ordered else ''}{bullet} "
            text = _TASK.sub(_untasked, gap.join(item._blocks), count=1)
            texts.append(marker + indent(text, " " * len(marker))[len(marker) :])
        self._add(gap.join(texts), bullet)

    def _items(self, element: Element) -> Iterator["Writer"]:
        """A writer for each item, and for what stands between items, done but perhaps empty."""
        stray = self._inner()
        stray._add_text(element.text)
        for child in element:
            if child.tag == "li":
                stray._end_paragraph()
                yield stray
                item, stray = self._inner(), self._inner()
                item.blocks(child)
                yield item
            else:
                stray._write(child)
            stray._add_text(child.tail)
        stray._end_paragraph()
        yield stray

    def _write_table(self, element: Element) -> None:
        rows = grid(element)
        if not rows:
            self._walk(element)
            return
        for caption in element.iter("caption"):
            self._write(caption)
        texts = [self._row(cells) for cells in rows]
        self._add("\n".join([texts[0], "|" + " --- |" * len(rows[0]), *texts[1:]]))

    def _row(self, cells: list[Element | None]) -> str:
        return f"| {' | '.join('' if cell is None else self._cell(cell) for cell in cells)} |"

    def _cell(self, cell: Element) -> str:
        text = inline.one_line(self._inner(flat=True).pieces(cell), strict=self._strict)
        return text if self._strict else text.replace("|", "\\|")


_Write = Callable[[Writer, Element], None]

_INLINE: dict[str, _Write] = {
    **dict.fromkeys(_MARKS, Writer._write_emphasis),
    **dict.fromkeys(_CODE, Writer._write_code),
    "a": Writer._write_link,
    "br": Writer._write_break,
    "img": Writer._write_image,
}
_BLOCKS: dict[str, _Write] = {
    **dict.fromkeys(_CONTAINERS.split(), Writer._write_container),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), Writer._write_heading),
    "hr": Writer._write_rule,
    "dt": Writer._write_term,
    "pre": Writer._write_preformatted,
    "blockquote": Writer._write_quotation,
    "ul": Writer._write_list,
    "ol": Writer._write_list,
    "table": Writer._write_table,
}


def _untasked(start: re.Match[str]) -> str:
    return f"[&#{ord(start[1])};](" if start[2] else f"\\{start[0]}"


def _closing(mark: Piece) -> Piece:
    kind, value = mark
    return (CLOSE if kind == OPEN else LINK_END, value)


def _start(element: Element) -> int:
    value = element.get("start", "").strip()
    return int(value) if _NUMBER.fullmatch(value) else 1
