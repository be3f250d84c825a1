"""Titles as plain text."""

from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import TextConstruct
from aggregator.normalise.titles import MAX_LENGTH, plain_title, substitute_title
from tests.cases import for_each
from tests.normalise.entries import rss, text
from tests.thorough import examples


@for_each(
    ("value", "title"),
    [
        ("Zelensky says he&#8217;s open", "Zelensky says he’s open"),
        ("AT&amp;T", "AT&T"),
        ("AT&T", "AT&T"),
        ("A &nbsp; B", "A B"),
        ("Vec<T>", "Vec<T>"),
        ("Vec&lt;T&gt;", "Vec<T>"),
        ("&lt;b&gt; is bold", "<b> is bold"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("&lt;pre&gt; &amp;#8211; how", "<pre> &#8211; how"),
        ("<b>Bold</b> and <EM class='x'>soft</EM>", "Bold and soft"),
        ('<a href="https://example.org/?a=1">Link</a>', "Link"),
        ('<img src="https://s.w.org/images/core/emoji/72x72/1f600.png" alt="😀"> Hello', "😀 Hello"),
        ('Party <img class="emoji" alt="🎉" src="/p.svg"/>!<img src="/photo.jpg" alt="A photo">', "Party 🎉!"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<p>One</p><p>Two<br/>Three</p>", "One Two Three"),
        ("  many \n\t lines ", "many lines"),
        ('He said: "no" --- {{< x >}}', 'He said: "no" --- {{< x >}}'),
        ("a\x00b\x07c\x85d\ufeff\u202e", "abcd"),
        ("&#0;&#xD800;&#8238;x&unknown;&#9999999;", "x&unknown;"),
        ("&copy 2025, R&D, a&lt;b", "&copy 2025, R&D, a<b"),
        ("می‌خواهم 👩‍💻", "می‌خواهم 👩‍💻"),
    ],
)
def test_titles_of_rss_and_html_are_decoded_once(value: str, title: str) -> None:
    assert plain_title(rss(value)) == plain_title(text(value, "html")) == title


@pytest.mark.parametrize("value", ["AT&amp;T", "<b>Bold</b>", "Vec<T>", "&#8217;"])
def test_plain_titles_stay_as_they_stand(value: str) -> None:
    assert plain_title(text(value, "plain")) == value


def test_an_endless_title_is_cut() -> None:
    assert len(plain_title(rss("x" * 1_000_000))) == MAX_LENGTH


def test_without_a_title_the_first_words_of_the_body_substitute_title() -> None:
    assert plain_title(None) == plain_title(rss(" <b></b>\u200b")) == ""
    assert substitute_title("A short note.", "https://example.org/a") == "A short note."
    assert substitute_title("word " * 50, "https://example.org/a") == " ".join(["word"] * 12) + "..."
    assert len(substitute_title("字" * 1000, "https://example.org/a")) < 200


def test_without_title_and_body_the_link_stands_in() -> None:
    assert substitute_title("", "https://example.org/%E6%97%A5?a=1") == "example.org/日?a=1"


@settings(max_examples=examples(200), deadline=None)
@given(st.text(max_size=60), st.sampled_from(["plain", "html", "rss"]))
def test_a_title_is_one_line_and_normalising_it_again_changes_nothing(
    value: str, kind: Literal["plain", "html", "rss"]
) -> None:
    title = plain_title(text(value, kind))
    assert len(title.splitlines()) <= 1
    assert plain_title(text(title, "plain")) == title


def test_a_title_that_was_cut_at_a_blank_is_not_cut_again() -> None:
    title = plain_title(text("x" * 496 + " " + "y" * 9, "plain"))
    assert title == "x" * 496 + "..."
    assert plain_title(text(title, "plain")) == title


@for_each(
    ("markup", "title"),
    [
        ("<i>Nature</i> on H<sub>2</sub>O and 10<sup>6</sup> years", "Nature on H₂O and 10⁶ years"),
        ("x<sup>n+1</sup>, 10<sup>&minus;9</sup>, the 1<sup>st</sup>", "x^(n+1), 10⁻⁹, the 1st"),
        ("A <q>b <q>c</q></q>", "A „b ‚c‘“"),
        ("<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>字", "漢(かん)字"),
        ("<ruby><rb>漢<rb>字<rt>かん<rt>じ<rtc>kanji</rtc></ruby>", "漢(かん)字(じ)(kanji)"),
        ("Now <del>5</del> 6", "Now 6"),
        ("<s>All of it</s>", "All of it"),
        ("<math><msup><mi>x</mi><mn>2</mn></msup><mo>&lt;</mo><mi>y</mi></math>", "x² < y"),
        ("On <math alttext='a_1'><mi>b</mi></math>", "On $a_1$"),
        ("Unclosed <sup>2", "Unclosed 2"),
    ],
)
def test_the_meaning_of_markup_stays(markup: str, title: str) -> None:
    assert plain_title(TextConstruct(value=markup, kind="rss"), "de") == title
    assert plain_title(TextConstruct(value=markup, kind="plain"), "de") == markup
