"""Three weeks of one source's life, as its server sees them: a real daemon process, a clock that is turned for it.

The server knows by itself, from what it answered, when the next request may come and what it has to carry; whatever
comes earlier, later or otherwise is a fault.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.commands import configure, until
from tests.newsroom import START, front_matter, item, rss
from tests.servers import Answer, Request, Server
from tests.whole.turned import Clock

ROOT = Path(__file__).parent.parent.parent
DAYS = 21
INTERVAL = timedelta(hours=12)
DAY = timedelta(days=1)
JITTER = 1.05
KEPT = 10  # articles that a document holds
HTTP_DATE = "%a, %d %b %Y %H:%M:%S GMT"


class Paper:
    """The source's server: one article a day, and each day the trouble that `_answer` has for it."""

    def __init__(self, server: Server, clock: Clock) -> None:
        self.clock, self.faults, self.asked = clock, list[str](), list[tuple[datetime, str]]()
        self.earliest, self.latest = START, START  # of the next request
        self.paths = {"/feed": True, "/moved": False, "/elsewhere": False}  # which may be asked now
        self.echo: tuple[str | None, str | None] = (None, None)  # the validators that it has to bring
        self.agents: set[str | None] = set()
        self.failures = 0
        self.refusals = 0
        for path in self.paths:
            server.put(path, self.answer)

    @property
    def day(self) -> int:
        return (self.clock() - START) // DAY

    def answer(self, request: Request) -> Answer:
        now = self.clock()
        self.asked.append((now, request.path))
        self._score(request, now)
        answer, wait = self._answer(request)
        self.earliest, self.latest = now + wait, now + wait * JITTER
        return answer

    def _score(self, request: Request, now: datetime) -> None:
        self.agents.add(request.header("User-Agent"))
        echoed = request.header("If-None-Match"), request.header("If-Modified-Since")
        follows = len(self.asked) > 1 and self.asked[-2][0] == now  # where a redirect led
        if not follows and not self.earliest <= now <= self.latest:
            self.faults.append(f"day {self.day}: asked at {now}, not between {self.earliest} and {self.latest}")
        if echoed != self.echo:
            self.faults.append(f"day {self.day}: {request.path} brought {echoed}, not {self.echo}")
        if not self.paths[request.path]:
            self.faults.append(f"day {self.day}: {request.path} was asked")
        if names := {name.lower() for name, _ in request.headers} & {"cookie", "referer"}:
            self.faults.append(f"day {self.day}: it sent {names}")

    def _answer(self, request: Request) -> tuple[Answer, timedelta]:
        """The answer, and how long the next request has to stay away after it."""
        now = self.clock()
        match self.day:
            case 2:  # other validators each time, the document seldom another
                return self._document({"ETag": f'W/"{now:%H:%M}, \\ or so"'}), INTERVAL
            case 3 | 4 | 5 | 6 | 7 | 8 | 9:  # down for a week
                self.failures += 1
                return Answer(status=503), min(timedelta(hours=2 ** (self.failures - 1)), DAY)
            case 11 if self.refusals < 2:
                self.refusals += 1
                wait = timedelta(hours=3)
                named = "10800" if self.refusals == 1 else format(now + wait, HTTP_DATE)
                return Answer(status=429, headers={"Retry-After": named}), wait
            case 12:
                headers = {"ETag": '"fresh"', "Cache-Control": "public, max-age=72000", "Age": "7200"}
                return self._document(headers), timedelta(hours=18)
            case 13:
                return self._document({"ETag": '"ttl"'}, head="<ttl>1200</ttl>"), timedelta(hours=20)
            case 14 if request.path == "/feed":
                self.paths |= {"/feed": False, "/moved": True}
                self.echo = (None, None)  # they are those of another URL
                return Answer(status=301, headers={"Location": "/moved"}), INTERVAL
            case 15 if request.path == "/moved":
                self.paths["/elsewhere"] = True
                return Answer(status=302, headers={"Location": "/elsewhere"}), INTERVAL
            case 17:  # a name that nobody has
                self.failures = 1 if self.failures >= 7 else self.failures + 1
                wait = min(INTERVAL * 2 ** (self.failures - 1), DAY)
                return Answer(status=302, headers={"Location": "http://nobody.invalid/feed"}), wait
            case day if day >= DAYS - 1 and request.path == "/moved":  # the move ends: it is asked where it was before
                self.paths |= {"/feed": True, "/moved": False}
                self.echo = (None, None)
                return Answer(status=410), INTERVAL
            case day if day >= DAYS - 1:
                self.paths = dict.fromkeys(self.paths, False)
                return Answer(status=410), 365 * DAY
        self.paths["/elsewhere"] = False
        etag, date = f'W/"day "{self.day}""', f"le {self.day} du mois, {now:%p}"
        if echoes(request, etag, date):
            return Answer(status=304, headers={"ETag": etag, "Last-Modified": date}), INTERVAL
        return self._document({"ETag": etag, "Last-Modified": date}), INTERVAL

    def _document(self, headers: dict[str, str], head: str = "") -> Answer:
        self.echo = headers.get("ETag"), headers.get("Last-Modified")
        numbers = [
            number for number in range(self.day, max(self.day - KEPT, -1), -1) if not (number == 12 and self.day >= 16)
        ]
        body = rss(*(self._item(number) for number in numbers), head=head)
        return Answer(body=body, headers={"Set-Cookie": "seen=1", **headers}, conditional=False)

    def _item(self, number: int) -> str:
        edited = {"description": "It was not so. This is what really happened."} if number == 13 <= self.day - 3 else {}
        return item(number, pubDate=format(START + number * DAY - timedelta(hours=1), HTTP_DATE), **edited)


