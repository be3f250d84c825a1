"""How the sources are doing, told without reading all that is known of them."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from aggregator.model import SourceState
from aggregator.status import condition, source_status
from aggregator.store import Store
from tests.store.test_queries import statements
from tests.store.values import MINUTE, NOW, article, new, record, source, state, sync_sources

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def fill(store: Store) -> None:
    """A source in each condition, by each of the ways into it."""
    configured = [source(name, tags=("t",), headers={"X-Key": "k"}) for name in ("good", "bad", "gone", "new")]
    sync_sources(store, [*configured, source("off", enabled=False), source("bad and off", enabled=False)], NOW)
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
    assert len(seen) == 7
    assert not any(name in statement for statement in seen for name in ("seen", "digest", "etag", "article"))


def test_the_database_counts_conditions_as_the_pages_do(store: Store) -> None:
    assert store.sources.summary(NOW).conditions == {}
    fill(store)
    standing = store.sources.summary(NOW)
    assert standing.conditions == Counter(condition(stored) for stored in store.sources.all())
    assert standing.conditions == {"working": 1, "failing": 1, "paused": 3, "new": 1}


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
