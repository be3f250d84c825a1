"""Titles as plain text on one line. Pure."""

import re
from html import unescape
from urllib.parse import unquote

from aggregator.model import TextConstruct
from aggregator.normalise import text

MAX_LENGTH = 500  # characters, with the "..." of a title that is cut; a title is no place for a book
SUBSTITUTE_WORDS = 12
SUBSTITUTE_LENGTH = 123  # characters, for scripts that write no blanks
_ELLIPSIS = "..."

# Only these are markup in a title: "<T>" and "<script>" are what somebody writes about.
_INLINE = re.compile(
    r"</?(?:a|abbr|acronym|b|bdi|bdo|big|br|cite|code|del|dfn|em|font|i|img|ins|kbd|mark|q|s|samp|small|span|strike|strong"
    r"|sub|sup|tt|u|var|wbr)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_BLOCK = re.compile(r"</?(?:div|p|h[1-6])(?:\s[^<>]*)?/?>|<br\s*/?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def plain_title(title: TextConstruct | None) -> str:
    """Return `title` as plain text on one line, "" if there is none.

    In RSS and Atom's html, HTML's inline tags are dropped and the entities that XML's decoding left are decoded, once:
    a `<` or `&amp;` that then remains is text. Atom's text and JSON Feed's strings stay as they are.
    """
    if title is None:
        return ""
    if title.kind == "plain":
        return _bounded(text.one_line(title.value))
    spaced = _BLOCK.sub(" ", title.value)
    return _bounded(text.one_line(decoded_entities(_INLINE.sub("", spaced))))


def substitute_title(body: str, link: str) -> str:
    """Return a title for an entry without one: the first words of its `body` (plain text), else its link, readable."""
    words = _bounded(text.summary(body, SUBSTITUTE_WORDS), SUBSTITUTE_LENGTH)
    return words or text.one_line(unquote(link.partition("://")[2])) or link


def decoded_entities(value: str) -> str:
    """Return `value` with the entities that XML's decoding left decoded once; impossible characters are dropped."""
    return _ENTITY.sub(lambda entity: unescape(entity[0]).replace("\ufffd", ""), value) if "&" in value else value


def _bounded(line: str, length: int = MAX_LENGTH) -> str:
    return line if len(line) <= length else line[: length - len(_ELLIPSIS)].rstrip() + _ELLIPSIS
