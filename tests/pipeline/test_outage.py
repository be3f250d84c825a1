"""An outage of our own network is no source's fault."""

import asyncio
import errno
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.app import App
from aggregator.fetch import Fetcher
from aggregator.model import SourceState
from aggregator.pipeline.poller import Poller
from tests.newsroom import Newsroom, item, newsroom, rss
from tests.servers import Server

NAMES = ("one", "two", "three")


class Network:
    """Name resolution with and without a network."""

    def __init__(self) -> None:
        self.gone = {f"{name}.example" for name in NAMES}
        self.error: OSError = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    def getaddrinfo(self, host: str, port: int, **_: Any) -> list[Any]:
        if host in self.gone:
            raise self.error
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))]


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Newsroom:
    server.put("*", rss(item(1)))
    return newsroom(tmp_path, [{"name": name, "url": server.url("/feed", f"{name}.example")} for name in NAMES])


@pytest.fixture
def network(server: Server, monkeypatch: pytest.MonkeyPatch) -> Network:
    network = Network()
    monkeypatch.setattr("aggregator.fetch.guard.socket.getaddrinfo", network.getaddrinfo)
    return network


def failures(room: Newsroom) -> dict[str, int]:
    return {name: room.state(name).state.failures for name in NAMES}


@pytest.mark.parametrize("error", [None, OSError(errno.ENETUNREACH, "Network is unreachable")])
def test_no_source_is_blamed_for_an_outage(room: Newsroom, network: Network, error: OSError | None) -> None:
    network.error = error or network.error
    for _ in range(3):
        assert room.once().report.count("failed") == 3
        assert failures(room) == dict.fromkeys(NAMES, 0)
        assert {room.state(name).state.next_fetch for name in NAMES} == {room.now}
        assert {room.state(name).state.due_reason for name in NAMES} == {"outage"}
        room.later(minutes=10)
    network.gone.clear()
    assert set(room.once(everything=False).kinds.values()) == {"fetched"}


def test_with_one_host_that_answers_it_is_no_outage(room: Newsroom, network: Network) -> None:
    network.gone.remove("three.example")
    room.once()
    assert failures(room) == {"one": 1, "two": 1, "three": 0}
    assert room.state("one").state.due_reason == "back-off"


def test_a_failure_of_another_kind_is_no_outage(room: Newsroom, network: Network, server: Server) -> None:
    network.gone.remove("three.example")
    server.put("/feed", status=500)
    room.once()
    assert failures(room) == dict.fromkeys(NAMES, 1)


def test_a_single_host_is_no_outage(tmp_path: Path, network: Network, server: Server) -> None:
    urls = [server.url(f"/{number}", "one.example") for number in range(3)]
    room = newsroom(tmp_path, [{"name": name, "url": url} for name, url in zip(NAMES, urls, strict=True)])
    room.once()
    assert failures(room) == dict.fromkeys(NAMES, 1)


@contextmanager
def watch(_work: str) -> Iterator[None]:
    yield


async def poll(app: App, poller: Poller, fetcher: Fetcher) -> None:
    await poller.poll(app, fetcher)
    while poller._refreshes:
        await asyncio.sleep(0.01)


def states(app: App) -> dict[str, SourceState]:
    return {stored.source.name: stored.state for stored in app.store.sources.all()}


async def test_an_answer_at_the_own_url_of_a_source_that_moved_shows_that_there_is_no_outage(
    room: Newsroom, network: Network, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    network.gone = {f"new-{name}.example" for name in NAMES}
    server.put("/feed", status=404)
    with room.opened() as app:
        moved = [
            (
                stored.source.id,
                SourceState(
                    moved_to=f"http://new-{stored.source.name}.example/",
                    failures=10,
                    next_fetch=room.now + number * timedelta(minutes=1),
                ),
            )
            for number, stored in enumerate(app.store.sources.all())
        ]
        app.store.sources.record_states(moved, {})
        poller = Poller(app, lambda outcome: None, watch, asyncio.Event(), timedelta(seconds=1))
        async with Fetcher(app.settings.fetch, app.clock) as fetcher:
            for _ in moved:
                await poll(app, poller, fetcher)
                room.later(minutes=1)
        assert [state.failures for state in states(app).values()] == [11, 11, 11]
    assert "this machine's network or DNS is down" not in caplog.text


async def test_one_source_a_minute_is_tried_until_one_answers(
    room: Newsroom, network: Network, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    tried: list[str] = []

    with room.opened() as app:
        poller = Poller(app, lambda outcome: tried.append(outcome.source), watch, asyncio.Event(), timedelta(seconds=1))
        async with Fetcher(app.settings.fetch, app.clock) as fetcher:
            await poll(app, poller, fetcher)
            assert sorted(tried) == sorted(NAMES)
            for minute in range(1, 7):
                for _ in range(3):
                    room.later(seconds=20)
                    await poll(app, poller, fetcher)
                assert len(tried) == 3 + minute
            assert sorted(tried[3:6]) == sorted(tried[6:]) == sorted(NAMES)  # in turn
            assert {state.failures for state in states(app).values()} == {0}
            network.gone.clear()
            room.later(seconds=60)
            await poll(app, poller, fetcher)
            assert len(server.requests) == 1
            room.later(seconds=1)
            await poll(app, poller, fetcher)
            assert len(server.requests) == 3
    messages = [record.message for record in caplog.records if "answers" in record.message]
    assert len(messages) == 2
    assert messages[0].startswith("none of 3 hosts can be reached (DNS lookup failed: Temporary failure")
    assert messages[1] == "a source answers again: polling resumes"


async def test_sources_that_were_blamed_before_it_was_clear_are_cleared(room: Newsroom, network: Network) -> None:
    room.configuration["fetch"]["min_interval"] = "1s"
    for source in room.configuration["sources"]:
        source["interval"] = "30s"
    network.gone.clear()
    with room.opened() as app:
        poller = Poller(app, lambda outcome: None, watch, asyncio.Event(), timedelta(seconds=1))
        async with Fetcher(app.settings.fetch, app.clock) as fetcher:
            await poll(app, poller, fetcher)
        network.gone |= {f"{name}.example" for name in NAMES}
        async with Fetcher(app.settings.fetch, app.clock) as fetcher:  # without the connections of the first
            room.later(minutes=1)
            await poll(app, poller, fetcher)
            assert {state.failures for state in states(app).values()} == {1}  # a host answered a minute ago
            for _ in range(6):
                room.later(minutes=1)
                await poll(app, poller, fetcher)
        assert {state.failures for state in states(app).values()} == {0}
        assert {state.due_reason for state in states(app).values()} == {"outage"}
