"""Preformatted text: its lines, and the language that its fence names. Pure."""

from collections.abc import Iterator

from lxml.etree import _Element as Element

from aggregator.commonmark.block_tags import BLOCK_TAGS
from aggregator.commonmark.languages import LANGUAGES
from aggregator.commonmark.meaning import MEANINGFUL_TAGS, inline_text

LANGUAGE_PREFIX = "language-"  # of the annotation that the cleaner leaves on a code block or around it


def code_text(element: Element, language: str | None = None) -> str:
    """Return the text of a `pre` with one line for each block in it, without empty lines at its edges.

    `language` is that of quotation marks.
    """
    lines = _Lines(language)
    lines.walk(element)
    return "".join(lines.parts).strip("\n").rstrip()


class _Lines:
    """Text in the making: the edge of a block ends the line, once, however many edges and line feeds meet there."""

    def __init__(self, language: str | None) -> None:
        self._language = language
        self.parts: list[str] = []
        self._at_start = True  # of a line
        self._after_block = False  # the edge of a block comes last: a line feed behind it is that edge

    def walk(self, element: Element) -> None:
        self._add(element.text)
        for child in element:
            if child.tag == "br":
                self._append("\n")
            elif child.tag in BLOCK_TAGS:
                self._end_line()
                self._after_block = False
                self.walk(child)
                self._end_line()
                self._after_block = True
            elif child.tag in MEANINGFUL_TAGS:
                before = self.parts[-1][-1:] if self.parts else ""
                self._add(inline_text(child, before, self._language))
            else:
                self.walk(child)
            self._add(child.tail)

    def _add(self, text: str | None) -> None:
        if text and self._after_block:
            if text.isspace() and text.count("\n") == 1:
                return
            blank, feed, following = text.partition("\n")
            text = following if feed and not blank.strip() else text
        if text:
            self._append(text)

    def _append(self, text: str) -> None:
        self.parts.append(text)
        self._at_start = text.endswith("\n")
        self._after_block = False

    def _end_line(self) -> None:
        if not self._at_start:
            self._append("\n")


def fence_language(element: Element) -> str:
    """Return the known language that a `pre`, or code in it or a block around it, is annotated with, else ""."""
    for annotated in _annotated(element):
        for value in annotated.attrib.values():
            language = str(value).removeprefix(LANGUAGE_PREFIX)
            if language != value and language in LANGUAGES:
                return language
    return ""


def _annotated(element: Element) -> Iterator[Element]:
    yield element
    yield from element.iter("code")
    yield from element.iterancestors("div", "figure", "pre", "code")
