"""The last look at Markdown before it is kept: is anything active in it? Pure; knows nothing of how it was written."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

SCHEMES = frozenset({"http", "https", "mailto"})

_HUGO = ("{{<", "{{%", "<!--more-->")  # it looks for these bytes, in code and URLs too
_FENCES = ("```", "~~~")
# Bytes without which there is no raw HTML, no link with another scheme, no definition, no fence with a language and no
# heading with attributes. Each is behind a plain look for its first byte, which most articles do not have.
_TAG = re.compile(r"<(?!https?://[^\s<>]*>)[A-Za-z/!?]")
_LINK = re.compile(r"\](?::|\((?!https?://|mailto:))")
_FENCE = re.compile(r"(?<!`)`{3,}+[^\n]|(?<!~)~{3,}+[^\n]")
_ODD_FENCE = re.compile(r"^[^\S\n]*(?:~~~|```(?!`*$))|^[^\S\n]+```|\r", re.MULTILINE)
_HEADING = re.compile(r"^[^#\n]*+#.*\{", re.MULTILINE)
_FOOTNOTE = re.compile(r"^\s*\[\^[^\]]+\]:", re.MULTILINE)  # goldmark's; the parser takes it for text
_HEADING_ATTRIBUTES = re.compile(r"\{.*\}\s*$")


def active(markdown: str) -> str | None:
    """What a renderer (CommonMark with raw HTML on, or Hugo) would act upon in `markdown`, None where nothing is.

    The parse costs ten times the writing, so it is for text in which a scan finds bytes that any of these needs.
    """
    if _holds_any(markdown, _HUGO):
        return "a shortcode"
    suspect = _suspect(markdown) and _suspect(_without_code(markdown))
    return _parsed_active(markdown) if suspect else None


def _suspect(markdown: str) -> bool:
    return bool(
        any(not _escaped(markdown, match.start()) for match in _LINK.finditer(markdown))
        or ("<" in markdown and _TAG.search(markdown))
        or (_holds_any(markdown, _FENCES) and _FENCE.search(markdown))
        or ("{" in markdown and _HEADING.search(markdown))
    )


def _without_code(markdown: str) -> str:
    """`markdown` without fenced code, which programs fill with suspects; whole where a fence is not plainly one.

    A line of backticks alone opens a fence, or ends one of no more, unless it stands in raw HTML, which is a suspect.
    """
    if _ODD_FENCE.search(markdown):
        return markdown
    kept, fence = [], ""
    for line in markdown.split("\n"):
        if fence:
            fence = "" if line.startswith(fence) and not line.strip("`") else fence
        elif line.startswith("```"):
            fence = line
        else:
            kept.append(line)
    return markdown if fence else "\n".join(kept)


def _holds_any(markdown: str, marks: tuple[str, ...]) -> bool:
    """Whether one of `marks` is in `markdown`: first its first byte, since that look costs a thirtieth."""
    return any(mark[0] in markdown and mark in markdown for mark in marks)


def _escaped(markdown: str, index: int) -> bool:
    """Whether an odd number of backslashes stands before `index`."""
    start = index
    while start and markdown[start - 1] == "\\":
        start -= 1
    return (index - start) % 2 == 1


@lru_cache(maxsize=1)
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # takes 35 ms to load, and most runs meet no suspect

    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": 200}).enable(["table", "strikethrough"])
    parser.validateLink = lambda url: True  # type: ignore[method-assign]  # we judge them ourselves
    return parser


def _parsed_active(markdown: str) -> str | None:
    definitions: dict[str, object] = {}
    tokens = _parser().parse(markdown, definitions)
    if definitions.get("references"):
        return "a link definition"
    for block, following in zip(tokens, [*tokens[1:], None], strict=True):
        if block.type == "fence" and block.info.strip():
            return "a code block's language"
        if block.type == "paragraph_open" and following and _FOOTNOTE.search(following.content):
            return "a footnote"
        if block.type == "heading_open" and following and _HEADING_ATTRIBUTES.search(following.content):
            return "a heading's attributes"
        for token in (block, *(block.children or ())):
            if token.type in {"html_block", "html_inline"}:
                return "raw HTML"
            url = token.attrGet("href") or token.attrGet("src")
            if url and str(url).partition(":")[0].lower() not in SCHEMES:
                return "a link that is not http, https or mailto"
    return None
