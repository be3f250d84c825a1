"""An article's images: shown, or as links."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.normalise.html import clean
from aggregator.serve.images import ShownImage, lead_image, shown_images
from tests.cases import for_each
from tests.thorough import examples


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
    assert shown_images(html, lambda _: None) == shown


PIECES = ["<a href='https://x.example/'>", "</a>", "<img src='https://x.example/i' alt='", "'>", '"', "<p>", "</p>"]


@settings(max_examples=examples(60))
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=12))
def test_no_picture_stays_and_nothing_comes_up_that_was_not_clean(pieces: list[str]) -> None:
    shown = shown_images(clean("".join(pieces), "https://x.example/"), lambda _: None)
    assert "<img" not in shown
    unmarked = shown.replace(' class="picture"', "").replace("<span>", "").replace("</span>", "").replace("&quot;", '"')
    assert clean(unmarked, "https://x.example/").replace("&quot;", '"') == unmarked


def shown(html: str, size: tuple[int, int] | None = None) -> str:
    return shown_images(html, lambda url: ShownImage(src=f"/p?{url}", size=size))


def test_an_image_is_loaded_late_with_its_words_and_its_size() -> None:
    html = '<p>See <img src="https://a.example/?a=1&amp;b" alt="a &lt;cat&gt;" title="joke &amp; all"></p>'
    image = '<img src="/p?https://a.example/?a=1&amp;b" alt="a &lt;cat&gt;" title="joke &amp; all"{} loading="lazy">'
    assert shown(html) == f"<p>See {image.format('')}</p>"
    size = ' width="30" height="20"'
    assert shown(html, (30, 20)) == f"<p>See {image.format(size)}</p>"


def test_an_image_without_words_is_silent_but_for_links_that_have_no_others() -> None:
    image = '<img src="https://a.example/1">'
    assert 'alt=""' in shown(f"<p>{image}</p>")
    assert 'alt="Picture"' in shown(f'<a href="https://b.example/">{image}</a>')


@for_each(
    ("html", "is_alone"),
    [
        ("<p>{}</p>", True),
        ("{}", True),
        ('<p>Words</p><p><a href="https://b.example/">{}</a></p>', True),
        ("<figure>{}<figcaption>Words</figcaption></figure>", True),
        ("<p>Words</p>{}<p>Words</p>", True),
        ("<p>Words {}</p>", False),
        ("<p>{} words</p>", False),
        ("<p>{}{}</p>", False),
        ('<p>Words <a href="https://b.example/">{}</a></p>', False),
    ],
)
def test_an_image_of_unknown_size_has_a_place_of_its_own_where_it_stands_alone(html: str, is_alone: bool) -> None:
    html = html.replace("{}", '<img src="https://a.example/1" alt="x">')
    assert ('class="unsized"' in shown(html)) is is_alone
    assert "unsized" not in shown(html, (30, 20))


def test_the_lead_is_loaded_at_once_and_its_words_are_text() -> None:
    image = lead_image(ShownImage(src="picture/1", size=(3, 2)), 'a "b" <c>')
    assert image == (
        '<img class="lead" src="picture/1" alt="a &quot;b&quot; &lt;c&gt;" width="3" height="2" loading="eager">'
    )


def test_a_tall_lead_leaves_room_for_the_text() -> None:
    assert 'width="208" height="416"' in lead_image(ShownImage(src="picture/1", size=(1000, 2000)), "")
