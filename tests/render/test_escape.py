import tomllib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from aggregator.render.escape import markdown_line, markdown_link, quoted, uri
from tests.render.examples import modestly

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
MARKDOWN_TEXT = st.lists(st.sampled_from([*"*_~`[]()<>&\\!#+-.|:=ab1 ", "&lt;", "](", "**", "1. "])).map("".join)


@modestly
@given(ANY_TEXT)
def test_any_text_comes_back_from_yaml(text: str) -> None:
    assert yaml.safe_load(f"key: {quoted(text)}\n") == {"key": text}


@modestly
@given(ANY_TEXT)
def test_any_text_comes_back_from_toml(text: str) -> None:
    assert tomllib.loads(f"key = {quoted(text)}\n") == {"key": text}


@pytest.mark.parametrize(
    "character", ["\0", "\t", "\n", "\x7f", "\x85", "\x9f", "\u2028", "\u2029", "\ufeff", "\ufffe", '"', "\\"]
)
def test_a_string_is_one_line_of_printable_characters(character: str) -> None:
    assert quoted(f"a{character}b").isprintable()


def test_characters_that_yaml_reads_stay_as_they_are() -> None:
    assert quoted("“é” 日本 🚀 \u200d / '") == '"“é” 日本 🚀 \u200d / \'"'


def test_a_lone_surrogate_becomes_the_replacement_character() -> None:
    assert quoted("a\ud800b") == '"a\ufffdb"'


@modestly
@given(MARKDOWN_TEXT)
def test_a_line_shows_its_text_under_commonmark(text: str) -> None:
    line = " ".join(text.split())
    shown = MarkdownIt("commonmark").enable(["strikethrough", "table"]).parse(markdown_line(line))
    assert [token.type for token in shown] in ([], ["paragraph_open", "inline", "paragraph_close"])
    children = [child for token in shown for child in token.children or []]
    assert {child.type for child in children} <= {"text", "text_special"}
    assert "".join(child.content for child in children) == line


@pytest.mark.parametrize(
    "text",
    [
        "5 * 3 = 15",
        "snake_case_name and a_b",
        "a footnote* alone",
        "#1 of C# and F#",
        "about ~5 %",
        "[sic] (see [1])",
        "AT&T, R&D & co.",
        "a < b > c, I <3 it",
        "1.5 metres, 2025. Then",
        "well-known - and + more",
        "a ` alone",
        r"C:\Users\me",
        "U.S. produced!",
        "{{ template }} | pipe: colon = equals",
    ],
)
def test_no_character_is_escaped_that_would_not_act(text: str) -> None:
    assert markdown_line(text) == text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("*a*", r"\*a\*"),
        ("__a__ b_c", r"\_\_a\_\_ b_c"),
        ("~~a~~", r"\~\~a\~\~"),
        ("`a`", r"\`a\`"),
        ("# a", r"\# a"),
        ("- a", r"\- a"),
        ("> a", r"\> a"),
        ("12. a", r"12\. a"),
        ("1) a", r"1\) a"),
        ("---", r"\---"),
        ("[a](b)", r"[a\](b)"),
        ("[a]: b", r"\[a]: b"),
        ("<b>", r"\<b>"),
        ("&amp;", r"\&amp;"),
        (r"\*", r"\\*"),
    ],
)
def test_a_character_that_would_act_is_escaped(text: str, line: str) -> None:
    assert markdown_line(text) == line


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.org/a_b*c?d=1&e=2#f", "https://example.org/a_b*c?d=1&e=2#f"),
        ("https://example.org/a_(b)", "https://example.org/a_(b)"),
        ("https://example.org/a)b(", "https://example.org/a%29b%28"),
        ("https://example.org/((a))", "https://example.org/%28%28a%29%29"),
        ("https://example.org/ <\\>", "https://example.org/%20%3C%5C%3E"),
        ("https://example.org/{{<x", "https://example.org/%7B%7B%3Cx"),
        ("https://example.org/?a&copy;=1", "https://example.org/?a%26copy;=1"),
    ],
)
def test_a_link_keeps_its_url_unless_it_would_end_early(url: str, target: str) -> None:
    assert markdown_link("source", url) == f"[source]({target})"


@modestly
@given(MARKDOWN_TEXT, MARKDOWN_TEXT)
def test_a_link_is_one_link_whatever_it_holds(text: str, path: str) -> None:
    words = " ".join(text.split())
    (paragraph,) = MarkdownIt("commonmark").parse(markdown_link(words, "https://example.org/" + path))[1::3]
    kinds = [child.type for child in paragraph.children or [] if child.type not in {"text", "text_special"}]
    assert kinds == ["link_open", "link_close"]
    assert "".join(child.content for child in paragraph.children or []) == words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.org/a?b=%C3%BC&c=(d)", "https://example.org/a?b=%C3%BC&c=(d)"),
        ("https://example.org/ü ö", "https://example.org/%C3%BC%20%C3%B6"),
        ("https://[::1]:8080/[a]", "https://[::1]:8080/%5Ba%5D"),
        ("https://example.org/100%", "https://example.org/100%25"),
        ("tag:example.org,2020:ä", "tag:example.org,2020:%C3%A4"),
        ("urn:uuid:0", "urn:uuid:0"),
    ],
)
def test_a_url_is_encoded_only_where_it_must_be(text: str, expected: str) -> None:
    assert uri(text) == expected
    assert uri(expected) == expected
