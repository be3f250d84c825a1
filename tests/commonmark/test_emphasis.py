"""Whatever is nested: no mark of ours is ever shown, and nothing is emphasised that was not."""

import re
import subprocess
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.normalise.html import clean
from tests.cases import for_each
from tests.commonmark.writing import markdown
from tests.normalise.rendering import rendered
from tests.thorough import THOROUGH, examples
from tests.whole.hugo import hugo

MANY = 10_000 if THOROUGH else 2_000  # emphases in a paragraph
KINDS = {"b": "bold", "strong": "bold", "i": "italic", "em": "italic", "del": "struck", "s": "struck", "code": "code"}
LEAVES = [
    *("a", "b", "word", "é", "東", "5", " ", "a b", " c", "d ", ".", "!", "(x)", "“Yes.”", "*", "_", "~", "€", "x_y"),
    *("<br>", "http://a.example/x*y*z"),
]
CASES = {
    "<b>d<i>e</i>d<em>Y</em></b>": "**d*e*d*Y***",
    "<b><i>e</i>d</b>": "***e*d**",
    "<i>a<b>b</b></i>c": "*a**b***c",
    "<del>a <b>b</b></del> c": "~~a **b**~~ c",
    "<b><i>a</i> b <del>c</del></b>.": "***a* b ~~c~~**.",
    # Nothing is written between two marks, so that the outer one stands beside punctuation, and a letter.
    "<b><del>a b</del></b>c": "**a b**c",
    "a<del><i>b</i></del> c": "a~~b~~ c",
    "<i>a <del>b</del></i>c": "*a b*c",
    "<del>d <i>b</i></del>c": "~~d b~~c",
    # Behind a word three stars could begin as well as end.
    "<i>a<b>b<del>c</del></b></i>d<i>e</i>": "*a**bc***de",
    "<i><b>x “a.”</b></i><del>b</del>": "***x “a***.”~~b~~",
    # The address has to be put in angles, which are punctuation.
    "é<b>http://a.example/x*y*z</b> c": "é<http://a.example/x*y*z> c",
}


class Shown(HTMLParser):
    """The characters that HTML shows, blanks apart, and what each is."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.characters: list[tuple[str, frozenset[str]]] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._open.append(KINDS.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        self._open.remove(KINDS.get(tag, ""))

    def handle_data(self, data: str) -> None:
        kinds = frozenset(self._open) - {""}
        self.characters += [(character, kinds) for character in "".join(data.split())]

    @property
    def text(self) -> str:
        return "".join(character for character, _ in self.characters)


def held(html: str, shown: str) -> None:
    """Hold what is shown against what was said."""
    original, result = Shown(html), Shown(shown)
    assert result.text == original.text, shown
    added = [
        (character, now - was)
        for (character, was), (_, now) in zip(original.characters, result.characters, strict=True)
    ]
    assert [change for change in added if change[1]] == [], shown


def nested(chance: Random, depth: int = 0) -> str:
    """Words in emphases in emphases."""
    parts = []
    for _ in range(chance.randint(1, 4)):
        if depth == 4 or chance.random() < 0.45:
            parts.append(chance.choice(LEAVES))
        elif chance.random() < 0.1:
            parts.append(f"<a href='https://a.example/'>{nested(chance, depth + 1)}</a>")
        else:
            tag = chance.choice(sorted(KINDS))
            parts.append(f"<{tag}>{nested(chance, depth + 1)}</{tag}>")
    return "".join(parts)


@for_each(("html", "expected"), CASES.items())
def test_what_can_be_written_is_and_an_inner_emphasis_goes_where_it_cannot(html: str, expected: str) -> None:
    assert markdown(clean(html)) == expected
    held(clean(html), rendered(expected))


@pytest.mark.parametrize(
    "html",
    [
        "<p><strong>c<em>wordd</em></strong><i><code>b</code></i> a b<em>d <strong><del>w</del></strong>a</em></p>",
        "<p><em>w<b>w<del>word</del></b></em>w<i>w<b>w</b><i>d <b>c</b></i> c<b>b ca ba</b></i></p>",
        "<em>a*b<i><b> ca b*a</b>d <strong><code>é ca</code><i>a*b_~</i><i>“Yes.”</i></strong></i></em><del>a*b</del>",
    ],
)
def test_nothing_is_emphasised_that_was_not(html: str) -> None:
    held(clean(html), rendered(markdown(clean(html))))


@settings(max_examples=examples(300), deadline=None)
@given(st.randoms(use_true_random=False))
def test_no_mark_is_shown_whatever_is_nested(chance: Random) -> None:
    cleaned = clean(nested(chance))
    held(cleaned, rendered(markdown(cleaned)))


@pytest.mark.parametrize("unit", ["a<b><del>b</del></b>c", "<i>a<b>b</b></i><b>c</b>", "x<i>a<b>b<del>c</del></b></i>"])
def test_many_that_cannot_be_written_take_their_share_of_time(unit: str) -> None:
    html = f"<p>{unit * MANY}</p>"  # where each mark looked through all others, this would take minutes, or an hour
    held(html, rendered(markdown(html)))


def test_hugo_shows_the_same(tmp_path: Path) -> None:
    chance = Random(1)
    cases = [clean(html) for html in (*CASES, *(nested(chance) for _ in range(500)))]
    cleaned = [html for html in cases if markdown(html)]
    for html, shown in zip(cleaned, by_hugo(tmp_path, cleaned), strict=True):
        held(html, shown)


def by_hugo(site: Path, cases: Sequence[str]) -> list[str]:
    """Each of the cases as Hugo shows it."""
    layouts, posts = site / "layouts" / "_default", site / "content" / "post"
    for folder in (layouts, posts):
        folder.mkdir(parents=True)
    (site / "hugo.toml").write_text("[markup.goldmark.extensions.typographer]\ndisable = true\n")
    (layouts / "single.html").write_text("{{ .Content }}")
    (layouts / "list.html").write_text("")
    body = "".join(f"# case\n\n{markdown(html)}\n\n" for html in cases)
    (posts / "cases.md").write_text(f'---\ntitle: "Cases"\n---\n\n{body}', encoding="utf-8")
    built = subprocess.run([hugo(), "--source", str(site)], capture_output=True, text=True, check=False, timeout=240)
    assert built.returncode == 0, built.stdout + built.stderr
    page = (site / "public" / "post" / "cases" / "index.html").read_text(encoding="utf-8")
    return re.split(r'<h1 id="[^"]*">case</h1>', page)[1:]
