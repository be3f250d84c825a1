"""What needs no care, written directly: whole bodies, else single paragraphs. Pure.

Half of all bodies and seven of ten paragraphs are such; a body takes a quarter of the time without a tree, a paragraph
a third without pieces. What comes out is what `Writer` would make of them; it is asked for all others.
"""

import re

from lxml.etree import _Element as Element

from aggregator.commonmark.escape import PLAIN, PLAIN_URL, code_span, destination, image, is_plain
from aggregator.commonmark.inline import evened
from aggregator.commonmark.tokens import EMPHASIS, STRONG

_MARKS = {"b": STRONG, "strong": STRONG, "i": EMPHASIS, "em": EMPHASIS}
_CODE = frozenset({"code", "kbd", "samp"})
_ALONE = frozenset({"a", *_CODE, *_MARKS})
_BLANKS = " \t\n\r\f"
_STARTS = frozenset("#-+*>:~=|_{")  # with these, or a digit, another block than a paragraph may start

# A text alone, or paragraphs of text with links and emphases in it: nothing is nested, text parts any two of them, no
# blank stands at an edge, and a paragraph starts with nothing that may start another block.
_TEXT_OF_LINK = rf"(?!\s){PLAIN}++(?<! )"
_TEXT_OF_MARK = rf"(?=[^\W_]){PLAIN}++(?<=[^\W_])"
_ELEMENT = rf'(?<!!)<a href="{PLAIN_URL}">{_TEXT_OF_LINK}</a>|<(?P<mark>{"|".join(_MARKS)})>{_TEXT_OF_MARK}</(?P=mark)>'
_LINE = rf"(?![#\-+>:=|\d\s])(?:{PLAIN}++|(?:{_ELEMENT})(?!<[^/]))++(?<! )"
_PARAGRAPHS = re.compile(rf"(?:<p>{_LINE}</p>(?:\n(?=<))?+)++")
_LINK = re.compile(r'<a href="([^"]*+)">([^<]*+)</a>')
_STRONG, _EMPHASIS = re.compile("</?(?:strong|b)>"), re.compile("</?(?:em|i)>")
_BETWEEN = re.compile(r"</p>\n?<p>")


def body(clean_html: str) -> str | None:
    """A whole text as Markdown; None where that takes more care."""
    if not clean_html:
        return ""
    paragraphs = clean_html if clean_html.startswith("<p>") else f"<p>{clean_html}</p>"
    if not _PARAGRAPHS.fullmatch(paragraphs) or "  " in paragraphs:
        return None
    text = _BETWEEN.sub("\n\n", paragraphs[len("<p>") : -len("</p>")])
    first, *links = _LINK.split(text)  # URL, text and what follows of each: half the time of putting groups in
    linked = [f"[{links[at + 1]}]({links[at]}){links[at + 2]}" for at in range(0, len(links), 3)]
    text = first + "".join(linked)
    text = _EMPHASIS.sub(EMPHASIS, text) if "<" in text else text
    return _STRONG.sub(STRONG, text) if "<" in text else text


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
    tag = element.tag
    if tag == "img":
        source = element.get("src")
        return image(source, element.get("alt", ""), element.get("title", "")) if source else None
    if tag not in _ALONE or len(element):
        return None
    text = element.text
    if not text or text.isspace() or text[0] in _BLANKS or text[-1] in _BLANKS:
        return None
    if tag in _CODE:
        return code_span(evened(text))
    if not is_plain(text):
        return None
    if mark := _MARKS.get(tag):
        return f"{mark}{text}{mark}" if text[0].isalnum() and text[-1].isalnum() else None
    href = element.get("href")
    return f"[{text}]({destination(href)})" if href and not before.endswith("!") else None
