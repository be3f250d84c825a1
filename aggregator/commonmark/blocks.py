"""A tree of clean HTML written as blocks of Markdown. Pure.

Any nesting is taken: an inline element around blocks marks the text of each of them, a block inside a heading or a
cell becomes text of it, and what is nested too deep for renderers is written flat.
"""

import re
from collections.abc import Callable
from textwrap import indent

from lxml.etree import _Element as Element

from aggregator.commonmark import inline
from aggregator.commonmark.block_tags import BLOCK_TAGS
from aggregator.commonmark.code import code_text, fence_language
from aggregator.commonmark.escape import fenced, image
from aggregator.commonmark.formulas import formula_of_image, formula_text
from aggregator.commonmark.lists import number_runs, numbered_items
from aggregator.commonmark.meaning import has_text_beside, holds_scripts, quotations_around, text_of
from aggregator.commonmark.notation import Characters, quotation_marks, script_marks
from aggregator.commonmark.tables import TableRow, data_rows
from aggregator.commonmark.tokens import (
    CODE,
    EMPHASIS,
    IMAGE,
    LINE_BREAK,
    LINK,
    OPEN,
    STRIKETHROUGH,
    STRONG,
    TEXT,
    Kind,
    Token,
    Tokens,
    closing,
)

MAX_NESTING = 8  # of lists and quotations: some renderers give up at 20 tokens, and a list is two

_DELIMITERS = {
    "b": STRONG, "strong": STRONG, "i": EMPHASIS, "em": EMPHASIS, "s": STRIKETHROUGH, "del": STRIKETHROUGH
}  # fmt: skip
_INTERRUPTS = re.compile(r"[-+] |1[.)] ")  # a list that may follow a text without a blank line
_TASK = re.compile(r"\A\[([ xX])\](\(?)")  # goldmark would make a checkbox of it, of a link's text too


