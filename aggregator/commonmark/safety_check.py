"""Last look at Markdown before it is kept: anything active in it? Pure; independent of the writer."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from aggregator.commonmark.languages import LANGUAGES

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

SCHEMES = frozenset({"http", "https", "mailto"})

_HUGO = ("{{<", "{{%", "<!--more-->")  # Hugo looks for these characters, in code and URLs too
# Without one of these there is no raw HTML, no link with another scheme, no definition, no fence with a language and no
# heading with attributes. Each is searched for behind its first character, which most articles do not have.
_TAG = re.compile(r"<(?!https?://[^\s<>]*>)[A-Za-z/!?]")
_LINK = re.compile(r"\](?::|\((?!https?://|mailto:))")
_FENCE = re.compile(r"(?<!`)`{3,}+[^\n]|(?<!~)~{3,}+[^\n]")
_HEADING = re.compile(r"^[^#\n]*+#.*\{", re.MULTILINE)
_ODD_FENCE = re.compile(r"^[^\S\n]*(?:~~~|```(?!`*[a-z0-9+#-]*$))|^[^\S\n]+```|\r", re.MULTILINE)
_FOOTNOTE = re.compile(r"^\s*\[\^[^\]]+\]:", re.MULTILINE)  # goldmark's; the parser takes it for text
_HEADING_ATTRIBUTES = re.compile(r"\{.*\}\s*$")


def active(markdown: str) -> str | None:
    """Return what a renderer (CommonMark with raw HTML on, or Hugo) would act upon in `markdown`, None if nothing.

    To parse takes ten times as long as to write, so it is for text outside of fenced code that holds a suspect.
    """
    if any(mark in markdown for mark in _HUGO):
        return "a shortcode"
    return _parsed_active(markdown) if _suspect(markdown) and _suspect(_without_code(markdown)) else None


def _suspect(markdown: str) -> bool:
    return bool(
        ("<" in markdown and _TAG.search(markdown))
        or ("]" in markdown and any(not _is_escaped(markdown, link.start()) for link in _LINK.finditer(markdown)))
        or (("```" in markdown or "~~~" in markdown) and _FENCE.search(markdown))
        or ("{" in markdown and _HEADING.search(markdown))
    )


def _is_escaped(markdown: str, index: int) -> bool:
    """Return True if an odd number of backslashes stands before `index`."""
    start = index
    while start and markdown[start - 1] == "\\":
        start -= 1
    return (index - start) % 2 == 1


def _without_code(markdown: str) -> str:
    """Return `markdown` without fenced code, which programs fill with suspects, or all of it if a fence is odd.

    A line of backticks, alone or with a known language, opens a fence, and one of backticks alone ends one of no more,
    unless it stands in raw HTML, which is a suspect.
    """
    if _ODD_FENCE.search(markdown):
        return markdown
    text, fence = [], ""
    for line in markdown.split("\n"):
        if fence:
            fence = "" if line.startswith(fence) and not line.strip("`") else fence
        elif line.startswith("```"):
            language = line.lstrip("`")
            if language and language not in LANGUAGES:
                return markdown
            fence = line.removesuffix(language)
        else:
            text.append(line)
    return markdown if fence else "\n".join(text)


@lru_cache(maxsize=1)
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # takes 35 ms to load, and most runs meet no suspect

    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": 200}).enable(["table", "strikethrough"])
    parser.validateLink = lambda url: True  # type: ignore[method-assign]  # judged below
    return parser


def _parsed_active(markdown: str) -> str | None:
    definitions: dict[str, object] = {}
    tokens = _parser().parse(markdown, definitions)
    if definitions.get("references"):
        return "a link definition"
    for block, following in zip(tokens, [*tokens[1:], None], strict=True):
        if block.type == "fence" and (info := block.info.strip()) and info not in LANGUAGES:
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
