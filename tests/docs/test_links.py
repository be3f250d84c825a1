"""Every link in a Markdown file leads somewhere, and every page is in the index."""

import re
from urllib.parse import unquote, urlsplit

from tests.cases import for_each
from tests.docs.markdown import DOCS, FILES, ROOT, anchors, code_spans, links

MAX_LINE = 140


@for_each("file", FILES)
def test_every_relative_link_and_anchor_resolves(file: str) -> None:
    broken = []
    for line, target in links(file):
        parts = urlsplit(target)
        if parts.scheme or parts.netloc:
            continue
        path = (ROOT / file).parent / unquote(parts.path) if parts.path else ROOT / file
        if not path.resolve().exists() or not path.resolve().is_relative_to(ROOT):
            broken.append(f"{file}:{line}: {target}")
        elif parts.fragment and parts.fragment not in anchors(path.resolve().relative_to(ROOT).as_posix()):
            broken.append(f"{file}:{line}: {target} has no such heading")
    assert broken == []


@for_each("file", FILES)
def test_every_path_that_is_named_exists(file: str) -> None:
    missing = []
    for span in code_spans(file):
        if named := re.fullmatch(r"((?:tests|aggregator|docs|deploy|benchmarks)/[\w./-]+?)(?:::(\w+))?", span):
            path, function = ROOT / named[1], named[2]
            if not path.exists() or (function and f"def {function}(" not in path.read_text(encoding="utf-8")):
                missing.append(span)
    assert missing == []


def test_every_page_is_in_the_index() -> None:
    linked = {urlsplit(target).path for _, target in links("docs/README.md")}
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.glob("*.md")} - {"README.md"}
    assert pages <= linked, f"link these from docs/README.md: {sorted(pages - linked)}"


def test_every_picture_is_shown_and_small() -> None:
    shown = {
        ((ROOT / file).parent / target).resolve() for file in FILES for _, target in links(file) if "://" not in target
    }
    pictures = sorted((DOCS / "images").glob("*"))
    assert [path.name for path in pictures if path not in shown] == []
    assert [path.name for path in pictures if path.stat().st_size > 150_000] == []


@for_each("file", [file for file in FILES if file != "CHANGELOG.md"])
def test_lines_are_short_enough_to_be_read_side_by_side(file: str) -> None:
    text = re.sub(r"^```.*?^```$", "", (ROOT / file).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    assert [line for line in text.splitlines() if len(line) > MAX_LINE and not line.startswith(("|", "    "))] == []
