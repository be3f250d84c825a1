"""The Markdown files of the project: their headings, links, tables and examples."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FILES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "deploy/**/*.md", "benchmarks/*.md", "storage/*.md")
    for path in ROOT.glob(pattern)
)


@dataclass(frozen=True)
class Example:
    """A fenced block of a page: its language and its text, with the line at which it begins."""

    file: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@cache
def tokens(file: str) -> tuple[Token, ...]:
    """Return the tokens of a file, given by its path from the root."""
    text = (ROOT / file).read_text(encoding="utf-8")
    return tuple(MarkdownIt("commonmark").enable("table").parse(text))


def examples(file: str) -> list[Example]:
    """Return the fenced blocks of a file."""
    return [
        Example(file, token.map[0] + 1, token.info.strip(), token.content)
        for token in tokens(file)
        if token.type == "fence" and token.map
    ]


def _inline(file: str) -> Iterator[tuple[int, Token]]:
    for token in tokens(file):
        if token.type == "inline" and token.map:
            for child in token.children or ():
                yield token.map[0] + 1, child


def code_spans(file: str) -> list[str]:
    """Return the code within lines of a file."""
    return [child.content for _, child in _inline(file) if child.type == "code_inline"]


def links(file: str) -> list[tuple[int, str]]:
    """Return the targets of links and pictures of a file, each with its line."""
    attributes = {"link_open": "href", "image": "src"}
    return [
        (line, str(child.attrGet(attributes[child.type]))) for line, child in _inline(file) if child.type in attributes
    ]


@cache
def anchors(file: str) -> frozenset[str]:
    """Return the fragments that GitHub gives to the headings of a file."""
    seen: Counter[str] = Counter()
    slugs = set()
    for heading, content in zip(tokens(file), tokens(file)[1:], strict=False):
        if heading.type == "heading_open":
            text = "".join(child.content for child in content.children or ())
            slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            slugs.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
            seen[slug] += 1
    return frozenset(slugs)


def first_cells(file: str, heading: str = "") -> list[str]:
    """Return the code in the first cells of the tables of a file, of those below one heading if it is given."""
    codes, below, cell = [], not heading, 0
    for token in tokens(file):
        if token.type == "heading_open":
            below = not heading or (below and token.tag > "h2")
        elif token.type == "inline" and heading and token.content == heading:
            below = True
        elif token.type == "tr_open":
            cell = 0
        elif token.type == "td_open":
            cell += 1
        elif token.type == "inline" and below and cell == 1:
            codes += [child.content for child in token.children or () if child.type == "code_inline"]
            cell += 1
    return codes
