"""Titles as plain text on one line. Pure."""

import re
from html import unescape
from urllib.parse import unquote

from aggregator.model import TextConstruct
from aggregator.normalise import text

MAX_LENGTH = 500  # characters; a title is no place for a book
STAND_IN_WORDS = 12
STAND_IN_LENGTH = 120  # characters, for scripts that write no blanks

# Only these are markup in a title: "<T>" and "<script>" are what somebody writes about.
_INLINE = re.compile(
    r"</?(?:a|abbr|acronym|b|bdi|bdo|big|br|cite|code|del|dfn|em|font|i|img|ins|kbd|mark|q|s|samp|small|span|strike|strong"
    r"|sub|sup|tt|u|var|wbr)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_BLOCK = re.compile(r"</?(?:div|p|h[1-6])(?:\s[^<>]*)?/?>|<br\s*/?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def plain_title(title: TextConstruct | None) -> str:
    """`title` as plain text on one line, "" where there is none.

    In RSS and Atom's html, HTML's inline tags go and the entities that XML's decoding left are decoded, once: what is
    then in there, `<` or `&amp;`, is text. Atom's text and JSON Feed's strings stand as they are.
    """
    if title is None:
        return ""
    if title.kind == "plain":
        return _bounded(text.one_line(title.value))
    spaced = _BLOCK.sub(" ", title.value)
    return _bounded(text.one_line(decoded(_INLINE.sub("", spaced))))


def stand_in(body: str, link: str) -> str:
    """A title for an entry without one: the first words of its `body` (plain text), else its link, readable."""
    words = _bounded(text.summary(body, STAND_IN_WORDS), STAND_IN_LENGTH)
    return words or text.one_line(unquote(link.partition("://")[2])) or link


def decoded(value: str) -> str:
    """`value` with the entities that XML's decoding left decoded, once."""
    return _ENTITY.sub(_character, value) if "&" in value else value


def _character(entity: re.Match[str]) -> str:
    return unescape(entity[0]).replace("\ufffd", "")  # which stands for a character that there is not


def _bounded(line: str, length: int = MAX_LENGTH) -> str:
    if len(line) <= length or (len(line) <= length + 3 and line.endswith("...")):  # cut already
        return line
    return line[:length].rstrip() + "..."
