"""What a source's server says, and what it then sees: nothing before its time, and what it gave, byte for byte.

Each row is an answer; the score is of the requests that come after it. (What the state holds: test_fetching.py.)
"""

import asyncio
from contextlib import ExitStack
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from aggregator.pipeline import run_cycle
from tests.newsroom import Newsroom, item, newsroom, rss
from tests.servers import Answer, Request, Server

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HALF = HOUR / 2  # the interval where nothing is said
MINUTE = timedelta(minutes=1)
LEAST = 5 * MINUTE  # min_interval: whatever the server says, no source is polled more often
SY = 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Newsroom:
    return newsroom(tmp_path, [{"name": "paper", "url": server.url("/feed"), "language": "en"}])


def cache(value: str, **more: str) -> dict[str, Any]:
    """An answer of ours with this Cache-Control, its fields written with underscores."""
    return {"headers": {"Cache-Control": value, **{name.replace("_", "-"): text for name, text in more.items()}}}


def refused(value: str, status: int = 429) -> dict[str, Any]:
    return {"status": status, "headers": {"Retry-After": value}}


ANSWERS: tuple[tuple[dict[str, Any], str, timedelta], ...] = (
    (cache("max-age=7200"), "", 2 * HOUR),
    (cache("MAX-AGE = 7200, public"), "", 2 * HOUR),
    (cache('max-age="7200"'), "", 2 * HOUR),
    (cache("max-age=7200", Age="5400"), "", HALF),
    (cache("max-age=7200", Age="99999"), "", HALF),
    (cache("max-age=7200", Age="minus"), "", 2 * HOUR),
    (cache("max-age=99999999999999999999"), "", DAY),
    (cache("max-age=-1"), "", HALF),
    (cache("max-age=1h"), "", HALF),
    (cache("s-maxage=7200"), "", HALF),
    (cache("no-store, max-age=7200"), "", HALF),
    (cache("max-age=3600", Expires="Tue, 24 Nov 2026 20:00:00 GMT"), "", HOUR),
    (cache("public", Expires="Tue, 24 Nov 2026 14:00:00 GMT", Date="Tue, 24 Nov 2026 11:00:00 GMT"), "", 3 * HOUR),
    (cache("public", Expires="Tuesday, 24-Nov-26 14:00:00 GMT"), "", 2 * HOUR),
    (cache("public", Expires="-1"), "", HALF),
    (cache("public", Expires="Fri, 01 Jan 2100 00:00:00 GMT"), "", DAY),
    ({}, "<ttl>90</ttl>", 1.5 * HOUR),
    ({}, "<ttl>-90</ttl>", HALF),
    ({}, "<ttl>99999</ttl>", DAY),
    ({}, f"<sy:updatePeriod {SY}>hourly</sy:updatePeriod>", HOUR),
    ({}, f"<sy:updateFrequency {SY}>4</sy:updateFrequency><sy:updatePeriod {SY}>daily</sy:updatePeriod>", 6 * HOUR),
    ({}, f"<sy:updatePeriod {SY}>yearly</sy:updatePeriod>", DAY),
    ({}, "<skipHours><hour>12</hour></skipHours>", HOUR),
    ({}, "".join(f"<skipHours><hour>{hour}</hour></skipHours>" for hour in range(24)), HALF),
    (refused("7200"), "", 2 * HOUR),
    (refused("Tue, 24 Nov 2026 14:00:00 GMT"), "", 2 * HOUR),
    (refused("Tue, 24 Nov 2020 14:00:00 GMT"), "", LEAST),
    (refused("0"), "", LEAST),
    (refused("-5"), "", LEAST),
    (refused("60", 503), "", LEAST),
    (refused("1000000000000"), "", 31 * DAY),
    (refused("Fri, 01 Jan 2100 00:00:00 GMT"), "", 31 * DAY),
    (refused("soon"), "", HOUR),
    (refused("120, 240"), "", HOUR),
    (refused("7200", 503), "", 2 * HOUR),
    (refused("soon", 503), "", HOUR),
    ({"status": 503}, "", HOUR),
    ({"status": 429}, "", HOUR),
    ({"status": 500}, "", HALF),
    ({"status": 404}, "", HALF),
    ({"status": 403}, "", HALF),
    ({"status": 401}, "", HALF),
    ({"status": 204, "body": b""}, "", HALF),
    ({"body": b"<html><body>One moment, please</body></html>"}, "", HALF),
)


