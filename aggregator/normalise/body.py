"""Body of an entry: the best of its texts, cleaned and read once. Pure."""

import re
from html import unescape
from typing import NamedTuple

from aggregator.commonmark import converted
from aggregator.model import TextConstruct
from aggregator.normalise import html
from aggregator.normalise.language import detected_language
from aggregator.normalise.length import MAX_BYTES, exceeds, shortened
from aggregator.normalise.removal import without_selected
from aggregator.urls import without_credentials

# A text of a lower rank replaces one of a higher rank only if it is so much longer: the first may be a teaser, but a
# photo's caption or a podcast's summary that is a few letters longer is not the article.
_TIMES_LONGER = 2
_CHARACTERS_LONGER = 200

_MIN_BYTES = 10_000  # of a body that is cut

_TAG = re.compile("<[^<>]*>")
_QUOTATION = re.compile("<q[ >]")
# Blocks around a whole text are no text about markup: the source gives its HTML the wrong type or escapes it twice.
_BLOCK = "(?:p|div|h[1-6]|ul|ol|dl|table|blockquote|figure|section|article|header|main)"
_MARKUP = re.compile(rf"\s*<{_BLOCK}(?:\s[^<>]*)?>.*</{_BLOCK}>\s*", re.IGNORECASE | re.DOTALL)
_ESCAPED_MARKUP = re.compile(rf"\s*&lt;{_BLOCK}\b[^<]*&lt;/{_BLOCK}&gt;\s*", re.IGNORECASE)


class CleanBody(NamedTuple):
    """A text as clean HTML, as Markdown and as plain text, all "" if there is none."""

    html: str = ""
    markdown: str = ""
    text: str = ""


def preferred_content(
    contents: tuple[TextConstruct, ...], link: str, language: str | None = None, remove: tuple[str, ...] = ()
) -> CleanBody:
    """Return the body of an entry: the first of `contents`, the best first, unless a later one is clearly longer.

    It is longer by what is seen of it. Relative URLs are joined to a content's xml:base, else to the entry's `link`;
    elements that one of the CSS selectors in `remove` matches are left out. An image without words has no length, but
    is a text: a comic is nothing else, and a line about it does not replace it. `language` is the declared one.
    """
    best = CleanBody()
    enough = 1  # characters from which on a content is preferred to the best so far
    for content in contents:
        if best.html and _visible_length(content) < enough:
            continue
        body = clean_body(_annotated(content, link, remove), link, language)
        length = len(" ".join(body.text.split()))
        if length >= enough or (not best.html and "<img " in body.html):
            best, enough = body, max(_TIMES_LONGER * length, length + _CHARACTERS_LONGER)
    return best


def clean_body(annotated: str, link: str, language: str | None = None) -> CleanBody:
    """Return clean HTML in its three forms; cut, with a link to the source, if it or its Markdown exceeds 1 MB."""
    max_bytes = MAX_BYTES
    language = language or _quoting_language(annotated)
    shown = shortened(annotated, link) if exceeds(annotated) else annotated
    body = CleanBody(html.published(shown), *converted(shown, language))
    while exceeds(body.markdown) and max_bytes > _MIN_BYTES:
        max_bytes = min(max_bytes, len(shown.encode())) * 9 * MAX_BYTES // (10 * len(body.markdown.encode()))
        shown = shortened(annotated, link, max_bytes)
        body = CleanBody(html.published(shown), *converted(shown, language))
    return body


def _annotated(content: TextConstruct, base: str, remove: tuple[str, ...]) -> str:
    if content.kind == "plain" and not _MARKUP.fullmatch(content.value):
        return html.paragraphs(content.value)
    base = without_credentials(content.base or base)
    value = _unescaped(content.value)
    annotated = html.annotated(without_selected(value, remove) if remove else value, base)
    again = _unescaped(annotated)  # escaped markup that an unknown tag around it kept from being seen
    return annotated if again is annotated else html.annotated(again, base)


def _quoting_language(clean: str) -> str | None:
    """Return the language of a text that has quotations, whose marks depend on it."""
    return detected_language(_TAG.sub(" ", clean)) if _QUOTATION.search(clean) else None


def _unescaped(value: str) -> str:
    return unescape(value) if _ESCAPED_MARKUP.fullmatch(value) else value


def _visible_length(content: TextConstruct) -> int:
    """Return about the length of what is seen, or more: to clean all contents would cost more than it is worth."""
    return len(content.value if content.kind == "plain" else _TAG.sub("", content.value))
