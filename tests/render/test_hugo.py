"""Hugo itself shows titles, summaries and source links verbatim. One build holds all articles."""

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lxml.html
import pytest

from aggregator.files import write
from aggregator.model import Credit, StoredArticle
from aggregator.render import article_file
from aggregator.settings import Articles
from tests.render.examples import article

HUGO = Path(sys.executable).parent / "hugo"

# The typographer makes “ of " and – of --: that is the site's choice, so it is off for comparing.
SITE = """
baseURL = "https://site.example/"
timeZone = "UTC"
disableKinds = ["home", "section", "taxonomy", "term", "rss", "sitemap", "404"]
[markup.goldmark.extensions.typographer]
disable = true
"""
PAGE = """<html><body><h1>{{ .Title }}</h1><div id="summary">{{ .Summary }}</div>
<div id="content">{{ .Content }}</div><ul>{{ range .Params.categories }}<li>{{ . }}</li>{{ end }}</ul></body></html>"""

NASTY = (
    "plain words",
    "null",
    "~",
    "yes",
    "2024-01-01",
    "1.0",
    "a: b # c",
    "- a",
    "+ a",
    "* a",
    "-",
    "# a",
    "#1 of 3",
    "C# and F#",
    "> a",
    "1. a",
    "1) a",
    "2025.",
    "1.5 metres",
    "---",
    "***",
    "_ _ _",
    "===",
    "```goat",
    "~~~ a",
    "| a | b |",
    ": a",
    "[x]: https://example.org",
    "[^1]: x",
    "[x] [y]",
    "[x](https://example.org)",
    "![x](https://example.org/x.png)",
    "[x][y] [z]",
    "*a* **b** ***c***",
    "_a_ __b__ (_c_)",
    "snake_case_name __init__",
    "5 * 3 * 2",
    "a*b*c",
    "price* and *note",
    "~a~ ~~b~~ ~5 to ~6",
    "`a` ``b`` ` c",
    "a \\ b \\* c \\\\ d \\",
    "<b>a</b> <script>x</script> <!-- y --> <https://example.org>",
    "a < b > c <3",
    "AT&T &amp; &copy; &#65; &x",
    "{{< figure >}} {{% x %}} {{ .Title }}",
    "a {#id .class}",
    "https://example.org/a_b_c?d=1&copy;=2 *x*",
    'say "hello" and \\"',
    "emoji 🚀 👩‍👩‍👧 :rocket:",
    "مرحبا بالعالم نص",
    "日本語のテキスト、*強調*。",
    "x" * 300,
)
TOKENS = (*"*_~`[]()<>&\\!#+-.|:{}='", '"', "**", "__", "~~", "``", "a", "b1", "é", "1.", "&lt;", "](", "<b>", " ", " ")


def _random_lines(count: int) -> Iterator[str]:
    chance = random.Random(7)
    for _ in range(count):
        line = " ".join("".join(chance.choices(TOKENS, k=chance.randint(1, 14))).split())
        if line:
            yield line


TEXTS = tuple(dict.fromkeys((*NASTY, *_random_lines(600))))


def _article(number: int, text: str) -> StoredArticle:
    return article(
        number,
        title=text,
        summary=text,
        categories=("news", text[:50]),
        language=None if number % 2 else "en",
        edited=None if number % 3 else article().updated,
        credits=(
            Credit(source="one", link="https://example.org/a_(b)"),
            Credit(source=f"[two]{text[:20]}*", link="https://example.org/{{<x)y"),
        ),
        path=f"{number}.md",
    )


@pytest.fixture(scope="module", params=["mainroad", "hugo"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a built site."""
    if not HUGO.exists():
        pytest.skip("hugo is not installed beside this Python")
    root = tmp_path_factory.mktemp("site")
    (root / "layouts" / "_default").mkdir(parents=True)
    (root / "hugo.toml").write_text(SITE)
    (root / "layouts" / "_default" / "single.html").write_text(PAGE)
    written = Articles(front_matter=request.param)
    write(root / "content" / "post", (article_file(_article(n, text), written) for n, text in enumerate(TEXTS)))
    build = subprocess.run([HUGO, "--quiet"], cwd=root, capture_output=True, text=True, timeout=120, check=False)
    assert build.returncode == 0, build.stdout + build.stderr
    return root / "public" / "post"


def test_hugo_shows_every_text_verbatim(site: Path) -> None:
    wrong = []
    for number, text in enumerate(TEXTS):
        page = _page(site, number)
        title = page.findtext(".//h1")
        summary = page.get_element_by_id("summary").text_content().strip()
        category = page.xpath("string(.//li[2])")
        if (title, summary, category) != (text, text, text[:50]):
            wrong.append((text, title, summary, category))
    assert not wrong


def test_hugo_shows_every_source_link_apart(site: Path) -> None:
    for number, text in enumerate(TEXTS):
        page = _page(site, number)
        links = page.xpath(".//div[@id='content']/p/a")
        assert [link.text_content() for link in links] == ["one", f"[two]{text[:20]}*"]
        assert [link.get("href") for link in links] == [
            "https://example.org/a_(b)",
            "https://example.org/%7B%7B%3Cx%29y",
        ]


def _page(site: Path, number: int) -> Any:
    return lxml.html.document_fromstring((site / str(number) / "index.html").read_text())
