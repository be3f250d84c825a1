"""Inline elements that mean something, as plain text, for places without markup. Pure."""

from lxml.etree import _Element as Element

from aggregator.commonmark.block_tags import BLOCK_TAGS
from aggregator.commonmark.formulas import formula_text
from aggregator.commonmark.notation import quotation_marks, script_marks

MEANINGFUL_TAGS = frozenset({"math", "q", "rp", "rt", "sub", "sup"})


def inline_text(element: Element, before: str, language: str | None) -> str:
    """Return the text of `element`, one of MEANINGFUL_TAGS, behind the character `before` ("" if there is none)."""
    if element.tag == "rp":
        return ""
    if element.tag == "math":
        return formula_text(element)
    text, raw = _content(element, before, language), text_of(element)
    opening, closing = "", ""
    if element.tag in {"sub", "sup"}:
        opening, characters, closing = script_marks(element.tag, raw, before, nested=holds_scripts(element))
        text = text.translate(characters) if characters else text
    elif element.tag == "q":
        opening, closing = quotation_marks(raw, language, quotations_around(element))
    elif raw.strip():  # a reading, of ruby
        opening, closing = "(", ")"
    return f"{opening}{text}{closing}"


def text_of(element: Element) -> str:
    """Return the text in `element` as it stands."""
    return "".join(map(str, element.itertext()))


def has_text_beside(element: Element) -> bool:
    """Return True if `element` is a part of its parent's text, and holds no blocks."""
    parent = element.getparent()
    if parent is None or next(element.iter(*BLOCK_TAGS), None) is not None:
        return False
    before, behind = element.getprevious(), element.getnext()
    texts = [element.tail, parent.text if before is None else before.tail]
    texts += [text_of(sibling) for sibling in (before, behind) if sibling is not None and sibling.tag not in BLOCK_TAGS]
    return any(text and not text.isspace() for text in texts)


def holds_scripts(element: Element) -> bool:
    """Return True if raised or lowered text stands in `element`."""
    return any(script is not element for script in element.iter("sub", "sup"))


def quotations_around(element: Element) -> int:
    """Count the quotations that `element` stands in."""
    return sum(1 for _ in element.iterancestors("q"))


def _content(element: Element, before: str, language: str | None) -> str:
    text = element.text or ""
    for child in element:
        ends_line = child.tag == "br" or child.tag in BLOCK_TAGS
        if child.tag in BLOCK_TAGS and not text.endswith("\n"):
            text += "\n"
        read = inline_text if child.tag in MEANINGFUL_TAGS else _content
        text += read(child, text[-1:] or before, language) + "\n" * ends_line + (child.tail or "")
    return text