class Writer:
    """Writes the blocks of one container: a document, an item, a quotation.

    `strict` escapes whatever could act. `language` is that of quotation marks. `outer` is the writer of the container
    around, `flat` is for a heading or a cell, where everything is text of one line.
    """

    def __init__(
        self, *, strict: bool, language: str | None = None, outer: "Writer | None" = None, flat: bool = False
    ) -> None:
        self.plain_text: list[str] = outer.plain_text if outer else []  # with a line feed at the edges of blocks
        self.tight = True  # nothing but lists follow the first block
        self._blocks: list[str] = []
        self._opened: Tokens = [*outer._opened] if outer else []  # emphases and the link that this place stands in
        self._tokens: Tokens = [*self._opened]  # of the paragraph in the making
        self._text_kind: Kind = TEXT
        self._characters: Characters | None = outer._characters if outer else None  # raised or lowered
        self._language: str | None = outer._language if outer else language
        self._opening_end = -1  # length of `plain_text` behind the last opening mark of a script, ruby or quotation
        self._before_opening = ""  # the character before that mark
        self._bullet = ""  # of the list that is the last block
        self._numbers: dict[Element, int] = {}  # of items of lists in a cell
        self._nesting: int = outer._nesting + 1 if outer else 0
        self._flat = flat
        self._strict = strict

    def blocks(self, element: Element) -> list[str]:
        """Return the content of `element` as blocks to be parted by blank lines."""
        self._walk(element)
        self._end_paragraph()
        return self._blocks

    def tokens(self, element: Element) -> Tokens:
        """Return the content of `element` as tokens of one line."""
        self._walk(element)
        return self._closed()

    # ------------------------------------------------------------------------------------------------------- the walk

    def _walk(self, element: Element) -> None:
        self._add_text(element.text)
        for child in element:
            self._write(child)
            self._add_text(child.tail)

    def _write(self, element: Element) -> None:
        if write := _INLINE.get(element.tag):
            write(self, element)
        elif element.tag in BLOCK_TAGS:
            self._end_paragraph()
            self.plain_text.append("\n")
            write = (_FLAT_BLOCKS if self._flat else _BLOCKS).get(element.tag, Writer._walk)
            write(self, element)
            self.plain_text.append("\n")
            self._end_paragraph()
        else:
            self._walk(element)

    def _add_text(self, text: str | None) -> None:
        if text:
            if self._characters:
                text = text.translate(self._characters)
            self.plain_text.append(text.replace("\n", " "))
            if len(self._tokens) > len(self._opened) or not text.isspace():
                self._tokens.append((self._text_kind, text))

    def _end_paragraph(self) -> None:
        if self._flat:
            if len(self._tokens) > len(self._opened):
                self._tokens.append((self._text_kind, " "))
        elif len(self._tokens) > len(self._opened):
            for text in inline.paragraphs(self._closed(), strict=self._strict):
                self._add(text)
            self._tokens = [*self._opened]

    def _closed(self) -> Tokens:
        return [*self._tokens, *map(closing, reversed(self._opened))]

    def _add(self, block: str, bullet: str = "") -> None:
        if block:
            self.tight = self.tight and (not self._blocks or bool(bullet and _INTERRUPTS.match(block)))
            self._blocks.append(block)
            self._bullet = bullet

    def _inner(self, *, flat: bool = False) -> "Writer":
        return Writer(strict=self._strict, outer=self, flat=flat)

    # ---------------------------------------------------------------------------------------------- within a paragraph

    def _write_emphasis(self, element: Element) -> None:
        token: Token = (OPEN, _DELIMITERS[element.tag])
        start = len(self.plain_text)
        self._write_within(token, element, useless=token in self._opened or self._text_kind == CODE)
        if token[1] == STRIKETHROUGH and has_text_beside(element):  # without its line it would say what it does not
            del self.plain_text[start:]

    def _write_script(self, element: Element) -> None:
        text, name = text_of(element), element.tag
        before = self._character_before()
        opening, characters, closing = script_marks(name, text, before, nested=holds_scripts(element))
        outside, self._characters = self._characters, characters or self._characters
        self._add_opening(opening)
        self._walk(element)
        self._add_text(closing)
        self._characters = outside

    def _character_before(self) -> str:
        """Return the last character of the text so far, without an opening mark of our own behind it; "" for none."""
        if self._opening_end == len(self.plain_text):
            return self._before_opening
        return next((part[-1] for part in reversed(self.plain_text) if part), "")

    def _add_opening(self, mark: str) -> None:
        if mark:
            self._before_opening = self._character_before()
            self._add_text(mark)
            self._opening_end = len(self.plain_text)

    def _write_ruby_text(self, element: Element) -> None:
        opening, closing = "()" if text_of(element).strip() else ("", "")
        self._add_opening(opening)
        self._walk(element)
        self._add_text(closing)

    def _write_ruby_parenthesis(self, element: Element) -> None:
        for picture in element.iter("img"):
            self._write_image(picture)

    def _write_quoted(self, element: Element) -> None:
        text = text_of(element)
        opening, closing = quotation_marks(text, self._language, quotations_around(element))
        self._add_opening(opening)
        self._walk(element)
        self._add_text(closing)

    def _write_formula(self, element: Element) -> None:
        self._add_text(formula_text(element))

    def _write_link(self, element: Element) -> None:
        href = element.get("href", "")
        nested = any(kind == LINK for kind, _ in self._opened)
        self._write_within((LINK, href), element, useless=nested or not href)

    def _write_within(self, token: Token, element: Element, *, useless: bool) -> None:
        if useless:
            self._walk(element)
            return
        self._opened.append(token)
        self._tokens.append(token)
        self._walk(element)
        self._tokens.append(closing(self._opened.pop()))

    def _write_code(self, element: Element) -> None:
        outside, self._text_kind = self._text_kind, CODE
        self._walk(element)
        self._text_kind = outside

    def _write_break(self, _: Element) -> None:
        self.plain_text.append("\n")
        self._tokens.append(LINE_BREAK)

    def _write_image(self, element: Element) -> None:
        if source := element.get("src"):
            self._tokens.append((IMAGE, image(source, element.get("alt", ""), element.get("title", ""))))
            self.plain_text.append(formula_of_image(element))

    # ---------------------------------------------------------------------------------------------- blocks of their own

    def _write_heading(self, element: Element) -> None:
        self._add(inline.heading(int(element.tag[1]), self._inner(flat=True).tokens(element), strict=self._strict))

    def _write_rule(self, _: Element) -> None:
        self._add("***")

    def _write_term(self, element: Element) -> None:
        token: Token = (OPEN, STRONG)
        self._write_within(token, element, useless=token in self._opened)

    def _write_preformatted(self, element: Element) -> None:
        code = code_text(element, self._language)
        self.plain_text.append(code.replace("\n", " "))
        if not self._strict:
            self._add(fenced(code, fence_language(element)) if code else "")
        else:
            for line in code.split("\n"):
                self._tokens += [(self._text_kind, line), LINE_BREAK] if line else [LINE_BREAK]
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
        usual, alternate = (".", ")") if ordered else ("-", "+")
        items = [(number, item) for number, item in numbered_items(element, self._items(element)) if item._blocks]
        gap = "\n" if all(item.tight for _, item in items) else "\n\n"
        for run in number_runs(items) if ordered else [items]:
            bullet = alternate if self._bullet == usual else usual  # or two lists in a row would be one
            texts = [item._as_item(f"{number if ordered else ''}{bullet} ", gap) for number, item in run]
            self._add(gap.join(texts), bullet)

    def _as_item(self, marker: str, gap: str) -> str:
        text = _TASK.sub(_untasked, gap.join(self._blocks), count=1)
        return marker + indent(text, " " * len(marker))[len(marker) :]

    def _write_stray_item(self, element: Element) -> None:
        """Write an item outside of a list, as browsers show it: of several in a row Markdown makes one list."""
        if self._nesting >= MAX_NESTING:
            self._walk(element)
            return
        item = self._inner()
        if item.blocks(element):
            self._add(item._as_item("- ", "\n" if item.tight else "\n\n"), "-")

    def _items(self, element: Element) -> list[tuple[Element, "Writer"]]:
        """Return each item with its writer. What stands between items belongs to the one before it, or to no item."""
        items: list[tuple[Element, Writer]] = []
        writer = self
        writer._add_text(element.text)
        for child in element:
            if child.tag == "li":
                writer._end_paragraph()
                writer = self._inner()
                items.append((child, writer))
                self.plain_text.append("\n")
                writer.blocks(child)
                self.plain_text.append("\n")
            else:
                writer._write(child)
            writer._add_text(child.tail)
        writer._end_paragraph()
        return items

    def _write_flat_numbered_list(self, element: Element) -> None:
        items = ((item, item) for item in element.iterchildren("li"))
        self._numbers |= {item: number for number, item in numbered_items(element, items)}
        self._walk(element)

    def _write_flat_item(self, element: Element) -> None:
        if text_of(element).strip() or next(element.iter("img"), None) is not None:
            number = self._numbers.get(element)
            self._tokens.append((TEXT, "• " if number is None else f"{number}. "))
        self._walk(element)

    def _write_flat_code(self, element: Element) -> None:
        code = code_text(element, self._language)
        self.plain_text.append(code.replace("\n", " "))
        for line in filter(None, map(str.strip, code.split("\n"))):
            self._tokens += [(CODE, line), (TEXT, " ")]
        for picture in element.iter("img"):
            self._write_image(picture)

    def _write_table(self, element: Element) -> None:
        rows = data_rows(element)
        if not rows:
            self._walk(element)
            return
        for caption in element.iter("caption"):
            self._write(caption)
        head, *body = map(self._row, rows)
        self._add("\n".join([head, "|" + " --- |" * len(rows[0]), *body]))

    def _row(self, cells: TableRow) -> str:
        return f"| {' | '.join('' if cell is None else self._cell(cell) for cell in cells)} |"

    def _cell(self, cell: Element) -> str:
        self.plain_text.append("\n")
        text = inline.one_line(self._inner(flat=True).tokens(cell), strict=self._strict)
        return text if self._strict else text.replace("|", "\\|")