def echoes(request: Request, etag: str, date: str) -> bool:
    return (request.header("If-None-Match"), request.header("If-Modified-Since")) == (etag, date)


@contextmanager
def running(folder: Path, clock: Path) -> Iterator[httpx.Client]:
    """A client of a daemon that goes by that clock."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.whole.turned", str(clock)],
            cwd=folder,
            stderr=log,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
    try:
        logged = (folder / "log").read_text
        until(lambda: "serving" in logged() or process.poll() is not None, 60)
        with httpx.Client(base_url=re.findall(r"http://[\d.:]+/", logged())[0], timeout=60, verify=False) as client:
            yield client
    finally:
        process.kill()
        process.wait()


def state_of(client: httpx.Client, name: str) -> dict[str, Any]:
    """What the daemon says of a source."""
    return next(source for source in client.get("status.json").json()["sources"] if source["name"] == name)


@pytest.fixture
def second_server() -> Iterator[Server]:
    with Server() as running:
        yield running


def test_three_weeks_of_a_source(tmp_path: Path, server: Server, second_server: Server) -> None:
    clock = Clock(tmp_path / "clock")
    clock.turn(START)
    paper = Paper(server, clock)
    # It is due whenever the clock is turned: once it was asked, so was who else was due.
    second_server.put("/beacon", rss())
    fetch = {"allow_private": ["127.0.0.1/32"], "host_gap": "0s", "interval": "12h", "min_interval": "1s"}
    sources = [{"name": "paper", "url": server.url("/feed")}, {"name": "beacon", "url": second_server.url("/beacon")}]
    sources[1]["interval"] = "1s"
    configure(tmp_path, fetch=fetch, sources=sources, articles={"front_matter": "hugo"})
    with running(tmp_path, tmp_path / "clock") as client:

        def state(name: str) -> dict[str, Any]:
            return state_of(client, name)

        def settled(name: str) -> bool:
            """Whether it was fetched by the clock of now, and that is recorded."""
            fetched = state(name)["last_fetch"]
            return fetched is not None and datetime.fromisoformat(fetched) >= clock()

        early = 0
        until(lambda: settled("paper"), 60)
        while due := state("paper")["next_fetch"]:
            due = datetime.fromisoformat(due)
            if len(paper.asked) % 4 == 0:
                early += 1
                before = len(paper.asked)
                clock.turn(due - timedelta(seconds=2))
                until(lambda: settled("beacon"), 60)
                assert len(paper.asked) == before
            clock.turn(due)
            until(lambda: settled("paper"), 60)
        asked = len(paper.asked)
        clock.turn(clock() + 30 * DAY)
        until(lambda: settled("beacon"), 60)
        assert len(paper.asked) == asked
        assert "410" in state("paper")["paused"]
        published = json.loads(client.get("feeds/all.json").text)["items"]
    assert paper.faults == []
    assert early >= 5
    assert paper.day >= DAYS + 29
    assert len(paper.agents) == 1
    down = [moment for moment, _ in paper.asked if 4 <= (moment - START) // DAY < 10]
    assert all(later - former >= timedelta(hours=1) for former, later in pairwise(down))
    # every article, once, and in its place
    numbers = [number for number in range(DAYS - 1, -1, -1) if number <= max(paper_days(paper))]
    assert [entry["title"] for entry in published] == [f"Story number {number}" for number in numbers]
    heads = [front_matter(path.read_text()) for path in (tmp_path / "storage/articles").rglob("*.md")]
    assert sorted(head["title"] for head in heads) == sorted(head["title"] for head in published)
    assert sum("really happened" in entry["content_html"] for entry in published) == 1


def paper_days(paper: Paper) -> set[int]:
    """Days on which it was asked."""
    return {(moment - START) // DAY for moment, _ in paper.asked if (moment - START) // DAY < DAYS - 1}


def test_a_clock_that_was_a_year_ahead_silences_nobody(tmp_path: Path, server: Server) -> None:
    clock = Clock(tmp_path / "clock")
    clock.turn(START)
    server.put("/feed", rss(item(1)))
    configure(tmp_path, sources=[{"name": "paper", "url": server.url("/feed"), "interval": "12h"}])
    with running(tmp_path, tmp_path / "clock") as client:
        for moment in (START, START + 365 * DAY):
            clock.turn(moment)
            until(lambda: state_of(client, "paper")["last_fetch"] == f"{clock():%Y-%m-%dT%H:%M:%SZ}", 60)
        clock.turn(START + DAY)
        until(lambda: (state_of(client, "paper")["next_fetch"] or "9") < f"{START + 3 * DAY:%Y-%m-%d}T", 60)
        assert len(server.requests) == 2  # its wait counts from now
        clock.turn(START + 2 * DAY)
        until(lambda: len(server.requests) == 3, 60)
