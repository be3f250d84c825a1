"""Differences by words: they say how the old text becomes the new one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.render.word_diff import Change, word_diff

TEXT = st.text(st.sampled_from("ab \n.é漢字\ud7ff\ue000"), max_size=40)


def written(diff: object) -> list[str]:
    """Return the lines with `[-…-]` and `{+…+}` around what was deleted and inserted."""
    marks = {"delete": "[-{}-]", "equal": "{}", "insert": "{{+{}+}}"}
    assert isinstance(diff, list)
    return ["".join(marks[change.operation].format(change.text) for change in line) for line in diff]


@pytest.mark.parametrize(
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
