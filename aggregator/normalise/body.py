"""The text of an entry: the fullest that it offers, cleaned. Pure."""

import re
from html import unescape
from typing import NamedTuple

from aggregator.commonmark.text import text_of
from aggregator.model import TextConstruct
from aggregator.normalise import html
from aggregator.urls import without_credentials

_TAG = re.compile("<[^<>]*>")
# Blocks around the whole are no text about markup, but a source that gives its HTML the wrong type or escapes it twice.
_BLOCK = "(?:p|div|h[1-6]|ul|ol|dl|table|blockquote|figure|section|article|header|main)"
_MARKUP = re.compile(rf"\s*<{_BLOCK}(?:\s[^<>]*)?>.*</{_BLOCK}>\s*", re.IGNORECASE | re.DOTALL)
_ESCAPED_MARKUP = re.compile(rf"\s*&lt;{_BLOCK}\b[^<]*&lt;/{_BLOCK}&gt;\s*", re.IGNORECASE)


class Body(NamedTuple):
    """A text as clean HTML and as plain text; both "" where there is none."""

    html: str = ""
    text: str = ""


def fullest(contents: tuple[TextConstruct, ...], base: str) -> Body:
    """The one of `contents` with the longest plain text; relative URLs in it joined to its xml:base, else to `base`.

    Where none has words, the first that has an image: a comic is nothing else.
    """
    wordless = Body()
    for content in contents if len(contents) == 1 else sorted(contents, key=_visible_length, reverse=True):
        body = _clean(content, base)
        if body.text:
            return body
        if not wordless.html and "<img " in body.html:
            wordless = body
    return wordless


def _clean(content: TextConstruct, base: str) -> Body:
    if content.kind == "plain" and not _MARKUP.fullmatch(content.value):
        clean = html.plain(content.value)
    else:
        clean = _clean_html(content.value, without_credentials(content.base or base))
    return Body(clean, text_of(clean))


def _clean_html(value: str, base: str) -> str:
    clean = html.clean(_unescaped(value), base)
    again = _unescaped(clean)  # what only an unknown tag kept from being seen; so the clean stays as it is
    return clean if again is clean else html.clean(again, base)


def _unescaped(value: str) -> str:
    return unescape(value) if _ESCAPED_MARKUP.fullmatch(value) else value


def _visible_length(content: TextConstruct) -> int:
    """About how long the plain text is: cleaning all to know would cost more than it is worth."""
    return len((content.value if content.kind == "plain" else _TAG.sub("", content.value)).strip())
