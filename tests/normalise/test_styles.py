"""Styles by which editors mean bold, italic, struck, raised and lowered text become tags."""

import pytest

from aggregator.normalise.html import clean
from tests.cases import for_each


@for_each(
    ("styled", "cleaned"),
    [
        ("<span style='font-weight: bold'>a</span>", "<b>a</b>"),
        ("<SPAN class=x STYLE='color:red;FONT-WEIGHT:700 !important;'>a</SPAN>", "<b>a</b>"),
        ("<font style='font-style:italic'>a</font>", "<i>a</i>"),
        ("<span style='text-decoration: line-through;'>a</span>", "<s>a</s>"),
        ("<span style='text-decoration-line:underline line-through'>a</span>", "<s>a</s>"),
        ("10<span style='vertical-align:super;font-size:smaller'>9</span>", "10<sup>9</sup>"),
        ("H<span style='vertical-align: sub'>2</span>O", "H<sub>2</sub>O"),
        ("<span style='font-weight:bold;font-style:italic'>a</span>", "<b><i>a</i></b>"),
        (
            "<span style='font-weight:bold'>a<span>b</span><span style='font-style:italic'>c</span></span>d",
            "<b>ab<i>c</i></b>d",
        ),
        ("<b style='font-weight:normal'>a<b>b</b></b>", "a<b>b</b>"),
        ("<em style='font-style:normal'>a</em><strong style='font-weight:400'>b</strong>", "ab"),
        ("<span style='font-weight:bold'><p>a</p></span>", "<b><p>a</p></b>"),
    ],
)
def test_styles_become_tags(styled: str, cleaned: str) -> None:
    assert clean(f"<div>{styled}</div>") == f"<div>{cleaned}</div>"


@pytest.mark.parametrize(
    "styled",
    [
        "<span style='font-weight:400;font-style:normal;text-decoration:none;vertical-align:baseline'>a</span>",
        "<span style='font-weight:bold'>a",
        "<span title='font-weight:bold'>a</span>",
        "<span title=\"style='font-weight:bold'\">a</span>",
        "<h2><span style='font-weight:bold'>a</span></h2>",
        "<span data-style='font-style:italic'>a</span>",
    ],
)
def test_other_styles_say_nothing(styled: str) -> None:
    assert clean(styled).replace("<h2>", "").replace("</h2>", "") == "a"


def test_bold_that_stays_bold() -> None:
    assert clean("<b style='color:red;font-weight:bold'>a</b><i style='font-weight:normal'>b</i>") == "<b>a</b><i>b</i>"
