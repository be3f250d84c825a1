"""Sources that moved for good (301, 308) to a URL that then fails: their own is asked again, and none is given up."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.newsroom import Newsroom, item, newsroom, rss
from tests.servers import Answer, Server

MAX_FAILURES_MOVED = 3  # here, where each is a run of the program
MOVED_FEED, OWN_FEED = rss(item(1)), rss(item(1), item(2))


@pytest.fixture
def second_server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture(autouse=True)
def limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.schedule.state.MAX_FAILURES_MOVED", MAX_FAILURES_MOVED)


@pytest.fixture
def room(tmp_path: Path, server: Server, second_server: Server, database_url: str) -> Newsroom:
    """A newsroom whose source moved from the server to the second one."""
    room = newsroom(tmp_path, [{"name": "paper", "url": server.url("/feed")}], database=database_url)
    server.put("/feed", status=301, headers={"Location": second_server.url("/there")})
    second_server.put("/there", MOVED_FEED)
    room.once()
    assert room.state("paper").state.moved_to == second_server.url("/there")
    forget(server, second_server)
    return room


def forget(*servers: Server) -> None:
    for server in servers:
        server.requests.clear()


def fail(room: Newsroom, times: int) -> None:
    for _ in range(times):
        room.once()
        room.later(days=1)


@pytest.mark.parametrize("answer", [{"status": 404}, {"reset": True}, {"body": b"<!doctype html><p>For sale"}])
def test_its_own_url_is_asked_again_once_the_other_failed_for_long(
    room: Newsroom, server: Server, second_server: Server, answer: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    second_server.put("/there", **answer)
    server.put("/feed", OWN_FEED)
    fail(room, MAX_FAILURES_MOVED)
    assert server.requests == []
    with caplog.at_level("INFO", "aggregator"):
        outcome = room.once().outcomes["paper"]
    assert (outcome.kind, outcome.status, outcome.recorded.new) == ("fetched", 200, 1)
    state = room.state("paper").state
    assert (state.moved_to, state.failures, state.error) == (None, 0, None)
    assert "paper: " in caplog.text
    assert "its feed is at its own URL again" in caplog.text
    forget(second_server)
    room.once()
    assert second_server.requests == []
    assert len(server.requests) == 2


def test_last_times_bytes_at_its_own_url_end_the_move_too(
    room: Newsroom, server: Server, second_server: Server
) -> None:
    second_server.put("/there", status=404)
    server.put("/feed", MOVED_FEED, headers={"ETag": '"1"'})
    fail(room, MAX_FAILURES_MOVED)
    assert room.once().kinds == {"paper": "fetched"}
    assert room.state("paper").state.moved_to is None
    assert server.requests[0].header("If-None-Match") is None
    assert room.once().kinds == {"paper": "not_modified"}


@pytest.mark.parametrize("own", [{"status": 404}, {"status": 410}, {"body": b"<p>"}, None])
def test_neither_url_is_given_up(
    room: Newsroom, server: Server, second_server: Server, own: dict[str, Any] | None
) -> None:
    second_server.put("/there", status=404)
    if own:  # else it goes on to redirect
        server.put("/feed", **own)
    fail(room, MAX_FAILURES_MOVED + 2)
    state = room.state("paper").state
    assert (state.moved_to, state.failures) == (second_server.url("/there"), MAX_FAILURES_MOVED + 2)
    assert state.paused is None
    assert state.error == "the server answered 404 Not Found; check the source's URL"
    assert len(server.requests) == 2
    second_server.put("/there", rss(item(1), item(3)))
    assert room.once().new == 1
    assert room.state("paper").state.failures == 0


def test_both_urls_wait_for_the_same_time(room: Newsroom, server: Server, second_server: Server) -> None:
    second_server.put("/there", status=404)
    server.put("/feed", status=500)
    fail(room, MAX_FAILURES_MOVED + 1)
    forget(server, second_server)
    for _ in range(6):  # the first of which is due; then eight hours pass
        room.later(hours=2)
        room.once(everything=False)
    assert (len(server.requests), len(second_server.requests)) == (2, 2)


def test_410_of_the_other_url_ends_the_move_and_only_its_own_ends_polling(
    room: Newsroom, server: Server, second_server: Server
) -> None:
    second_server.put("/there", status=410)
    server.put("/feed", status=500)
    room.once()
    state = room.state("paper").state
    assert (state.moved_to, state.paused, state.http_status, state.due_reason) == (None, None, 410, "back-off")
    assert server.requests == []
    room.later(hours=2)
    assert room.once(everything=False).kinds == {"paper": "failed"}
    assert len(second_server.requests) == 1
    server.put("/feed", status=301, headers={"Location": second_server.url("/there")})
    room.later(days=1)
    room.once()
    assert room.state("paper").state.paused == "the server answered 410 Gone"


def test_sources_that_moved_to_one_url_get_each_its_own_feed_back(
    tmp_path: Path, server: Server, second_server: Server
) -> None:
    room = newsroom(tmp_path, [{"name": name, "url": server.url(f"/{name}")} for name in "ab"])
    for name in "ab":
        server.put(f"/{name}", status=301, headers={"Location": second_server.url("/there")})
    second_server.put("/there", rss(item(1)))
    room.once()
    second_server.put("/there", status=404)
    server.put("/a", rss(item(2)))
    server.put("/b", rss(item(3), item(4)))
    fail(room, MAX_FAILURES_MOVED)
    outcomes = room.once().outcomes
    assert {name: outcome.entries for name, outcome in outcomes.items()} == {"a": 1, "b": 2}


def test_each_of_two_sources_is_asked_at_its_own_url_with_its_own_headers(
    tmp_path: Path, server: Server, second_server: Server
) -> None:
    sources = [{"name": name, "url": server.url("/feed"), "headers": {"X-User": name}} for name in "ab"]
    room = newsroom(tmp_path, sources)
    server.put("/feed", status=301, headers={"Location": second_server.url("/there")})
    second_server.put("/there", rss(item(1)))
    room.once()
    second_server.put("/there", status=404)
    feeds = {"a": rss(item(2)), "b": rss(item(3), item(4))}
    server.put("/feed", lambda request: Answer(body=feeds[request.header("X-User") or ""]))
    fail(room, MAX_FAILURES_MOVED)
    outcomes = room.once().outcomes
    assert {name: outcome.entries for name, outcome in outcomes.items()} == {"a": 1, "b": 2}


def test_its_own_url_waits_while_another_process_asks_its_host(
    room: Newsroom, server: Server, second_server: Server
) -> None:
    second_server.put("/there", status=404)
    server.put("/feed", OWN_FEED)
    fail(room, MAX_FAILURES_MOVED)
    with room.other_process(server.url("/feed")):
        assert room.once().kinds == {"paper": "failed"}
    assert server.requests == []
    assert room.once().kinds == {"paper": "fetched"}


def test_two_dead_urls_of_one_source_are_no_outage(
    room: Newsroom, server: Server, second_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    second_server.put("/there", status=404)
    server.put("/feed", status=301, headers={"Location": "http://old.example/"})
    fail(room, MAX_FAILURES_MOVED)

    def unknown(host: str, port: int, **_: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("aggregator.fetch.guard.socket.getaddrinfo", unknown)
    second_server.put("/there", status=302, headers={"Location": "http://new.example/"})
    room.once()
    assert room.state("paper").state.failures == MAX_FAILURES_MOVED + 1


def test_a_source_that_moved_back_did_not_move(room: Newsroom, server: Server, second_server: Server) -> None:
    second_server.put("/there", status=301, headers={"Location": server.url("/feed")})
    server.put("/feed", OWN_FEED)
    room.once()
    assert room.state("paper").state.moved_to is None
