"""Shortcuts change nothing: what is plainly plain comes out as it does the long way."""

import re
from datetime import datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator import commonmark as markdown
from aggregator import urls
from aggregator.commonmark import blocks, plain, safety_check
from aggregator.normalise import dates, html, text
from aggregator.normalise.rewriting import rewritten
from aggregator.normalise.tags import has_unreadable
from tests.normalise.fragments import broken_html
from tests.normalise.harmless import BODIES
from tests.normalise.hostile import ADDRESSES, MARKUP
from tests.vectors import VECTORS

NEVER = re.compile(r"(?!)")

TEXTS = """
    word|Two words|a| |  |!|1|1. |- |+|(|.|“Q”|é|漢|٣|\u2003|=|#|\u200d|}|>|*|_b_|[|]|&amp;|&nbsp;|:|~|{|\\|`|
    http://a.example/b_c
"""
WORDS = st.lists(st.sampled_from(["|", "\n", *TEXTS.replace("\n    ", "").split("|")]), max_size=3).map("".join)
ELEMENTS = st.one_of(
    st.builds("<{0}>{1}</{0}>".format, st.sampled_from(["em", "i", "b", "strong", "code", "u"]), WORDS),
    st.builds('<a href="http://a.example/{}">{}</a>'.format, st.sampled_from(["", "b_c", "(d)", "?e=f"]), WORDS),
    st.sampled_from(["<br>", '<img src="http://a.example/i" alt="j">', '<a href="/b"><i>c</i></a>']),
)
LINE = st.lists(st.one_of(st.sampled_from(["A ", " and ", ", so", "."]), WORDS, ELEMENTS), max_size=5).map("".join)
PARAGRAPHS = st.builds(
    "<{0}>{1}</{0}>{2}".format,
    st.sampled_from(["p", "p", "p", "li", "div", "h2", "td", "blockquote"]),
    LINE,
    st.sampled_from(["", "\n", " ", "\n\n"]),
)
HTML = st.one_of(st.lists(PARAGRAPHS, max_size=3).map("".join), LINE, broken_html())
WRITTEN = (*BODIES, *MARKUP, *(vector.as_html for vector in VECTORS))


def cleaned_the_long_way(value: str) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(html, "_PLAIN", NEVER)
        return html.clean(value, "https://a.example/")


def written_the_long_way(clean_html: str) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(markdown, "body", lambda _: None)
        patch.setattr(blocks, "paragraph", lambda _: None)
        return markdown.markdown(clean_html)


def assert_same(value: str) -> None:
    clean = html.clean(value, "https://a.example/")
    assert clean == cleaned_the_long_way(value)
    assert markdown.markdown(clean) == written_the_long_way(clean)


def test_what_was_written_by_hand_is_cleaned_and_converted_the_same() -> None:
    for value in WRITTEN:
        assert_same(value)


@given(HTML)
@settings(max_examples=600)
@example('<p>!<a href="http://a.example/">b</a></p>')
@example('<p><a href="http://a.example/">&nbsp;</a>b</p>')
@example("<p><em>a</em><b>b</b></p>")
@example("<p></p><p></p>")
@example("<p>\u2003<em>a</em></p>")
@example("<p>a\\ </p>")
@example("<p>٣. a</p>")
@example("<h2><h3>a</h3></h2>")
@example("a<p title='<img src=/b>'>c")
def test_bodies_are_cleaned_and_converted_the_same(value: str) -> None:
    assert_same(value)


@pytest.mark.parametrize("name", html._HARMLESS.replace("[1-6]", "1").split())
def test_no_tag_that_calls_for_more_than_cleaning_is_taken_for_harmless(name: str) -> None:
    tag = f"<{name}>"
    assert html._PLAIN.fullmatch(tag)
    assert rewritten(tag, None) == tag
    assert not html._UNSETTLING.search(tag)
    assert not has_unreadable(tag)


def test_the_shortcuts_are_taken() -> None:
    value = '<p>“A” <em>b</em>, <a href="http://a.example/">c (d)</a>.</p>\n<p>E <strong>f</strong></p>'
    assert html._PLAIN.fullmatch(value)
    assert plain.body(value) == "“A” *b*, [c (d)](http://a.example/).\n\nE **f**"
    assert not html._PLAIN.fullmatch(f"{value}<img src='/a.png'>")
    assert plain.body(f"{value}<ul><li>a</li></ul>") is None


