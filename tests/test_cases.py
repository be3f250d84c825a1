"""Cases of a test that are run as one."""

import inspect

import pytest

from tests.cases import for_each


def test_every_case_is_tried_and_all_that_failed_are_named() -> None:
    tried: list[tuple[int, str]] = []

    @for_each("number", [1, 2, 3])
    @for_each(("text", "is_right"), [("a", True), ("b", False)])
    def check(number: int, text: str, is_right: bool) -> None:
        tried.append((number, text))
        if number == 2:
            assert is_right
        if number == 3:
            pytest.fail("three")

    with pytest.raises(ExceptionGroup, match="2 of 3 cases failed") as failure:
        check()
    assert tried == [(number, text) for number in (1, 2, 3) for text in "ab"]
    second, third = failure.value.exceptions
    assert isinstance(second, ExceptionGroup)
    assert isinstance(third, ExceptionGroup)
    assert [error.__notes__ for error in second.exceptions] == [["case 1: ('b', False)"]]
    assert [str(error) for error in third.exceptions] == ["three"] * 2
    assert (second.__notes__, third.__notes__) == (["case 1: (2,)"], ["case 2: (3,)"])


def test_other_arguments_are_fixtures_still() -> None:
    @for_each("number", [1])
    def check(number: int, server: object) -> None:
        assert (number, server) == (1, "given")

    assert list(inspect.signature(check).parameters) == ["server"]
    check(server="given")


def test_no_cases_are_an_error() -> None:
    with pytest.raises(ValueError, match="no cases"):
        for_each("number", [])
