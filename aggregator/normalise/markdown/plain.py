"""Paragraphs in which nothing needs care, written directly: seven of ten, in a fifth of the time. Pure.

What comes out is what `inline.paragraphs` would make of them; it is asked for all others.
"""

from lxml.etree import _Element as Element

from aggregator.normalise.markdown.escape import code_span, destination, image, is_plain
from aggregator.normalise.markdown.inline import evened
from aggregator.normalise.markdown.pieces import EMPHASIS, STRONG

_MARKS = {"b": STRONG, "strong": STRONG, "i": EMPHASIS, "em": EMPHASIS}
_CODE = frozenset({"code", "kbd", "samp"})
_BLANKS = " \t\n\r\f"
_STARTS = frozenset("#-+*>:~=|_{")  # with these, or a digit, another block than a paragraph may start


def paragraph(element: Element) -> str | None:
    """`element` as a paragraph of Markdown, "" where there is nothing in it; None where that takes more care.

    It may hold text, links, emphases, code and images. Care takes what acts in Markdown, what is nested, and what
    stands where marks do not work, or belong elsewhere.
    """
    text = element.text or ""
    text = "" if text.isspace() else text.lstrip(_BLANKS)
    if not is_plain(text) or (text and _may_start_block(text[0])):
        return None
    written = [text]
    for child in element:
        met = not text and len(written) > 1  # two marks, and nothing between
        inner = None if met else _written(child, text)
        text = child.tail or ""
        if inner is None or not is_plain(text):
            return None
        written += (inner, text)
    return evened("".join(written)).strip(" ")


def _may_start_block(first: str) -> bool:
    return not first.isalpha() and (first in _STARTS or first.isdecimal())


def _written(element: Element, before: str) -> str | None:
    """An element behind the text `before`."""
    tag, text = element.tag, element.text
    if tag == "img":
        source = element.get("src")
        return image(source, element.get("alt", ""), element.get("title", "")) if source else None
    if not text or text.isspace() or len(element) or text[0] in _BLANKS or text[-1] in _BLANKS:
        return None
    if tag in _CODE:
        return code_span(evened(text))
    if not is_plain(text):
        return None
    if tag == "a":
        href = element.get("href")
        return f"[{text}]({destination(href)})" if href and not before.endswith("!") else None
    mark = _MARKS.get(tag)
    return f"{mark}{text}{mark}" if mark and text[0].isalnum() and text[-1].isalnum() else None
