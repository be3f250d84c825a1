"""`remove`: what the selectors of a source match leaves the text, and nothing else changes."""

from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import SourceContext
from aggregator.normalise import normalise
from aggregator.normalise.removal import without_selected
from tests.cases import for_each
from tests.normalise.entries import NOW, entry, feed
from tests.normalise.fragments import broken_html

TEXT = '<p>One.</p><div class="promo ad">Buy <b>now</b>.</div> two <p id="share">Share</p> three'


@for_each(
    ("selectors", "words"),
    [
        ((".promo",), "One. two Share three"),
        (("#share", "div.ad"), "One. two three"),
        (("b",), "One. Buy . two Share three"),
        (("p, .promo b",), "Buy . two three"),
        (("div", "div b"), "One. two Share three"),  # the second is in the first
        ((".nothing",), "One. Buy now. two Share three"),
        (("body",), ""),
        (("html",), ""),
    ],
)
def test_what_a_selector_matches_is_left_out(selectors: tuple[str, ...], words: str) -> None:
    source = SourceContext(id=7, url="https://example.org/feed", remove=selectors)
    (normalised,) = normalise(feed(entry("Title", "https://example.org/a", TEXT)), source, NOW).entries
    assert " ".join(normalised.text.split()) == words
    assert ("now" in normalised.draft.markdown) == ("now" in words)
    assert normalised.draft.summary == words


def test_html_in_which_nothing_matches_is_unchanged() -> None:
    assert without_selected("<p>a<b>&nbsp;<td>", [".x"]) == "<p>a<b>&nbsp;<td>"
    assert without_selected("", ["p"]) == ""
    assert without_selected("<!-- a -->", ["p"]) == "<!-- a -->"


@given(st.one_of(broken_html(), st.text()), st.sampled_from(["p", "b", ".a", "*", "p ~ p", ":not(p)"]))
def test_any_html_is_taken(html: str, selector: str) -> None:
    once = without_selected(html, [selector])
    assert without_selected(once, [selector]) in (once, "<html></html>", "")
