"""Plain text: one line, summaries."""

from hypothesis import given
from hypothesis import strategies as st

from aggregator.normalise.text import _WORD, one_line, summary
from tests.cases import for_each
from tests.test_characters import BIDI, CONTROLS, NONCHARACTERS


@for_each("character", CONTROLS + BIDI + NONCHARACTERS)
def test_unsafe_characters_are_dropped_from_a_line(character: str) -> None:
    assert one_line(f"a{character}b") == "ab"


def test_a_title_is_one_line_without_invisible_characters() -> None:
    assert one_line("  a\n\tb\xa0 c\u200b\u200e\u2060\U000e0041 ") == "a b c"
    assert one_line("نمی\u200cدانم 👩\u200d💻") == "نمی\u200cدانم 👩\u200d💻"
    assert one_line("\u200b \n") == ""


@given(st.text())
def test_a_line_of_a_line_is_the_same(text: str) -> None:
    assert one_line(one_line(text)) == one_line(text)


def test_a_summary_has_three_dots_only_where_more_follows() -> None:
    assert summary("one two  three\nfour", 3) == "one two three..."
    assert summary("one two\xa0three ", 3) == "one two three"
    assert summary("one two", 3) == "one two"
    assert summary("", 3) == ""
    assert summary("one", 0) == "..."


def test_a_summary_of_endless_words_is_cut() -> None:
    assert summary("x" * 2_000_000, 50) == "x" * 1997 + "..."
    assert summary("x" * 2_000_000 + " y", 5) == "x" * 997 + "..."


def test_a_character_counts_as_a_word_where_no_blanks_part_them() -> None:
    assert summary("今日は、いい天気です。明日も", 5) == "今日は、いい..."
    assert summary("東京", 5) == "東京"
    assert summary("Python 入門 for all", 4) == "Python 入門 for..."


@given(st.text(alphabet=" \n\xa0abcXYZ.,é", max_size=200), st.integers(1, 20))
def test_a_summary_is_the_first_words_joined_by_blanks(text: str, words: int) -> None:
    all_words = text.split()
    assert summary(text, words) == " ".join(all_words[:words]) + ("..." if len(all_words) > words else "")


@given(st.text(st.sampled_from(" \n\ta.,漢字。、カ\u2003\xa0é")), st.integers(0, 5))
def test_a_summary_ends_behind_the_word(body: str, words: int) -> None:
    words_of_body = _WORD.findall(body)
    end = [match.end() for match in _WORD.finditer(body)][:words]
    expected = " ".join(body[: end[-1] if end else 0].split()) + ("..." if len(words_of_body) > words else "")
    assert summary(body, words) == expected
