import tomllib

import yaml
from hypothesis import given
from hypothesis import strategies as st

from aggregator.render.escape import quoted, uri
from tests.cases import for_each
from tests.render.examples import modestly

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@modestly
@given(ANY_TEXT)
def test_any_text_comes_back_from_yaml(text: str) -> None:
    assert yaml.safe_load(f"key: {quoted(text)}\n") == {"key": text}


@modestly
@given(ANY_TEXT)
def test_any_text_comes_back_from_toml(text: str) -> None:
    assert tomllib.loads(f"key = {quoted(text)}\n") == {"key": text}


@for_each("character", ["\0", "\t", "\n", "\x7f", "\x85", "\x9f", "\u2028", "\u2029", "\ufeff", "\ufffe", '"', "\\"])
def test_a_string_is_one_line_of_printable_characters(character: str) -> None:
    assert quoted(f"a{character}b").isprintable()


def test_characters_that_yaml_reads_stay_as_they_are() -> None:
    assert quoted("“é” 日本 🚀 \u200d / '") == '"“é” 日本 🚀 \u200d / \'"'


def test_a_lone_surrogate_becomes_the_replacement_character() -> None:
    assert quoted("a\ud800b") == '"a\ufffdb"'


@for_each(
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
