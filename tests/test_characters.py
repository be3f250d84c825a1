"""Characters that no text of ours holds."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.characters import FORBIDDEN_IN_XML, UNPRINTABLE, UNSAFE, strip_unsafe
from tests.cases import for_each

CONTROLS = "\x00\x07\x08\x1b\x1f\x7f\x80\x85\x9f"
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
NONCHARACTERS = "\ufeff\ufdd0\ufdef\ufffe\uffff\U0001fffe\U0010ffff\ud800\udfff"


@for_each("character", CONTROLS + BIDI + NONCHARACTERS)
def test_what_no_reader_should_meet_is_dropped(character: str) -> None:
    assert strip_unsafe(f"a{character}b") == "ab"


@for_each(
    "needed", ["a\tb\nc", "نمی\u200cدانم", "👩\u200d💻", "שלום\u200f!", "a\u200eb", "a\xa0b", "\U0001f1e9\U0001f1ea"]
)
def test_what_scripts_and_emoji_need_stays_in_bodies(needed: str) -> None:
    assert strip_unsafe(needed) == needed


def test_line_ends_become_one_form() -> None:
    assert strip_unsafe("a\r\nb\rc\nd") == "a\nb\nc\nd"
    assert strip_unsafe("a\u2028b\u2029c\x0bd\x0ce") == "a b c d e"


EVERY_CHARACTER = "".join(map(chr, range(0x110000)))


@pytest.mark.parametrize(("forbidden", "wider"), [(FORBIDDEN_IN_XML, UNSAFE), (UNSAFE, UNPRINTABLE)])
def test_the_sets_hold_each_other(forbidden: str, wider: str) -> None:
    assert not re.search(f"[{forbidden}]", re.sub(f"[{wider}]", "", EVERY_CHARACTER))


def test_every_safe_character_stays_and_no_other() -> None:
    for start in range(0, 0x110000, 0x100):
        block = re.sub("[\r\x0b\x0c\u2028\u2029]", "", EVERY_CHARACTER[start : start + 0x100])
        assert strip_unsafe(block) == re.sub(f"[{UNSAFE}]", "", block)


@given(st.text())
def test_what_is_stripped_stays_and_can_be_written_as_utf_8(text: str) -> None:
    stripped = strip_unsafe(text)
    assert strip_unsafe(stripped) == stripped
    assert stripped.encode("utf-8").decode("utf-8") == stripped
