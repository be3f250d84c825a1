import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.dedupe.fingerprint import fingerprint, near
from aggregator.model import Fingerprint
from tests.dedupe.memory import OTHER, STORY, E, articles, edited, keyed_entry
from tests.thorough import examples


def of(text: str, title: str = "A title") -> Fingerprint:
    return fingerprint(title, text)


def test_white_space_is_no_edit() -> None:
    assert of("one  two\n\nthree", " A\ttitle ") == of("one two three", "A title")


def test_a_changed_word_in_text_or_title_is_an_edit() -> None:
    assert of("one two three").digest != of("one two four").digest
    assert of("one", "A title").digest != of("one", "Another title").digest


def test_composed_and_decomposed_letters_read_the_same() -> None:
    assert of("caf\u00e9") == of("cafe\u0301")


def test_case_and_punctuation_make_no_other_title() -> None:
    assert of("", "“Hello”, World!").title == of("", "hello world").title
    assert of("", "???").title != of("", "!!!").title


@pytest.mark.parametrize("words", [0, 1, 2])
def test_a_few_changed_words_leave_a_text_near(words: int) -> None:
    assert near(of(STORY), of(edited(STORY, words)))


@pytest.mark.parametrize("words", [8, 20])
def test_many_changed_words_make_another_text(words: int) -> None:
    assert not near(of(STORY), of(edited(STORY, words)))


def test_titles_and_quotation_marks_do_not_matter_to_near() -> None:
    assert near(of('He said "no" and "never", twice', "One"), of("He said “no” and “never”, twice", "Two"))


def test_other_texts_are_not_near() -> None:
    assert not near(of(STORY), of(OTHER))


def test_short_texts_are_near_only_if_equal() -> None:
    assert near(of("Five words are not many."), of("Five  words are not many."))
    assert not near(of("Five words are not many."), of("Six words are not many."))
    assert not near(of("Five words are not many."), of(STORY))


def test_absent_texts_are_near_to_nothing() -> None:
    assert not near(of(""), of(""))


def test_scripts_without_blanks_are_compared_by_character() -> None:
    chinese = "市议会周二晚投票决定关闭这座河上的老桥至少两年因为工程师在七个桥墩中的三个发现了裂缝"
    assert of(chinese).words > 20
    assert near(of(chinese * 3), of(chinese * 3 + "。"))
    assert not near(of(chinese), of(chinese[::-1]))


def test_keys_and_signatures_are_equal_in_every_process() -> None:
    """Written down once, elsewhere: another value means that every article's keys in the database are lost."""
    keys = keyed_entry(articles([E(guid="a", link="https://example.org/a")])[0]).keys
    assert [(key.rule, key.digest.hex()[:8]) for key in keys] == [
        ("guid", "897f6c53"),
        ("link", "ea9bbce6"),
        ("title", "9cf2566f"),
        ("text", "7909faa9"),
        ("text", "8e3e45a8"),
        ("text", "3c4c6b55"),
        ("text", "55b8490a"),
        ("text", "56643d95"),
        ("text", "4f85d885"),
        ("text", "8d55656c"),
        ("text", "e4ccd7e2"),
    ]


@settings(max_examples=examples(50))
@given(st.text(), st.text())
def test_any_text_has_a_fingerprint_near_itself(title: str, text: str) -> None:
    mark = of(text, title)
    assert (len(mark.digest), len(mark.title)) == (16, 8)
    assert near(mark, mark) == bool(mark.words)
    assert near(mark, replace(mark, signature=b"")) is False
