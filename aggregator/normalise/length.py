"""Bounds of a body: what is too long is cut at the end of a block, with a link to the source. Pure."""

import re
from html import escape
from urllib.parse import urlsplit

from aggregator.commonmark.block_tags import BLOCK_TAGS

MAX_BYTES = 1_000_000  # of a stored body, as HTML and as Markdown

_ELEMENT = re.compile(r"<(/?)([a-z][a-z0-9]*)[^>]*>")  # exact: clean HTML has no "<" or ">" elsewhere
_VOID = frozenset({"br", "hr", "img"})
_INCOMPLETE = re.compile(r"(?:<[^>]*|&[^;\s]*)\Z")  # a tag or reference that the cut divides


def exceeds(text: str, max_bytes: int = MAX_BYTES) -> bool:
    """Return whether `text` is longer than `max_bytes` in UTF-8."""
    return len(text) > max_bytes or (4 * len(text) > max_bytes and len(text.encode()) > max_bytes)


def shortened(clean_html: str, link: str, max_bytes: int = MAX_BYTES) -> str:
    """Return the start of `clean_html`, up to the end of a block, and a link to the source; at most `max_bytes` in all.

    A block that makes up more than half of that is cut at a blank. Elements that the cut leaves open are closed.
    """
    note = _note(link)
    end_tags = 1000  # bytes, more than elements can be open
    start = clean_html.encode()[: max(0, max_bytes - len(note.encode()) - end_tags)].decode(errors="ignore")
    start = _INCOMPLETE.sub("", start)
    end = last = 0  # of the last block, and of the last tag
    open_elements: tuple[str, ...] = ()
    stack: list[str] = []
    for tag in _ELEMENT.finditer(start):
        last = tag.end()
        name = tag[2]
        if tag[1]:
            stack.pop()
        elif name not in _VOID:
            stack.append(name)
        if name in BLOCK_TAGS and (tag[1] or name in _VOID):
            end, open_elements = last, tuple(stack)
    if end < len(start) // 2:
        blank = start.rfind(" ")
        end, open_elements = blank if blank > last else len(start), tuple(stack)
    closed = "".join(f"</{name}>" for name in reversed(open_elements))
    return f"{start[:end]}{closed}{note}"


def _note(link: str) -> str:
    host = urlsplit(link).hostname or link
    return f'<p>This text is too long to be shown whole. <a href="{escape(link)}">Read it at {escape(host)}</a></p>'
