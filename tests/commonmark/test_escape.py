"""Lines and links of plain text in Markdown."""

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from aggregator.commonmark.escape import markdown_line, markdown_link
from tests.cases import for_each
from tests.render.examples import modestly

MARKDOWN_TEXT = st.lists(st.sampled_from([*"*_~`[]()<>&\\!#+-.|:=ab1 ", "&lt;", "](", "**", "1. "])).map("".join)


@modestly
@given(MARKDOWN_TEXT)
def test_a_line_shows_its_text_under_commonmark(text: str) -> None:
    line = " ".join(text.split())
    shown = MarkdownIt("commonmark").enable(["strikethrough", "table"]).parse(markdown_line(line))
    assert [token.type for token in shown] in ([], ["paragraph_open", "inline", "paragraph_close"])
    children = [child for token in shown for child in token.children or []]
    assert {child.type for child in children} <= {"text", "text_special"}
    assert "".join(child.content for child in children) == line


@for_each(
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


@for_each(
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


@for_each(
    ("url", "target"),
    [
        ("https://example.org/a_b*c?d=1&e=2#f", "https://example.org/a_b*c?d=1&e=2#f"),
        ("https://example.org/a_(b)", "https://example.org/a_(b)"),
        ("https://example.org/a)b(", "https://example.org/a%29b%28"),
        ("https://example.org/((a))", "https://example.org/%28%28a%29%29"),
        ("https://example.org/ <\\>", "https://example.org/%20%3C%5C%3E"),
        ("https://example.org/{{<x", "https://example.org/%7B%7B%3Cx"),
        ("https://example.org/?a&copy;=1", "https://example.org/?a&amp;copy;=1"),
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
