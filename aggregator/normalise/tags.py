"""Tags of untrusted HTML, read where they stand. Pure.

The cleaner reads HTML as browsers do and comes last; parts that it would drop (frames, lazy images) get a form that it
keeps first. That takes tags, not a tree, and linear time on any text.
"""

import re
from collections.abc import Container, Iterator, Mapping
from html import escape, unescape
from typing import NamedTuple

_QUOTED = r"\"[^\"]*+\"|'[^']*+'"
# Outside of quotes the next "<" ends the search, or a thousand open tags would each look to the end of the text.
_ATTRIBUTES = rf"(?:[^<>=]++|=\s*+(?:{_QUOTED})?+)*+"
TAG = re.compile(rf"<(/?)([A-Za-z][^\s/<>]*+)({_ATTRIBUTES})>")
# An image that TAG does not match, while browsers, for which its tag goes on behind "<", do.
OPEN_IMAGE = re.compile(rf"<img(?=[\s/<]){_ATTRIBUTES}(?!>)", re.IGNORECASE)
_ATTRIBUTE = re.compile(rf"([^\s/>=]++)(?:\s*+=\s*+({_QUOTED}|[^\s>]*+))?+")

_COMMENT_END = re.compile("--!?>")


class HtmlTag(NamedTuple):
    """Start or end tag as it stands in a text; `name` in lower case."""

    name: str
    ends: bool
    attributes_text: str
    start: int  # of "<"
    end: int  # behind ">"

    @property
    def attributes(self) -> dict[str, str]:
        """Names in lower case and decoded values; of two with the same name the first, as in browsers."""
        attributes: dict[str, str] = {}
        for name, value in _ATTRIBUTE.findall(self.attributes_text):
            attributes.setdefault(name.lower(), unescape(value[1:-1] if value[:1] in {'"', "'"} else value))
        return attributes


def html_tags(source: str, names: Container[str] | None) -> Iterator[HtmlTag]:
    """Yield the tags of `source` that have one of `names`, or any, in order; those in scripts too, not in comments."""
    has_comments = "<!--" in source
    comment_start, comment_end = _comment(source, 0)
    for match in TAG.finditer(source):
        name = match[2].lower()
        if names is not None and name not in names:
            continue
        start, end = match.span()
        while has_comments and comment_end <= start:
            comment_start, comment_end = _comment(source, comment_end)
        if start < comment_start:
            yield HtmlTag(name, bool(match[1]), match[3], start, end)


def _comment(source: str, position: int) -> tuple[int, int]:
    """Return the start and the end of the next comment at or behind `position`; both behind the text if none ends."""
    start = source.find("<!--", position)
    end = _COMMENT_END.search(source, start + 2) if start >= 0 else None  # "<!-->" is a comment, too
    return (start, end.end()) if end else (len(source), len(source) + 1)


def html_element(name: str, attributes: Mapping[str, str], content: str | None = None) -> str:
    """Return an element with `content` (HTML), or a void one; empty attributes are left out."""
    written = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items() if value)
    return f"<{name}{written}>" if content is None else f"<{name}{written}>{content}</{name}>"