def test_nothing_is_asked_before_its_time_and_soon_after_it(tmp_path: Path) -> None:
    """Each answer comes from a server of its own, since some hold for a whole host."""
    with ExitStack() as stack:
        servers = [stack.enter_context(Server()) for _ in ANSWERS]
        for server, (answer, head, _) in zip(servers, ANSWERS, strict=True):
            server.put("/feed", **({"body": rss(item(1), head=head)} | answer))
        urls = [server.url("/feed") for server in servers]
        sources: list[dict[str, Any] | str] = [
            {"name": f"paper-{number}", "url": url, "language": "en"} for number, url in enumerate(urls)
        ]
        room = newsroom(tmp_path, sources)
        room.once(everything=False)
        begun = room.now
        for moment in sorted({moment for _, _, wait in ANSWERS for moment in moments(wait)}):
            room.now = begun + moment
            room.once(everything=False)
            for server, (answer, head, wait) in zip(servers, ANSWERS, strict=True):
                before, after = moments(wait)
                if moment in (before, after):
                    assert len(server.requests) == (1 if moment == before else 2), (answer, head, wait)


def moments(wait: timedelta) -> tuple[timedelta, timedelta]:
    """Return the moments at which a source that is to wait so long is not asked yet, and was."""
    return wait - timedelta(seconds=1), 1.05 * wait + timedelta(seconds=1)


VALIDATORS = (
    ('W/"1"', "Tue, 24 Nov 2026 10:00:00 GMT"),
    ('w/"1"', "tue, 24 nov 2026 10:00"),
    ('"a"b", W/"c"', "yesterday; q=1"),
    ("unquoted", "0"),
    ("'single'", "-1"),
    ('"\\"', '"quoted"'),
    ('"caf\xc3\xa9"', "24 \xe6\x9c\x88"),  # the bytes of UTF-8, each as a character
    ('"tab\tand  blanks"', "Tue,  24 Nov 2026"),
    ("*", "*"),
    ('"%22, {}"', "%s %(x)s"),
    (f'"{"x" * 2000}"', "x" * 2000),
)


def test_validators_come_back_byte_for_byte(tmp_path: Path, server: Server) -> None:
    for number, (etag, date) in enumerate(VALIDATORS):
        headers = {"ETag": etag, "Last-Modified": date}
        server.put(f"/{number}", rss(item(number)), headers=headers, conditional=False)
    names = [f"paper-{number}" for number in range(len(VALIDATORS))]
    room = newsroom(tmp_path, [{"name": name, "url": server.url(f"/{n}")} for n, name in enumerate(names)])
    room.once()
    for number in range(len(VALIDATORS)):
        server.put(f"/{number}", status=304)
    assert room.once().kinds == dict.fromkeys(names, "not_modified")
    room.once()
    for number, (etag, date) in enumerate(VALIDATORS):
        _, *later = server.asked(f"/{number}")
        assert len(later) == 2
        for request in later:
            assert (request.header("If-None-Match"), request.header("If-Modified-Since")) == (etag, date)


@pytest.mark.parametrize("value", ['"caf\xe9"', "", '"' + "x" * 4000 + '"', '"\x7f"'])
def test_a_validator_that_cannot_come_back_as_it_is_stays_at_home(room: Newsroom, server: Server, value: str) -> None:
    server.put("/feed", rss(item(1)), headers={"ETag": value, "Last-Modified": value}, conditional=False)
    assert [room.once().kinds for _ in range(2)] == [{"paper": "fetched"}] * 2
    for request in server.requests:
        assert (request.header("If-None-Match"), request.header("If-Modified-Since")) == (None, None)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_remembered_only_where_it_is_for_good(room: Newsroom, server: Server, status: int) -> None:
    server.put("/feed", status=status, headers={"Location": "/there"})
    server.put("/there", rss(item(1)), headers={"ETag": '"1"'})
    room.once()
    room.later(hours=1)
    room.once(everything=False)
    second = [request.path for request in server.requests[2:]]
    assert second == (["/there"] if status in (301, 308) else ["/feed", "/there"])
    assert server.requests[-1].header("If-None-Match") == '"1"'


