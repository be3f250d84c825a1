"""Differences between configured and stored sources, as values."""

from dataclasses import fields
from typing import Any

import pytest

from aggregator.settings import SourceSettings
from aggregator.source_changes import CategoryRow, SourceChanges, SourceRow, SourceUpdate, source_changes
from tests.sources import source

ALL_AND_A = (CategoryRow("all", "all", True), CategoryRow("a", "a", True))


def settings(name: str = "a", **changes: Any) -> SourceSettings:
    return source(name, **({"url": f"https://{name}.example/"} | changes)).settings


def row(stored: SourceSettings, number: int = 1, **changes: Any) -> SourceRow:
    made = SourceRow(number, stored, number - 1, True, stored.url.split("/")[2], None)
    return made._replace(**changes)


def changes(configured: list[SourceSettings], *stored: SourceRow) -> SourceChanges:
    return source_changes(configured, stored, ALL_AND_A, frozenset())


def update(before: SourceSettings, now: SourceSettings) -> SourceUpdate:
    (changed,) = changes([now], row(before)).updated
    return changed


def test_nothing_differs_from_itself() -> None:
    difference = changes([settings()], row(settings()))
    assert not difference
    assert all(getattr(difference, field.name) == () for field in fields(difference))


def test_a_header_is_written_and_changes_no_article() -> None:
    changed = update(settings(), settings(headers={"X-Key": "${KEY}"}))
    assert changed.settings.headers == {"X-Key": "${KEY}"}
    assert [changed.changes_articles, changed.changes_labels, changed.at_new_url, changed.is_polled_sooner] == [
        False
    ] * 4


def test_what_articles_show_changes_them() -> None:
    for shown in ({"tags": ("x",)}, {"categories": ("X",)}, {"language": "de"}, {"url": "https://b.example/"}):
        assert update(settings(), settings(**shown)).changes_articles
    assert update(settings(), settings("b", url="https://a.example/")).changes_articles
    assert update(settings(), settings(tags=("x",))).changes_labels
    assert not update(settings(), settings(language="de")).changes_labels


def test_a_source_is_recognised_by_name_and_url_then_by_name_then_by_url() -> None:
    stored = row(settings("a")), row(settings("b"), 2), row(settings("c"), 3)
    configured = [settings("b", url="https://a.example/"), settings("x", url="https://c.example/"), settings("a")]
    difference = changes(configured, *stored)
    assert {changed.id: changed.settings.name for changed in difference.updated} == {1: "a", 2: "b", 3: "x"}
    assert difference.added == ()
    assert difference.removed == ()


@pytest.mark.parametrize("name", ["a", "127-0-0-1"])
def test_a_source_keeps_its_row_when_the_number_in_its_name_moves(name: str) -> None:
    names = name, f"{name}-2", f"{name}-3"
    first, second, third = (settings(name, url=f"https://a.example/{name}") for name in names)
    configured = [settings(names[0], url=second.url), settings(names[1], url=third.url)]
    difference = changes(configured, row(first), row(second, 2), row(third, 3))
    assert {changed.id: changed.settings.name for changed in difference.updated} == {2: names[0], 3: names[1]}
    assert not any(changed.at_new_url for changed in difference.updated)
    assert difference.removed == (1,)


def test_present_sources_are_recognised_before_those_that_left() -> None:
    left, present = row(settings("a"), 1, present=False), row(settings("b", url="https://a.example/"), 2)
    difference = changes([settings("c", url="https://a.example/")], left, present)
    assert [changed.id for changed in difference.updated] == [2]
    assert difference.removed == ()


def test_sources_that_are_not_polled_any_more_are_stopped() -> None:
    stored = row(settings("a")), row(settings("b"), 2), row(settings("c", enabled=False), 3)
    difference = changes([settings("a", enabled=False), settings("c", enabled=False)], *stored)
    assert difference.removed == (2,)
    assert difference.stopped == (2, 1)


def test_a_moved_source_keeps_its_host_until_its_url_is_edited() -> None:
    moved = row(settings(), host="moved.example", moved_to="https://moved.example/feed")
    assert not changes([settings()], moved)
    (changed,) = changes([settings(url="https://a.example/other")], moved).updated
    assert changed.host == "a.example"
