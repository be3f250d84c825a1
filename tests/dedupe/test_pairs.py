"""Near-equal texts on a labelled set: the goals of precision and recall."""

import pytest

from tests.dedupe.pairs import FOOTER, SAME, UNSPACED, Pair, is_found, labelled_pairs, scores

PAIRS = labelled_pairs()


def test_the_set_is_large_and_has_every_kind_in_every_language() -> None:
    assert len(PAIRS) >= 200
    assert len({(pair.kind, pair.language) for pair in PAIRS}) == 9 * 8


def test_a_false_merge_is_rare_and_most_reports_are_found() -> None:
    precision, by_kind = scores(PAIRS)
    assert precision >= 0.99
    for kind in SAME:
        hits, count = by_kind[kind]
        assert hits >= 0.8 * count, kind


@pytest.mark.parametrize("language", sorted(UNSPACED))
def test_a_european_footer_does_not_hide_a_text_without_spaces(language: str) -> None:
    story = next(pair for pair in PAIRS if pair.language == language).texts[0]
    assert is_found(Pair("copy with a footer", language, ("One", "Two"), (story, story + FOOTER)))
