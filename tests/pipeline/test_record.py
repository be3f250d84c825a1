"""Documents that wait are recorded in few transactions, and still each of them stands for itself."""

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from aggregator.app import App
from aggregator.errors import AggregatorError, StoreBusyError, StoreError
from aggregator.first_publication import prepare
from aggregator.model import Failure, FeedDocument
from aggregator.pipeline.read import ReceivedDocument
from aggregator.pipeline.record import MAX_BYTES, MAX_DOCUMENTS, Outcomes, RecordQueue, record_batch
from aggregator.pipeline.report import Report
from aggregator.publish import publish_changed
from aggregator.render import article_path
from aggregator.store import RacedError, Store
from tests.newsroom import START, Newsroom, item, newsroom, rss
from tests.servers import Server

SOURCES = 2 * MAX_DOCUMENTS + 3


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    return newsroom(
        tmp_path, [{"name": f"s{number}", "url": f"http://127.0.0.1/{number}"} for number in range(SOURCES)]
    )


@pytest.fixture
def app(room: Newsroom) -> Iterator[App]:
    with room.opened() as opened:
        yield opened


def received(app: App, *numbers: int) -> list[ReceivedDocument]:
    """The documents of these sources; each has the story of its source's number."""
    claimed = {stored.source.name: stored for stored in app.store.sources.all()}
    return [
        ReceivedDocument(
            sources=(claimed[f"s{number}"],),
            document=FeedDocument(
                url=f"http://127.0.0.1/{number}",
                final_url=f"http://127.0.0.1/{number}",
                body=rss(item(number)),
                digest=bytes([number]),
            ),
            now=START,
        )
        for number in numbers
    ]


@contextmanager
def writing(store: Store) -> Iterator[list[str]]:
    """The transactions that write."""
    begun: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement == "BEGIN IMMEDIATE":
            begun.append(statement)

    event.listen(store.database.engine, "before_cursor_execute", note)
    yield begun
    event.remove(store.database.engine, "before_cursor_execute", note)


@contextmanager
def busy_writer(app: App) -> Iterator[None]:
    """Keep the writer thread from anything else."""
    done = threading.Event()
    app.writer.submit(done.wait)
    try:
        yield
    finally:
        done.set()


def titles(app: App) -> list[str]:
    return sorted(article.title for article in app.store.articles.page(None, 100))


def stories(*numbers: int) -> list[str]:
    return sorted(f"Story number {number}" for number in numbers)


def new(results: Sequence[Outcomes | AggregatorError]) -> list[Any]:
    """The number of new articles of each document; the error of one that was not recorded."""
    return [result[0].recorded.new if isinstance(result, tuple) else result for result in results]


def test_a_batch_is_one_transaction(app: App) -> None:
    batch = received(app, *range(MAX_DOCUMENTS))
    with writing(app.store) as begun:
        assert new(record_batch(app, batch)) == [1] * MAX_DOCUMENTS
    assert len(begun) == 1
    assert titles(app) == stories(*range(MAX_DOCUMENTS))
    assert len(app.store.outbox.articles(100)) == MAX_DOCUMENTS
    assert new(record_batch(app, batch)) == [0] * MAX_DOCUMENTS


def test_an_article_of_two_documents_of_a_batch_is_joined_before_it_is_published(app: App) -> None:
    first, second = received(app, 1, 2)
    copy = replace(second, document=replace(second.document, body=first.document.body))
    _, outcomes = record_batch(app, [first, copy])
    assert isinstance(outcomes, tuple)
    assert (outcomes[0].recorded.new, outcomes[0].recorded.duplicates) == (1, 0)
    assert prepare(app.store, near_duplicates=True) == 1
    assert prepare(app.store, near_duplicates=True) == 0
    (article,) = app.store.articles.page(None, 100)
    assert [credit.source for credit in article.credits] == ["s1", "s2"]


def test_publishing_counts_new_articles_that_joined_another_one(app: App) -> None:
    first, second = received(app, 1, 2)
    copy = replace(second, document=replace(second.document, body=first.document.body))
    record_batch(app, [first, copy])
    joined: list[int] = []
    publish_changed(app, joined.append)
    publish_changed(app, joined.append)
    assert joined == [1, 0]