def test_a_move_before_a_temporary_redirect_is_remembered(room: Newsroom, server: Server) -> None:
    server.put("/feed", status=301, headers={"Location": "/secure"})  # as from http to https, and on to a service
    server.put("/secure", status=302, headers={"Location": "/there"})
    server.put("/there", rss(item(1)), headers={"ETag": '"1"'})
    assert [room.once().kinds["paper"] for _ in range(2)] == ["fetched", "not_modified"]
    assert [request.path for request in server.requests[3:]] == ["/secure", "/there"]


@pytest.mark.parametrize("status", [404, 500, 503, 429])
def test_a_week_of_failures_is_asked_ever_more_seldom_and_ends_with_the_first_answer(
    room: Newsroom, server: Server, status: int
) -> None:
    asked = []

    def fail(request: Request) -> Answer:
        asked.append(room.now)
        return Answer(status=status)

    server.put("/feed", fail)
    start = room.now
    with room.opened() as app:
        while room.now < start + 7 * DAY:
            asyncio.run(run_cycle(app, lambda outcome: None))
            (stored,) = app.store.sources.all()
            room.now = max(room.now + MINUTE, stored.state.next_fetch or room.now)
    assert all(later - former >= HOUR for former, later in pairwise(asked) if former > start + DAY)
    assert 10 <= len(asked) <= 15
    server.put("/feed", rss(item(1)))
    assert room.once(everything=False).kinds == {"paper": "fetched"}
    room.later(minutes=32)
    assert room.once(everything=False).kinds == {"paper": "fetched"}


def test_after_410_it_is_never_asked_again(room: Newsroom, server: Server) -> None:
    server.put("/feed", status=410)
    room.once()
    for days in (1, 30, 400):
        room.later(days=days)
        room.once(everything=False)
        room.once()
    assert len(server.requests) == 1


@pytest.mark.parametrize(("status", "paused"), [(301, True), (308, True), (302, False), (303, False), (307, False)])
def test_410_behind_a_redirect_is_the_sources_own_only_where_it_moved_for_good(
    room: Newsroom, server: Server, status: int, paused: bool
) -> None:
    server.put("/feed", status=status, headers={"Location": "/there"})
    server.put("/there", status=410)
    room.once()
    assert (room.state("paper").state.paused is not None) == paused
    server.put("/feed", rss(item(1)))
    room.later(hours=1)
    assert room.once(everything=False).kinds == ({} if paused else {"paper": "fetched"})


@pytest.mark.parametrize("days", [365, -365, 1 / 24, -1 / 24])
@pytest.mark.parametrize("answer", [{}, refused("86400")])
def test_a_clock_that_jumps_makes_no_rush_and_no_silence(
    room: Newsroom, server: Server, days: float, answer: dict[str, Any]
) -> None:
    server.put("/feed", **({"body": rss(item(1), item(2, pubDate=""))} | answer))
    room.once(everything=False)
    room.later(days=days)
    room.once(everything=False)
    jumped = len(server.requests)
    assert jumped <= 2
    room.once(everything=False)
    assert len(server.requests) == jumped
    room.later(days=-days)  # and is put right: after a clock that was slow, much time seems to have gone by
    room.once(everything=False)
    righted = len(server.requests)
    assert righted <= jumped + (days < 0)
    room.once(everything=False)
    assert len(server.requests) == righted
    room.later(days=1, hours=3)
    room.once(everything=False)
    assert len(server.requests) == righted + 1
    assert len(room.articles()) == (0 if answer else 2)