CODE = """
    ```|```|````|~~~| ```|```x|> ```|- ```|```  |<b>|<div>|</div>|<!--|-->|a <b>|> a|- a|  b|    c|[a](x)|[a]: x|[a]:|
    # {a}|<https://a.example>|`x|`<b>`||||\\|a
"""


@given(st.lists(st.sampled_from(CODE.replace("\n    ", "").split("|")), max_size=12).map("\n".join))
@settings(max_examples=600)
@example("```\n<b>\n```")
@example(" ```\n```\n<b>\n```")
@example("````\n```\n<b>\n````")
@example("```\na\n```  \n<b>\n```")
@example("<div>\n```\n<b>\n```")
@example("- ```\n```\n<b>\n```")
def test_the_gate_overlooks_nothing_in_code(written: str) -> None:
    suspect = any(mark in written for mark in safety_check._HUGO) or safety_check._suspect(written)
    assert bool(safety_check.active(written)) == bool(suspect and safety_check._parsed_active(written))


def test_the_gate_parses_no_text_for_its_code_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safety_check, "_parsed_active", lambda _: "parsed")
    assert safety_check.active("a\n\n```\n<b>\n```\n\nc") is None
    assert safety_check.active("a\n\n```\nb\n```\n\n<c>") == "parsed"


MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec Mai Abc mar"
ZONES = "GMT UTC Z +0000 -0000 +0130 -0530 +1559 +1600 -1500 +0060 +01:00 EST PM AM A UT"
DATES = st.builds(
    "{}{:02} {} {:04} {:02}:{:02}:{:02} {}".format,
    st.sampled_from(["Mon, ", "Mar, ", "Dec, ", "", "mon, "]),
    st.integers(0, 32),
    st.sampled_from(MONTHS.split()),
    st.sampled_from([0, 1, 999, 1970, 2000, 2026, 9999]),
    st.integers(0, 25),
    st.integers(0, 61),
    st.integers(0, 61),
    st.sampled_from(ZONES.split()),
)


def read_the_long_way(date: str, language: str | None) -> datetime | None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dates, "_RFC_5322", NEVER)
        return dates.instant(date, language)


@given(DATES, st.sampled_from([None, "en", "fi", "pl", "xx"]))
@settings(max_examples=600)
@example("Mar, 05 Mar 2026 10:00:00 GMT", "fi")
@example("Thu, 01 Jan 0001 00:00:00 +0100", None)
def test_dates_are_read_the_same(date: str, language: str | None) -> None:
    assert dates.instant(date, language) == read_the_long_way(date, language)


ADDRESS_PARTS = """
    / . .. // /./ www. m. amp /amp .amp /amp/ .html ? # % %2f %41 : :80 :443 :8080 @ user:p@ ~ ! A é [ ] a b example.org
    ?utm_source=a &c=d - _ http: HTTPS://
"""
ADDRESS = st.builds(
    "{}{}".format,
    st.sampled_from(["http://", "https://", "http://a.example", "https://www.a.example/", "HTTP://A.example/"]),
    st.lists(st.sampled_from(ADDRESS_PARTS.split()), max_size=6).map("".join),
)


@given(st.one_of(ADDRESS, st.sampled_from(ADDRESSES)))
@settings(max_examples=600)
def test_urls_have_the_same_key(url: str) -> None:
    key = urls.canonical_key(url)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(urls, "_SIMPLE", NEVER)
        assert key == urls.canonical_key(url)


@given(st.text(st.sampled_from(" \n\ta.,漢字。、カ\u2003\xa0é")), st.integers(0, 5))
def test_summaries_are_the_same(body: str, words: int) -> None:
    found = text._WORD.findall(body)
    end = [match.end() for match in text._WORD.finditer(body)][:words]
    expected = " ".join(body[: end[-1] if end else 0].split()) + ("..." if len(found) > words else "")
    assert text.summary(body, words) == expected
