"""Plain text of clean HTML. Pure."""

import re
from html import unescape

BLOCK = "blockquote|br|caption|dd|div|dl|dt|figcaption|figure|h[1-6]|hr|li|ol|p|pre|table|tbody|td|tfoot|th|thead|tr|ul"
_BLOCK_TAG = re.compile(rf"</?(?:{BLOCK})(?: [^>]*)?>")
_TAG = re.compile(r"<[^>]*>")


def text_of(clean_html: str) -> str:
    """Plain text of clean HTML: entities decoded, a line for each block, none of them empty."""
    lines = _BLOCK_TAG.sub("\n", clean_html.replace("\n", " "))
    text = unescape(_TAG.sub("", lines))
    return "\n".join([shown for line in text.split("\n") if (shown := line.strip())])
