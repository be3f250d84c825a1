"""What the store gives after an unclean stop, a clock that ran ahead, and damage."""

import os
import sqlite3
from contextlib import closing, nullcontext
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.errors import StoreDamagedError
from aggregator.model import FeedInfo, HostState
from aggregator.store import Store
from tests.store.values import NOW, article, duplicate, new, record, source, state, sync_sources, updated

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def store(store: Store) -> Store:
    sync_sources(store, [source("a"), source("b")], NOW - 10 * DAY)
    return store


def fetched(store: Store, at_day: float) -> None:
    """Note that the first source was fetched then."""
    moment = NOW + at_day * DAY
    store.sources.record_states([(1, state(last_fetch=moment, last_success=moment, next_fetch=moment + HOUR))], {})


def test_articles_touched_lately_are_the_new_the_edited_and_those_credited_anew(store: Store) -> None:
    record(store, new(article(1)), new(article(2)), new(article(3)), at=NOW - 3 * DAY)
    record(store, new(article(4)), updated(article(1, title="Another")), at=NOW)
    record(store, duplicate(article(2, 2), article(2).id), by=2, at=NOW)
    store.unpublished.clear(store.unpublished.all())
    fetched(store, 0)
    assert set(store.maintenance.touched_articles(DAY)) == {article(number).id for number in (1, 2, 4)}
    assert set(store.maintenance.touched_articles(4 * DAY)) == {article(number).id for number in (1, 2, 3, 4)}
    fetched(store, 2)  # it is the last fetch that counts, however long ago it was
    assert store.maintenance.touched_articles(DAY) == ()


def test_an_article_that_was_never_published_was_not_touched(store: Store) -> None:
    record(store, new(article(1)), at=NOW)
    fetched(store, 0)
    assert store.maintenance.touched_articles(DAY) == ()
    store.unpublished.clear([article(1).id])
    assert store.maintenance.touched_articles(DAY) == (article(1).id,)


def test_before_the_first_fetch_nothing_was_touched(store: Store) -> None:
    assert store.maintenance.touched_articles(DAY) == ()


def test_some_articles_are_those_that_have_their_text(store: Store) -> None:
    record(store, new(article(1)), new(article(2)), new(article(3)))
    store.maintenance.prune([article(2).id])
    ids = [article(number).id for number in (3, 2, 1)]
    assert {stored.id for stored in store.articles.by_ids(ids)} == {article(1).id, article(3).id}
    assert store.articles.by_ids([]) == ()


def test_waits_that_a_fast_clock_noted_count_from_now(store: Store) -> None:
    fetched(store, 365)
    late = {"late": HostState(not_before=NOW + 366 * DAY), "honest": HostState(not_before=NOW + 30 * DAY)}
    store.sources.record_states([], late)
    store.maintenance.reset_future_times(NOW)
    first, second = store.sources.all()
    assert (first.state.last_fetch, first.state.next_fetch) == (NOW, NOW + HOUR)
    assert first.state.last_success == NOW
    assert second.state.last_fetch is None
    hosts = store.sources.hosts(["late", "honest"])
    assert (hosts["late"].not_before, hosts["honest"].not_before) == (NOW + HOUR, NOW + 30 * DAY)


def test_work_that_a_fast_clock_noted_is_due_now(store: Store) -> None:
    ahead = NOW + 400 * DAY
    sync_sources(store, [source("a", translate=("de",)), source("b")], ahead)
    record(store, new(article(1)), at=ahead, feed_info=FeedInfo(hub="https://hub.example/"), moved_to=None)
    store.unpublished.clear(store.unpublished.all())
    store.hubs.note_topics({"all.atom": b"digest"}, ahead)
    assert (store.hubs.due(NOW, 9), store.hubs.due_topics(NOW, 9)) == ((), ())
    assert store.translations.claim(NOW, HOUR) is None
    store.maintenance.reset_future_times(NOW)
    assert len(store.hubs.due(NOW, 9)) == len(store.hubs.due_topics(NOW, 9)) == 1
    assert store.translations.claim(NOW, HOUR)


@pytest.mark.parametrize("ahead", [0, 4 / 24 / 60])
def test_waits_of_a_right_clock_stay(store: Store, ahead: float) -> None:
    fetched(store, ahead)
    before = store.sources.all()
    store.maintenance.reset_future_times(NOW)
    assert store.sources.all() == before


@pytest.fixture
def sqlite(tmp_path: Path) -> Path:
    """A database of some articles, closed."""
    path = tmp_path / "aggregator.db"
    with Store.open(f"sqlite:///{path}") as store:
        sync_sources(store, [source("a")], NOW)
        record(store, *(new(article(number)) for number in range(1, 40)))
    return path


def damage(path: Path, table: str) -> None:
    """Put noise over the first page of a table."""
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", [table]).fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(os.urandom(4096))


@pytest.mark.parametrize("most", [None, 0, 10**9])
def test_a_whole_database_passes(sqlite: Path, most: int | None) -> None:
    with Store.open(f"sqlite:///{sqlite}") as store:
        store.database.check(most)


@pytest.mark.parametrize("table", ["source", "key", "article_category", "article", "uq_key_strong"])
@pytest.mark.parametrize("most", [None, 10**9])
def test_damage_is_found_wherever_it_is(sqlite: Path, table: str, most: int | None) -> None:
    damage(sqlite, table)
    with Store.open(f"sqlite:///{sqlite}") as store, pytest.raises(StoreDamagedError, match="put back a copy"):
        store.database.check(most)


@pytest.mark.parametrize(
    ("table", "is_found"),
    [("source", True), ("key", True), ("article_category", True), ("article", True), ("article_text", False)],
)
def test_of_a_large_database_all_but_the_texts_is_read(sqlite: Path, table: str, is_found: bool) -> None:
    damage(sqlite, table)
    with Store.open(f"sqlite:///{sqlite}") as store, pytest.raises(StoreDamagedError) if is_found else nullcontext():
        store.database.check(0)


def test_a_copy_in_the_place_of_a_damaged_database_is_taken_up(sqlite: Path) -> None:
    copy = sqlite.with_name("copy.db")
    copy.write_bytes(sqlite.read_bytes())
    damage(sqlite, "source")
    with Store.open(f"sqlite:///{sqlite}") as store:
        for _ in range(2):
            with pytest.raises(StoreDamagedError):
                store.sources.all()
        copy.replace(sqlite)
        assert len(store.sources.all()) == 1


def test_a_database_that_was_moved_away_is_damage_that_a_copy_ends(sqlite: Path) -> None:
    copy = sqlite.with_name("copy.db")
    with Store.open(f"sqlite:///{sqlite}") as store:
        store.close()
        sqlite.rename(copy)
        with pytest.raises(StoreDamagedError, match="no longer exists"):
            store.sources.all()
        copy.replace(sqlite)
        assert len(store.sources.all()) == 1
