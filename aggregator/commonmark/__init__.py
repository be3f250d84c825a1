"""Clean HTML becomes Markdown that shows the same and does nothing. Pure; never raises on what `html.clean` gives.

Cleaning is not enough: text that says `&lt;script&gt;` is harmless in HTML, and a script once a converter has decoded
it. So every text is escaped for the place where it stands, and a gate that knows nothing of how the Markdown was
written has the last word.
"""

import re

from lxml import etree

from aggregator.commonmark import safety_check
from aggregator.commonmark.blocks import Writer
from aggregator.commonmark.escape import strictly_escaped
from aggregator.commonmark.plain import body
from aggregator.commonmark.text import text_of

_PARSER = etree.HTMLParser(remove_comments=True, remove_pis=True)

_LISTS_AND_CODE = re.compile(r"<(/?)(pre|ul|li|dl|dt|dd)>")


def markdown(clean_html: str) -> str:
    """`clean_html`, as `html.clean` gives it, as Markdown that is inert under CommonMark with raw HTML on and Hugo.

    Blocks are parted by one blank line, no line end behind the last; "" where there is nothing to show. Where the gate
    finds anything active, texts are escaped to the last comma, and if that is not enough, nothing but them is kept.
    """
    for strict in (False, True):
        written = _written(clean_html, strict=strict)
        if not safety_check.active(written):
            return written
    return "\n\n".join(map(strictly_escaped, text_of(clean_html).splitlines()))


def _written(clean_html: str, *, strict: bool) -> str:
    if not strict and (written := body(clean_html)) is not None:
        return written
    tree = etree.fromstring(f"<div>{_without_lists_in_code(clean_html)}</div>", _PARSER)
    return "\n\n".join(Writer(strict=strict).blocks(tree))


def _without_lists_in_code(clean_html: str) -> str:
    """`clean_html` with line feeds for the tags of lists in `pre`, which the parser, older than HTML 5, ends there."""
    if "<pre>" not in clean_html:
        return clean_html
    depth = 0  # of pre

    def kept(tag: re.Match[str]) -> str:
        nonlocal depth
        if tag[2] == "pre":
            depth += -1 if tag[1] else 1
            return tag[0]
        return "\n" if depth else tag[0]

    return _LISTS_AND_CODE.sub(kept, clean_html)
