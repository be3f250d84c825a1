"""Clean HTML written as Markdown that shows the same and does nothing, and the escaping of Markdown. Pure.

Cleaning is not enough: text that says `&lt;script&gt;` is harmless in HTML, and a script once a converter has decoded
it. So every text is escaped for the place where it stands, and a safety check that knows nothing of the writer has the
last word.
"""

import re
from typing import NamedTuple

from lxml import etree
from lxml.etree import _Element as Element

from aggregator.commonmark import safety_check
from aggregator.commonmark.blocks import Writer
from aggregator.commonmark.escape import escaped_strictly

_IMAGE = re.compile("<(img[^>]*)>")
# lxml's reader of HTML knows the rules before HTML 5 and would move tags. The clean HTML is XML but for void elements
# and one reference, so the reader of XML gives the very tree that the cleaner wrote.
_PARSER = etree.XMLParser(recover=True, huge_tree=True, resolve_entities=False, collect_ids=False)


class Converted(NamedTuple):
    """Text of an article in two forms, both "" if there is nothing to show."""

    markdown: str  # blocks are parted by one blank line, no line feed stands at the end
    plain: str  # a line for each block, none of them empty, no blanks at their edges


def converted(clean_html: str, language: str | None = None) -> Converted:
    """Return `clean_html`, as `html.clean` or `html.annotated` gives it, as Markdown and as plain text.

    `language` is that of the text, for its quotation marks.

    The Markdown is inert under CommonMark with raw HTML on, and under Hugo. If the safety check finds anything active,
    every punctuation of texts is escaped; if that is not enough, only the plain text is kept.
    """
    tree = html_tree(clean_html)
    for strict in (False, True):
        writer = Writer(strict=strict, language=language)
        markdown = "\n\n".join(writer.blocks(tree))
        plain = _plain(writer)
        if not safety_check.active(markdown):
            return Converted(markdown, plain)
    return Converted("\n\n".join(map(escaped_strictly, plain.split("\n"))), plain)


def plain_text(clean_html: str) -> str:
    """Return `clean_html` as the plain text of `converted`."""
    writer = Writer(strict=False, language=None)
    writer.blocks(html_tree(clean_html))
    return _plain(writer)


def html_tree(clean_html: str) -> Element:
    """Return `clean_html` as the content of one element."""
    xml = clean_html.replace("<br>", "<br/>").replace("<hr>", "<hr/>").replace("&nbsp;", "\xa0")
    return etree.fromstring("<div>" + _IMAGE.sub(r"<\1/>", xml) + "</div>", _PARSER)


def _plain(writer: Writer) -> str:
    lines = [line.strip() for line in "".join(writer.plain_text).split("\n")]
    return "\n".join(filter(None, lines))
