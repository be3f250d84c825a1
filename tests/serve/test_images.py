"""An article's pictures as links."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.normalise.html import clean
from aggregator.serve.images import images_as_links


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        (
            '<p><img src="https://a.example/1.png?a=1&amp;b" alt="a &lt;cat&gt;"></p>',
            '<p><a class="picture" href="https://a.example/1.png?a=1&amp;b">Picture: a &lt;cat&gt;</a></p>',
        ),
        ('<img alt="" src="https://a.example/1">', '<a class="picture" href="https://a.example/1">Picture</a>'),
        (
            '<a href="https://b.example/"><img src="https://a.example/1" alt="x"></a><abbr>y</abbr>',
            '<a href="https://b.example/"><span class="picture">Picture: x</span></a><abbr>y</abbr>',
        ),
        (
            '<a href="https://b.example/">x</a><img src="https://a.example/1">',
            '<a href="https://b.example/">x</a><a class="picture" href="https://a.example/1">Picture</a>',
        ),
    ],
)
def test_a_picture_becomes_a_link_and_words_within_a_link(html: str, shown: str) -> None:
    assert images_as_links(html) == shown


PIECES = ["<a href='https://x.example/'>", "</a>", "<img src='https://x.example/i' alt='", "'>", '"', "<p>", "</p>"]


@settings(max_examples=60)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=12))
def test_no_picture_stays_and_nothing_comes_up_that_was_not_clean(pieces: list[str]) -> None:
    shown = images_as_links(clean("".join(pieces), "https://x.example/"))
    assert "<img" not in shown
    unmarked = shown.replace(' class="picture"', "").replace("<span>", "").replace("</span>", "").replace("&quot;", '"')
    assert clean(unmarked, "https://x.example/").replace("&quot;", '"') == unmarked
