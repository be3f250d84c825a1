"""How the sources are doing, told without reading all that is known of them."""

from collections import Counter
from datetime import timedelta

import pytest
from msgspec.structs import replace

from aggregator.model import SourceState
from aggregator.status import condition, source_status
from aggregator.store import SourcePage, Store, sources
from tests.store.test_queries import statements
from tests.store.values import MINUTE, NOW, article, new, record, source, state, sync_sources

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def fill(store: Store) -> None:
    """A source in each condition, by each of the ways into it."""
    configured = [source(name, tags=("t",), headers={"X-Key": "k"}) for name in ("good", "bad", "gone", "new")]
    sync_sources(store, [*configured, source("off", enabled=False), source("bad-and-off", enabled=False)], NOW)
    sound = replace(state(), failures=0, error=None)
    states = {
        1: sound,
        2: replace(state(), failures=3, next_fetch=NOW - 7 * MINUTE, pushed_until=NOW),
        3: replace(state(), paused="gone for good", next_fetch=None),
        6: replace(state(), next_fetch=NOW - 9 * MINUTE),
    }
    store.sources.record_states(list(states.items()), {})


def test_what_people_see_of_the_sources_is_what_is_known_of_them(store: Store) -> None:
    fill(store)
    seen, complete = store.sources.overview(NOW), store.sources.all()
    counted = {"new_per_day": 0.0}  # from another table
    assert [source_status(stored) | counted for stored in seen] == [
        source_status(stored) | counted for stored in complete
    ]
    assert [stored.source.id for stored in seen] == [stored.source.id for stored in complete]
    assert [stored.state.due_reason for stored in seen] == [stored.state.due_reason for stored in complete]


def test_the_long_columns_are_not_read_for_it(store: Store) -> None:
    fill(store)
    with statements(store) as seen:
        store.sources.overview(NOW)
        store.sources.summary(NOW)
    assert len(seen) == 4
    assert not any(name in statement for statement in seen for name in ("seen", "digest", "etag", "article"))


def test_the_database_counts_conditions_as_the_pages_do(store: Store) -> None:
    assert store.sources.summary(NOW).conditions == {}
    fill(store)
    standing = store.sources.summary(NOW)
    assert standing.conditions == Counter(condition(stored) for stored in store.sources.all())
    assert standing.conditions == {"working": 1, "failing": 1, "paused": 3, "new": 1}


def names(page: SourcePage) -> list[str]:
    return [stored.source.name for stored in page.sources]


def test_pages_of_the_sources_follow_the_configuration(store: Store) -> None:
    fill(store)
    first = store.sources.page(NOW, None, 4)
    assert (names(first), first.after) == (["good", "bad", "gone", "new"], "new")
    second = store.sources.page(NOW, "new", 4)
    assert (names(second), second.after) == (["off", "bad-and-off"], None)
    assert (*first.sources, *second.sources) == store.sources.overview(NOW)
    assert store.sources.page(NOW, None, 6).after is None


def test_pages_go_on_behind_a_source_that_is_gone(store: Store) -> None:
    sync_sources(store, [source(name) for name in "abcd"], NOW)
    sync_sources(store, [source(name) for name in "acd"], NOW)
    assert names(store.sources.page(NOW, "b", 4)) == ["c", "d"]
    assert names(store.sources.page_by_condition(NOW, "b", 4)) == ["c", "d"]
    for page in (store.sources.page, store.sources.page_by_condition):
        with pytest.raises(KeyError):
            page(NOW, "never", 4)


def test_pages_by_condition_begin_with_what_fails_for_longest(store: Store) -> None:
    sync_sources(store, [source(name) for name in ("day", "gone", "new", "good", "week", "fine", "also-week")], NOW)
    asked = replace(state(), failures=0, error=None)
    since = {1: NOW - DAY, 5: NOW - 7 * DAY, 7: NOW - 7 * DAY}
    failing = [(number, replace(asked, failures=1, last_success=at)) for number, at in since.items()]
    store.sources.record_states([*failing, (2, replace(asked, paused="gone for good")), (4, asked), (6, asked)], {})
    complete = ["week", "also-week", "day", "gone", "new", "good", "fine"]
    assert names(store.sources.page_by_condition(NOW, None, 9)) == complete
    for size in (1, 2, 3):
        after, paged = None, list[str]()
        while len(paged) < len(complete):
            page = store.sources.page_by_condition(NOW, after, size)
            paged += names(page)
            after = page.after
        assert (paged, after) == (complete, None)


def test_a_page_reads_its_own_sources_alone(store: Store) -> None:
    sync_sources(store, [source(name) for name in "abc"], NOW)
    for number in (1, 2, 3):
        record(store, new(article(number, number)), by=number)
    with statements(store) as statements_of_page:
        page = store.sources.page(NOW, "a", 1)
    assert [stored.state.new_per_day for stored in page.sources] == [round(1 / 28, 2)]
    assert all("LIMIT" in statement or "source_id IN" in statement for statement in statements_of_page)
    assert list(store.sources.published_by_day(NOW, [2])) == [2]


def test_figures_of_many_sources_are_not_counted_each_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store)
    assert store.sources.summary(NOW).conditions["failing"] == 1
    for at, failing in ((NOW, 2), (NOW + timedelta(seconds=29), 2), (NOW + timedelta(seconds=31), 1), (NOW, 1)):
        store.sources.record_states([(1, replace(state(), failures=failing % 2))], {})
        assert store.sources.summary(at).conditions["failing"] == 1 + failing % 2
    monkeypatch.setattr(sources, "MANY", 5)
    store.sources.record_states([(1, replace(state(), failures=0))], {})
    assert store.sources.summary(NOW).failing == 2
    assert store.sources.summary(NOW + timedelta(seconds=29)).failing == 2
    assert store.sources.summary(NOW - timedelta(seconds=1)).failing == 1


def test_who_is_due_first_is_polled_at_all_and_was_asked_before(store: Store) -> None:
    fill(store)
    assert store.sources.summary(NOW).due_first == NOW - 7 * MINUTE
    sync_sources(store, [source("new")], NOW)
    assert store.sources.summary(NOW).due_first is None
    assert store.sources.overview(NOW)[0].state == SourceState()


def test_the_sources_that_fail_for_longest_come_first(store: Store) -> None:
    configured = [source(name) for name in ("good", "hour", "day", "never", "not asked")]
    sync_sources(store, [*configured, source("off", enabled=False)], NOW)
    last = {1: NOW - 9 * DAY, 2: NOW - HOUR, 3: NOW - DAY, 4: None, 6: None}
    states = [(number, SourceState(failures=int(number > 1), last_success=at)) for number, at in last.items()]
    store.sources.record_states(states, {})
    named = store.sources.failing_longest(4)
    assert [each.name for each in named] == ["day", "hour", "never", "good"]
    assert [each.failures for each in named] == [1, 1, 1, 0]
    assert [each.last_success for each in named] == [NOW - DAY, NOW - HOUR, None, NOW - 9 * DAY]
    assert [each.name for each in store.sources.failing_longest(99)][4:] == ["not asked"]


def test_the_size_counts_what_is_shown(store: Store) -> None:
    sync_sources(store, [source("a")], NOW)
    assert store.maintenance.size().articles == 0
    record(store, new(article(1)), new(article(2)), new(article(3)))
    size = store.maintenance.size()
    assert size.articles == 3
    assert size.bytes > 100_000
