"""The text of an entry: the fullest that it offers, cleaned. Pure."""

import re
from typing import NamedTuple

from aggregator.model import Text
from aggregator.normalise import html
from aggregator.urls import without_credentials

_TAG = re.compile("<[^<>]*>")


class Body(NamedTuple):
    """A text as clean HTML and as plain text; both "" where there is none."""

    html: str = ""
    text: str = ""


def fullest(contents: tuple[Text, ...], base: str) -> Body:
    """The one of `contents` with the longest plain text; relative URLs in it joined to its xml:base, else to `base`.

    Where none has words, the first that has anything to see: a comic is one image.
    """
    wordless = Body()
    for content in contents if len(contents) == 1 else sorted(contents, key=_visible_length, reverse=True):
        body = _clean(content, base)
        if body.text:
            return body
        wordless = wordless if wordless.html else body
    return wordless


def _clean(content: Text, base: str) -> Body:
    if content.kind == "plain":
        clean = html.plain(content.value)
    else:
        clean = html.clean(content.value, without_credentials(content.base or base))
    return Body(clean, html.text_of(clean))


def _visible_length(content: Text) -> int:
    """About how long the plain text is: cleaning all to know would cost more than it is worth."""
    return len((content.value if content.kind == "plain" else _TAG.sub("", content.value)).strip())
