"""Jobs of a cluster: deferred with the marks they follow, one process at a time on each subject."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event

import pytest
from sqlalchemy import text

from aggregator.errors import StoreBusyError, StoreError
from aggregator.first_publication import prepare
from aggregator.model import SHARDS, Job, shard_of
from aggregator.store import Store
from tests.store.values import NOW, article, keyed, new, record, source, sync_sources, updated

MINUTE = timedelta(minutes=1)


pytestmark = pytest.mark.parametrize("url", ["postgresql"], indirect=True)


def rows(store: Store, query: str) -> list[tuple[object, ...]]:
    with store.database.reading() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def queued(store: Store) -> list[str]:
    return [str(name) for (name,) in rows(store, "SELECT queueing_lock FROM procrastinate_jobs ORDER BY id")]


def take(store: Store) -> None:
    """Have a worker take all that is queued."""
    with store.database.writing() as connection:
        connection.execute(text("UPDATE procrastinate_jobs SET status = 'doing', lock = NULL"))


def test_recording_and_preparing_queue_what_follows_from_them_once(store: Store) -> None:
    sync_sources(store, [source("a")], NOW)
    record(store)
    assert queued(store) == ["sweep:"]  # which queues those of the new categories
    take(store)
    store.jobs.defer_marked()
    assert queued(store)[1:] == ["category:a", "category:all"]
    take(store)
    for number in range(3):
        record(store, new(article(number)))
    assert queued(store)[3:] == ["prepare:"]  # nothing can be written before
    take(store)
    prepare(store, near_duplicates=False)
    assert queued(store)[4:] == ["articles:0", "category:a", "category:all"]
    record(store, updated(article(1, title="Edited")))
    assert len(queued(store)) == 7
    take(store)
    record(store, updated(article(1, title="Edited again")))
    assert queued(store)[7:] == ["articles:0", "category:a", "category:all"]  # as the former may be at work already


def test_no_job_is_left_of_a_transaction_that_fails(store: Store) -> None:

    def fail() -> None:
        with store.together():
            store.jobs.defer([Job("category", "a")])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert queued(store) == []
    store.jobs.defer([Job("category", "b")])
    assert queued(store) == ["category:b"]


def test_a_job_that_another_transaction_queues_first_leaves_the_mark(store: Store) -> None:
    ready, jobs = Barrier(2), [Job("category", name) for name in "abc"]

    def defer(note: str) -> None:
        with store.together():
            store.meta.set(note, "marked")
            ready.wait(60)
            store.jobs.defer(jobs)

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(defer, note) for note in ("first", "second")]:
            future.result(60)
    assert queued(store) == ["category:a", "category:b", "category:c"]
    assert store.meta.get("first") == store.meta.get("second") == "marked"


def test_the_marks_of_every_shard_get_a_job_again(store: Store) -> None:
    sync_sources(store, [source("a")], NOW)
    ids = [f"{shard}{'0' * 31}" for shard in SHARDS]
    record(store, *(new(keyed(article(n, id=id_), id_)) for n, id_ in enumerate(ids)))
    prepare(store, near_duplicates=False)
    take(store)
    store.jobs.delete_ended()
    with store.database.writing() as connection:
        connection.execute(text("DELETE FROM procrastinate_jobs"))
    store.jobs.defer_marked()
    assert queued(store) == [*(f"articles:{shard}" for shard in SHARDS), "category:a", "category:all"]
    for shard in SHARDS:
        assert [shard_of(mark.id) for _, mark in store.outbox.articles(99, shard=shard)] == [shard]


def test_articles_that_are_recorded_while_others_are_prepared_wait_for_the_next_time(store: Store) -> None:
    sync_sources(store, [source("a")], NOW)
    record(store, new(article(1)))
    ids = store.unpublished.all()
    record(store, new(article(2)))
    store.unpublished.clear(ids)
    assert store.unpublished.all() == (article(2).id,)


def test_counts_tell_jobs_of_silent_workers(store: Store) -> None:
    store.jobs.defer([Job("category", name) for name in "abcd"])
    with store.database.writing() as connection:
        for worker, silence, name in ((1, 0, "a"), (2, 90, "b")):
            connection.execute(
                text(
                    "INSERT INTO procrastinate_workers (id, last_heartbeat) OVERRIDING SYSTEM VALUE"
                    " VALUES (:worker, now() - make_interval(secs => :silence))"
                ),
                {"worker": worker, "silence": silence},
            )
            connection.execute(
                text("UPDATE procrastinate_jobs SET status = 'doing', worker_id = :worker WHERE lock = :name"),
                {"worker": worker, "name": f"category:{name}"},
            )
        connection.execute(text("UPDATE procrastinate_jobs SET status = 'doing' WHERE lock = 'category:c'"))
    counts = store.jobs.counts()
    assert (counts.todo, counts.doing, counts.stalled) == (1, 3, 2)  # c has no worker any more


def test_one_process_at_a_time_has_the_turn_of_a_subject(store: Store, url: str) -> None:
    with Store.open(url) as second_store:
        with store.jobs.turn("a") as mine:
            assert (mine, is_free(second_store, "a"), is_free(second_store, "b")) == (True, False, True)
        assert is_free(second_store, "a")


def is_free(store: Store, subject: str) -> bool:
    with store.jobs.turn(subject) as is_ours:
        return is_ours


def test_all_turns_wait_for_each_and_keep_later_ones_out(store: Store, url: str) -> None:
    began, all_mine = Event(), Event()

    def publish_everything() -> None:
        with Store.open(url) as second_store:
            began.set()
            with second_store.jobs.all_turns(), second_store.jobs.turn("a") as own:
                assert own  # it has all of them
                all_mine.set()
                assert not is_free(store, "b")

    with ThreadPoolExecutor(1) as pool:
        with store.jobs.turn("a"):
            future = pool.submit(publish_everything)
            assert began.wait(60)
            while rows(store, "SELECT count(*) FROM pg_locks WHERE NOT granted") == [(0,)]:
                pass
            with ThreadPoolExecutor(1) as later, store.jobs.turn("c"):  # inner turns wait for nobody
                assert not later.submit(is_free, store, "b").result(60)  # who comes later does not keep it waiting
            assert not all_mine.is_set()
        future.result(30)


def test_a_turn_that_is_not_free_in_time_is_an_error(url: str) -> None:
    with (
        Store.open(url) as store,
        Store.open(url, busy_timeout=timedelta(milliseconds=50)) as second_store,
        store.jobs.turn("a"),
        pytest.raises(StoreBusyError),
        second_store.jobs.all_turns(),
    ):
        pass


def test_a_turn_that_was_lost_is_an_error_at_its_end(store: Store) -> None:
    with pytest.raises(StoreError), store.jobs.turn("a"), store.database.writing() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid != pg_backend_pid() AND state LIKE 'idle in%'"
            )
        )
