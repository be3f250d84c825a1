"""Differences by words: they say how the old text becomes the new one."""

import time
from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.render.word_diff import Change, word_diff
from tests.cases import for_each

TEXT = st.text(st.sampled_from("ab \n.é漢字\ud7ff\ue000"), max_size=40)


def written(diff: object) -> list[str]:
    """Return the lines with `[-…-]` and `{+…+}` around what was deleted and inserted."""
    marks = {"delete": "[-{}-]", "equal": "{}", "insert": "{{+{}+}}"}
    assert isinstance(diff, list)
    return ["".join(marks[change.operation].format(change.text) for change in line) for line in diff]


@for_each(
    ("old", "new", "lines"),
    [
        ("Ten people came.", "Twelve people came.", ["[-Ten-]{+Twelve+} people came."]),
        ("Ten people came", "Ten people came today", ["Ten people came{+ today+}"]),
        ("A title", "A title", ["A title"]),
        ("", "New", ["{+New+}"]),
        ("One\nTwo\nThree", "One\nThree", ["One", "[-Two-]", "Three"]),
        ("東京は晴れ", "大阪は晴れ", ["[-東京-]{+大阪+}は晴れ"]),
        ("", "", []),
    ],
)
def test_words_are_compared(old: str, new: str, lines: list[str]) -> None:
    assert written(word_diff(old, new)) == lines


@given(TEXT, TEXT)
def test_each_text_is_read_from_the_difference(old: str, new: str) -> None:
    lines = word_diff(old, new)
    for text, opposite in ((old, "insert"), (new, "delete")):
        seen = "".join(change.text for line in lines for change in line if change.operation != opposite)
        assert seen == text.replace("\n", "")


def test_large_texts_without_anything_in_common_are_compared() -> None:
    old, new = (" ".join(f"{prefix}{number % 700}" for number in range(150_000)) for prefix in "ab")
    lines = word_diff(old, new)
    assert {change.operation for change in lines[0]} >= {"delete", "insert"}
    assert Change(operation="equal", text=" ") not in lines[0][:1]


def paragraphs(words: list[str]) -> str:
    return "\n".join(" ".join(words[start : start + 80]) for start in range(0, len(words), 80))


@pytest.mark.parametrize(("form", "distance"), [(paragraphs, 1000), (" ".join, 5000)], ids=["paragraphs", "one-line"])
def test_edits_of_a_large_text_are_shown_word_by_word(form: Callable[[list[str]], str], distance: int) -> None:
    words = [f"w{number * number % 4999}" for number in range(40_000)]
    edited = ["new" if number % distance == 500 else word for number, word in enumerate(words)]
    diff = word_diff(form(words), form(edited))
    changes = [change for line in diff for change in line if change.operation != "equal"]
    assert [change.text for change in changes if change.operation == "insert"] == 40_000 // distance * ["new"]
    assert max(len(change.text) for change in changes) < 10


def test_the_clock_does_not_change_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = (" ".join(f"{prefix}{number % 700}" for number in range(5_000)) for prefix in ("a", "ab"))
    before = word_diff(f"{old} {new} {old}", f"{new} {old} {new}")
    hours = count(0, 3600)
    monkeypatch.setattr(time, "time", lambda: next(hours))
    assert word_diff(f"{old} {new} {old}", f"{new} {old} {new}") == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("a b " * 125_000, "b a " * 125_000 + "c", id="shifted"),
        pytest.param("a" * 400_000, "a" * 399_000 + "b" * 1000, id="one-word"),
        pytest.param("\u6771" * 300_000, "\u6771\u4eac" * 150_000, id="characters"),
        pytest.param("a\n" * 100_000, "b\na\n" * 50_000, id="lines"),
    ],
)
def test_hostile_texts_have_a_difference(old: str, new: str) -> None:
    lines = word_diff(old, new)
    for text, opposite in ((old, "insert"), (new, "delete")):
        seen = "".join(change.text for line in lines for change in line if change.operation != opposite)
        assert seen == text.replace("\n", "")
