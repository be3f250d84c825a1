"""The safety check finds what acts, and parses only text that may."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.commonmark import safety_check
from tests.thorough import examples

CODE = """
    ```|```|````|~~~| ```|```x|> ```|- ```|```  |<b>|<div>|</div>|<!--|-->|a <b>|> a|- a|  b|    c|[a](x)|[a]: x|[a]:|
    # {a}|<https://a.example>|`x|`<b>`||||\\|a
"""


@given(st.lists(st.sampled_from(CODE.replace("\n    ", "").split("|")), max_size=12).map("\n".join))
@settings(max_examples=examples(600))
@example("```\n<b>\n```")
@example(" ```\n```\n<b>\n```")
@example("````\n```\n<b>\n````")
@example("```\na\n```  \n<b>\n```")
@example("<div>\n```\n<b>\n```")
@example("- ```\n```\n<b>\n```")
def test_the_gate_overlooks_nothing_in_code(written: str) -> None:
    suspect = any(mark in written for mark in safety_check._HUGO) or safety_check._suspect(written)
    assert bool(safety_check.active(written)) == bool(suspect and safety_check._parsed_active(written))


def test_the_gate_parses_no_text_for_its_code_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safety_check, "_parsed_active", lambda _: "parsed")
    assert safety_check.active("a\n\n```\n<b>\n```\n\nc") is None
    assert safety_check.active("a\n\n```\nb\n```\n\n<c>") == "parsed"
