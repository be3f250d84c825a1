"""Formulas are written anew: what a source writes in one never comes out as markup."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.normalise.formulas import MAX_TAGS
from aggregator.normalise.html import annotated, clean
from tests.cases import for_each
from tests.normalise.rendering import active
from tests.thorough import examples

MATH = "<math><mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup></math>"


@for_each(
    ("html", "cleaned"),
    [
        (f"<p>a {MATH} b</p>", f"<p>a {MATH} b</p>"),
        ("<math display=block onclick=x style=y><mi href=javascript:x>a</mi></math>", "<math><mi>a</mi></math>"),
        ("<math><mi>a &lt; b &amp;amp;</mi></math>", "<math><mi>a &lt; b &amp;amp;</mi></math>"),
        ("<math>a<mi>b</math>", "<math><mtext>a</mtext><mi>b</mi></math>"),
        ("<math><mstyle><mi>a</mi></mstyle></math>", "<math><mrow><mi>a</mi></mrow></math>"),
        ("<math><mfenced open='&lt;' close=''><mi>a</mi></mfenced></math>",
         "<math><mrow><mo>&lt;</mo><mi>a</mi></mrow></math>"),
        ("<math><mtext><b>a</b><script>b</script></mtext></math>", "<math><mtext>ab</mtext></math>"),
        ("<math><mi><mrow>a</mrow></mi></math>", "<math><mi>a</mi></math>"),
        ("<math><mrow><mi>a</mrow></math>", "<math><mrow><mi>a</mi></mrow></math>"),
        ("<math><semantics><mi>a</mi><annotation-xml><script>x</script></annotation-xml></semantics></math>",
         "<math><mrow><mi>a</mi></mrow></math>"),
        ("<math><annotation encoding='application/x-tex'>a</annotation></math>", "<math><mtext>$a$</mtext></math>"),
        ("<math></math>a<math/>b", "ab"),
        ("<math>a <b>b</b>", "a <b>b</b>"),
        ("a<math alttext='&quot;&gt;&lt;script&gt;'><mi>b</mi></math>", "a<math><mi>b</mi></math>"),
        ("<img src=https://a.example/i.png alt='a <math><mi>b</mi></math>'>",
         '<img src="https://a.example/i.png" alt="a &lt;math&gt;&lt;mi&gt;b&lt;/mi&gt;&lt;/math&gt;">'),
        ("<table><tr><math><mi>a</mi></math><td>b</table>",
         "<math><mi>a</mi></math><table><tbody><tr><td>b</td></tr></tbody></table>"),
    ],
)  # fmt: skip
def test_a_formula_is_written_anew(html: str, cleaned: str) -> None:
    assert clean(html) == cleaned
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    "html",
    [
        # KaTeX
        f"<span class=katex><span class=katex-mathml>{MATH}</span><span class=katex-html aria-hidden='true'>"
        "<span>E=mc2</span></span></span>",
        # MathJax 2 and 3
        f"<span class=MathJax><nobr aria-hidden=true>E=mc2</nobr><span role=presentation>{MATH}</span></span>"
        "<script type='math/tex'>E=mc^2</script>",
        f"<mjx-container><mjx-math aria-hidden=true>E=mc2</mjx-math><mjx-assistive-mml>{MATH}</mjx-assistive-mml>"
        "</mjx-container>",
        # Wikipedia
        f"<span><span class=mwe-math-mathml-inline style='display: none;'>{MATH}</span>"
        "<img src='https://w.example/m.svg' aria-hidden='true' alt='E=mc^2'></span>",
    ],
)
def test_the_copy_of_a_formula_goes(html: str) -> None:
    assert clean(f"<p>a {html} b</p>") == f"<p>a {MATH} b</p>"


def test_what_is_hidden_from_readers_stays_if_there_is_no_formula_beside() -> None:
    html = f"<p>{MATH} is <b aria-hidden=true>b</b></p><p><i aria-hidden=true>c</i> a {MATH}</p>"
    assert clean(html) == html.replace(" aria-hidden=true", "")


def test_nobody_can_put_a_formula_where_it_is_not() -> None:
    for placeholder in ("\ue7a00\ue7a1", "&#xe7a0;0&#xe7a1;"):
        cleaned = clean(f"{placeholder * 500}<a title='{placeholder}' href='https://a.example/'>x</a>{MATH}")
        assert cleaned.count("<math>") <= 1
        assert "<math" not in "".join(re.findall(r'"[^"]*"', cleaned))
        assert active(cleaned) == []


def test_a_formula_of_too_many_tags_is_its_text() -> None:
    assert clean(f"<math>{'<mi>a</mi>' * (MAX_TAGS // 2 + 1)}</math>").count("<") == 4
    deep = clean("<math>" + "<mrow>" * 2000 + "<mi>a</mi>" + "</mrow>" * 2000 + "</math>")
    assert 20 < deep.count("<mrow>") < 40
    assert clean(deep) == deep


_PARTS = (
    "<math>", "</math>", "<mi>", "</mi>", "<mtext>", "</mtext>", "<mrow>", "</mrow>", "<msup>", "<mprescripts/>",
    "<annotation encoding=tex>", "</annotation>",
    "<annotation-xml encoding=text/html>", "</annotation-xml>", "<semantics>",
    "<mglyph>", "<malignmark>", "<style>", "</style>", "<img src=x onerror=x>", "<table>", "<p>", "</p>", "<svg>",
    "<!--", "-->", "<![CDATA[", "]]>", "x", "&lt;script&gt;", "&#x2061;",
    "\"", "'", "<mfenced open='<'>", "<math alttext='a\">'",
)  # fmt: skip


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.sampled_from(_PARTS), max_size=25).map("".join))
def test_no_formula_acts(html: str) -> None:
    for value in (html, f"<math>{html}</math>", f"<p><math><mtext>{html}"):
        cleaned = clean(value, "https://a.example/")
        assert active(cleaned) == []
        assert clean(cleaned, "https://a.example/") == cleaned
        assert annotated(value, "https://a.example/").count("<math") == cleaned.count("<math")