def test_a_bug_fails_its_own_document_alone(
    app: App, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(draft: Any, article_id: str, source: Any, pattern: str) -> str:
        if source.name == "s2":
            raise RuntimeError("a bug")
        return article_path(draft, article_id, source, pattern)

    monkeypatch.setattr("aggregator.pipeline.rules.article_path", broken)
    caplog.set_level(logging.DEBUG)
    first, failure, third = record_batch(app, received(app, 1, 2, 3))
    assert new([first, third]) == [1, 1]
    assert isinstance(failure, Failure)
    assert "internal error (RuntimeError)" in failure.reason
    assert titles(app) == stories(1, 3)
    states = {stored.source.name: stored.state for stored in app.store.sources.all()}
    assert states["s1"].error is None
    assert states["s1"].last_fetch == START


@pytest.mark.parametrize("broken", ["aggregator.fetch.client.read_response", "aggregator.pipeline.read.is_cheap"])
def test_a_bug_before_the_record_is_a_failure_of_its_source_alone(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    names = ["s1", "s2", "s3"]
    for number, name in enumerate(names):
        server.put(f"/{name}", rss(item(number)))
    room = newsroom(tmp_path, [{"name": name, "url": server.url(f"/{name}")} for name in names])
    module, _, function = broken.rpartition(".")
    right: Any = getattr(import_module(module), function)

    def raises(*arguments: Any) -> Any:
        if "/s2" in repr(arguments):
            raise RuntimeError("a bug")
        return right(*arguments)

    monkeypatch.setattr(broken, raises)
    assert room.once(everything=False).kinds == {"s1": "fetched", "s2": "failed", "s3": "fetched"}
    assert "internal error (RuntimeError)" in (room.state("s2").state.error or "")
    assert room.once(everything=False).kinds == {}


def test_a_bug_is_in_the_state_of_its_source_alone(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["s1", "s2", "s3"]
    for number, name in enumerate(names):
        server.put(f"/{name}", rss(item(number)))
    room = newsroom(tmp_path, [{"name": name, "url": server.url(f"/{name}")} for name in names])

    def broken(draft: Any, article_id: str, source: Any, pattern: str) -> str:
        if source.name == "s2":
            raise RuntimeError("a bug")
        return article_path(draft, article_id, source, pattern)

    monkeypatch.setattr("aggregator.pipeline.rules.article_path", broken)
    cycle = room.once()
    assert cycle.kinds == {"s1": "fetched", "s2": "failed", "s3": "fetched"}
    state = room.state("s2").state
    assert "internal error (RuntimeError)" in (state.error or "")
    assert (state.failures, state.http_status) == (1, 200)
    assert room.state("s1").state.error is None
    assert room.titles() == stories(0, 2)


def test_what_the_database_refuses_of_one_document_keeps_no_other_out(app: App, room: Newsroom) -> None:
    with closing(sqlite3.connect(room.storage / "aggregator.db")) as database:
        database.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON article WHEN new.title = 'Story number 2'"
            " BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
    first, second, third = new(record_batch(app, received(app, 1, 2, 3)))
    assert (first, third) == (1, 1)
    assert isinstance(second, StoreError)
    assert titles(app) == stories(1, 3)


def test_who_lost_a_race_decides_again(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    record, raced = app.store.articles.record, iter([False, True])

    def recorded(*args: Any, **kwargs: Any) -> Any:
        done = record(*args, **kwargs)
        if next(raced, False):
            raise RacedError("another was first")
        return done

    monkeypatch.setattr(app.store.articles, "record", recorded)
    assert new(record_batch(app, received(app, 1, 2, 3))) == [1, 1, 1]
    assert titles(app) == stories(1, 2, 3)


def test_who_loses_all_races_tries_again_later(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def recorded(*_: Any, **__: Any) -> Any:
        raise RacedError("another was first")

    monkeypatch.setattr(app.store.articles, "record", recorded)
    (error,) = record_batch(app, received(app, 1))
    assert isinstance(error, StoreBusyError)
    assert str(error) == "s1: other processes kept taking its articles first; it is tried again later"


def test_a_database_that_another_holds_is_waited_for_once(app: App, room: Newsroom) -> None:
    batch = received(app, 1, 2, 3)
    with Store.open(app.settings.database or "") as holder, holder.together():
        with app.store.database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 1")
            connection.rollback()
        outcomes = new(record_batch(app, batch))
    assert [type(error) for error in outcomes] == [StoreBusyError] * 3
    assert len({id(error) for error in outcomes}) == 1
    assert titles(app) == []


def waiting(app: App, batch: Sequence[ReceivedDocument], work: Callable[[list[asyncio.Task[Any]]], Any]) -> list[Any]:
    """The results of these documents, all of which come while the writer thread is busy; `work` is done meanwhile."""

    async def run() -> list[Any]:
        queue = RecordQueue(app)
        with busy_writer(app):
            tasks = [asyncio.create_task(queue.record(document)) for document in batch]
            await asyncio.sleep(0)
            work(tasks)
        return await asyncio.gather(*tasks, return_exceptions=True)

    return asyncio.run(run())


def test_what_waited_goes_in_batches(app: App) -> None:
    batch = received(app, *range(SOURCES))
    with writing(app.store) as begun:
        outcomes = waiting(app, batch, lambda tasks: None)
    assert [result[0].source for result in outcomes] == [f"s{number}" for number in range(SOURCES)]
    assert new([tuple(result) for result in outcomes]) == [1] * SOURCES
    assert len(begun) == 4  # who came first went at once, alone; then 8, 8 and 2
    assert titles(app) == stories(*range(SOURCES))


def test_long_documents_go_in_smaller_batches(app: App) -> None:
    long = rss(item(1), head=f"<!-- {'x' * (MAX_BYTES // 2)} -->")
    batch = [replace(short, document=replace(short.document, body=long)) for short in received(app, 1, 2, 3)]
    with writing(app.store) as begun:
        waiting(app, batch, lambda tasks: None)
    assert len(begun) == 3


def test_who_is_cancelled_leaves_none_waiting(app: App) -> None:
    outcomes = waiting(app, received(app, 1, 2, 3, 4), lambda tasks: [tasks[2].cancel()])
    assert isinstance(outcomes[2], asyncio.CancelledError)
    assert titles(app) == stories(1, 2, 4)


def test_all_can_be_cancelled(app: App) -> None:
    outcomes = waiting(app, received(app, 1, 2, 3), lambda tasks: [task.cancel() for task in tasks])
    assert all(isinstance(result, asyncio.CancelledError) for result in outcomes)
    assert new(record_batch(app, received(app, 4))) == [1]


def test_what_a_killed_process_recorded_and_this_one_joins_makes_no_negative_count(app: App) -> None:
    first, second = received(app, 1, 2)
    copy = replace(second, document=replace(second.document, body=first.document.body))
    record_batch(app, [first, copy])
    report = Report(joined=prepare(app.store, near_duplicates=True))
    assert (report.total("new"), report.total("duplicates")) == (0, 1)
