"""Body of an entry: the longest of its texts, cleaned and read once. Pure."""

import re
from html import unescape
from typing import NamedTuple

from aggregator.commonmark import converted
from aggregator.model import TextConstruct
from aggregator.normalise import html
from aggregator.urls import without_credentials

_TAG = re.compile("<[^<>]*>")
# Blocks around a whole text are no text about markup: the source gives its HTML the wrong type or escapes it twice.
_BLOCK = "(?:p|div|h[1-6]|ul|ol|dl|table|blockquote|figure|section|article|header|main)"
_MARKUP = re.compile(rf"\s*<{_BLOCK}(?:\s[^<>]*)?>.*</{_BLOCK}>\s*", re.IGNORECASE | re.DOTALL)
_ESCAPED_MARKUP = re.compile(rf"\s*&lt;{_BLOCK}\b[^<]*&lt;/{_BLOCK}&gt;\s*", re.IGNORECASE)


class CleanBody(NamedTuple):
    """A text as clean HTML, as Markdown and as plain text, all "" if there is none."""

    html: str = ""
    markdown: str = ""
    text: str = ""


def longest_content(contents: tuple[TextConstruct, ...], base: str) -> CleanBody:
    """Return the one of `contents` with the longest plain text; relative URLs are joined to its xml:base, else `base`.

    If none has words, it is the first that has an image: a comic is nothing else.
    """
    wordless = CleanBody()
    for content in contents if len(contents) == 1 else sorted(contents, key=_visible_length, reverse=True):
        clean = _clean(content, base)
        body = CleanBody(clean, *converted(clean))
        if body.text:
            return body
        if not wordless.html and "<img " in clean:
            wordless = body
    return wordless


def _clean(content: TextConstruct, base: str) -> str:
    if content.kind == "plain" and not _MARKUP.fullmatch(content.value):
        return html.paragraphs(content.value)
    base = without_credentials(content.base or base)
    clean = html.clean(_unescaped(content.value), base)
    again = _unescaped(clean)  # escaped markup that an unknown tag around it kept from being seen
    return clean if again is clean else html.clean(again, base)


def _unescaped(value: str) -> str:
    return unescape(value) if _ESCAPED_MARKUP.fullmatch(value) else value


def _visible_length(content: TextConstruct) -> int:
    """Return about the length of the plain text: to clean all contents would cost more than it is worth."""
    return len((content.value if content.kind == "plain" else _TAG.sub("", content.value)).strip())
