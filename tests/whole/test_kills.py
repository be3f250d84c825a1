"""Processes that are stopped, or not alone: nothing is lost, doubled or half written. Kills: `test_crashes.py`."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator.model import StoredSource
from aggregator.publish import Published, publish_all, publish_changed
from tests.commands import aggregator, daemon, forked, until
from tests.forks import Process
from tests.newsroom import Newsroom, newsroom
from tests.servers import Server
from tests.whole.press import Press

SOURCES = 12


@pytest.fixture
def press(server: Server) -> Press:
    return Press(server, sources=SOURCES, entries=6, desks=4)


def room_of(press: Press, root: Path) -> Newsroom:
    root.mkdir(exist_ok=True)
    room = newsroom(root, press.sources(), feeds={"limit": 20})
    room.now = datetime.now(UTC)
    with room.opened():  # writes the configuration that processes read
        pass
    return room


def stories(room: Newsroom) -> list[tuple[str, str]]:
    """Id and title of every article of the database."""
    with room.opened() as app:
        return sorted((article.id, article.title) for article in app.store.articles.page(None, 100_000))


def titles(articles: list[tuple[str, str]]) -> set[str]:
    return {title for _, title in articles}


def sources(room: Newsroom) -> tuple[StoredSource, ...]:
    with room.opened() as app:
        return app.store.sources.all()


def assert_in_step(room: Newsroom) -> None:
    """The files are those that the database gives, one per article."""
    with room.opened() as app:
        assert publish_all(app) == Published()
    assert sum(path.endswith(".md") for path in room.files()) == len(stories(room))


@contextmanager
def under_way(room: Newsroom, press: Press) -> Iterator[Process]:
    """A process of `once --all` that sent its first request."""
    asked = len(press.server.requests)
    with forked("once", "--all", cwd=room.root) as process:
        until(lambda: len(press.server.requests) > asked)
        yield process


def test_two_runs_at_the_same_time_share_the_sources(press: Press, tmp_path: Path) -> None:
    room, alone = room_of(press, tmp_path / "two"), room_of(press, tmp_path / "alone")
    with forked("once", "--all", cwd=room.root) as first, forked("once", "--all", cwd=room.root) as second:
        outputs = [process.communicate(timeout=60) for process in (first, second)]
    assert [process.returncode for process in (first, second)] == [0, 0], outputs
    assert [errors for _, errors in outputs] == ["", ""]
    alone.once()
    assert stories(room) == stories(alone)
    assert_in_step(room)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_told_to_stop_says_little_and_keeps_what_it_recorded(
    number: signal.Signals, press: Press, tmp_path: Path
) -> None:
    room = room_of(press, tmp_path / "stopped")
    press.server.put("/7", hang=True)
    with under_way(room, press) as process:
        until(lambda: bool(stories(room)))
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    assert process.returncode not in (0, -signal.SIGKILL)
    assert len(errors.splitlines()) <= 1
    recorded = stories(room)
    assert recorded
    press.server.put("/7", press.document)
    assert room.once().report.count("failed") == 0
    assert titles(recorded) < titles(stories(room))  # until its first publication an article may change its id
    assert_in_step(room)


def test_a_run_beside_a_daemon_fetches_publishes_and_disturbs_nothing(press: Press, tmp_path: Path) -> None:
    room, alone = room_of(press, tmp_path / "beside"), room_of(press, tmp_path / "alone")
    with daemon(room.root) as (process, _):
        for press.edition in range(2):
            aggregator("once", "--all", cwd=room.root)
            alone.once()
        until(lambda: {stored.state.last_fetch is None for stored in sources(room)} == {False})
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert process.stderr is not None
        assert [line for line in process.stderr if "rror" in line] == []
    room.once()
    assert len(stories(room)) == len(stories(alone))
    assert titles(stories(room)) == titles(stories(alone))  # ids are those of the first publication
    assert_in_step(room)


def test_a_daemon_drops_a_source_that_hangs_and_publishes_what_it_recorded(press: Press, tmp_path: Path) -> None:
    room = room_of(press, tmp_path / "hanging")
    room.configuration["fetch"]["timeout"] = "60s"
    assert len(sources(room)) == SOURCES
    press.server.put("/7", hang=True)
    with daemon(room.root) as (process, _):
        until(lambda: bool(press.server.asked("/7")))
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
    assert stories(room)
    with room.opened() as app:
        assert publish_changed(app) == Published()
    press.server.put("/7", press.document)
    assert room.once().report.count("fetched") == SOURCES
    assert_in_step(room)