_Write = Callable[[Writer, Element], None]

_INLINE: dict[str, _Write] = {
    **dict.fromkeys(_DELIMITERS, Writer._write_emphasis),
    **dict.fromkeys(("code", "kbd", "samp"), Writer._write_code),
    **dict.fromkeys(("sub", "sup"), Writer._write_script),
    "a": Writer._write_link,
    "br": Writer._write_break,
    "img": Writer._write_image,
    "math": Writer._write_formula,
    "q": Writer._write_quoted,
    "rp": Writer._write_ruby_parenthesis,
    "rt": Writer._write_ruby_text,
}
_BLOCKS: dict[str, _Write] = {  # others are containers of blocks
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), Writer._write_heading),
    "hr": Writer._write_rule,
    "dt": Writer._write_term,
    "pre": Writer._write_preformatted,
    "blockquote": Writer._write_quotation,
    "li": Writer._write_stray_item,
    "ul": Writer._write_list,
    "ol": Writer._write_list,
    "table": Writer._write_table,
}
_FLAT_BLOCKS: dict[str, _Write] = {  # in a heading or a cell
    "li": Writer._write_flat_item,
    "ol": Writer._write_flat_numbered_list,
    "pre": Writer._write_flat_code,
}


def _untasked(start: re.Match[str]) -> str:
    return f"[&#{ord(start[1])};](" if start[2] else f"\\{start[0]}"
