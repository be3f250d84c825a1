"""Plain text: characters that go, one line, summaries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.normalise.text import one_line, scrub, summary

CONTROLS = "\x00\x07\x08\x0b\x0c\x1b\x1f\x7f\x80\x85\x9f"
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
NONCHARACTERS = "\ufeff\ufdd0\ufdef\ufffe\uffff\U0001fffe\U0010ffff\ud800\udfff"


@pytest.mark.parametrize("character", CONTROLS + BIDI + NONCHARACTERS)
def test_what_no_reader_should_meet_is_dropped(character: str) -> None:
    assert scrub(f"a{character}b") == "ab"
    assert one_line(f"a{character}b") == "ab"


@pytest.mark.parametrize(
    "kept", ["a\tb\nc", "نمی\u200cدانم", "👩\u200d💻", "שלום\u200f!", "a\u200eb", "a\xa0b", "\U0001f1e9\U0001f1ea"]
)
def test_what_scripts_and_emoji_need_stays_in_bodies(kept: str) -> None:
    assert scrub(kept) == kept


def test_line_ends_become_one_form() -> None:
    assert scrub("a\r\nb\rc\nd") == "a\nb\nc\nd"
    assert scrub("a\u2028b\u2029c") == "a b c"


def test_a_title_is_one_line_without_invisible_characters() -> None:
    assert one_line("  a\n\tb\xa0 c\u200b\u200e\u2060\U000e0041 ") == "a b c"
    assert one_line("نمی\u200cدانم 👩\u200d💻") == "نمی\u200cدانم 👩\u200d💻"
    assert one_line("\u200b \n") == ""


@given(st.text())
def test_scrubbing_twice_changes_nothing(text: str) -> None:
    assert scrub(scrub(text)) == scrub(text)
    assert one_line(one_line(text)) == one_line(text)


@given(st.text())
def test_what_is_scrubbed_can_be_written_as_utf_8(text: str) -> None:
    assert scrub(text).encode("utf-8").decode("utf-8") == scrub(text)


def test_a_summary_has_three_dots_only_where_more_follows() -> None:
    assert summary("one two  three\nfour", 3) == "one two three..."
    assert summary("one two\xa0three ", 3) == "one two three"
    assert summary("one two", 3) == "one two"
    assert summary("", 3) == ""
    assert summary("one", 0) == "..."


def test_a_character_counts_as_a_word_where_no_blanks_part_them() -> None:
    assert summary("今日は、いい天気です。明日も", 5) == "今日は、いい..."
    assert summary("東京", 5) == "東京"
    assert summary("Python 入門 for all", 4) == "Python 入門 for..."


@given(st.text(alphabet=" \n\xa0abcXYZ.,é", max_size=200), st.integers(1, 20))
def test_a_summary_is_the_first_words_joined_by_blanks(text: str, words: int) -> None:
    all_words = text.split()
    assert summary(text, words) == " ".join(all_words[:words]) + ("..." if len(all_words) > words else "")
