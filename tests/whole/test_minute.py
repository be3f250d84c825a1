"""A real daemon process over many sources, of which some hang: all others are polled and published on time.

Here they are sixty, in `make crash` two hundred.
"""

import signal
import time
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path

import httpx

from tests.commands import Running, configure, running, until
from tests.newsroom import item, rss
from tests.servers import Answer, Request, Server
from tests.thorough import THOROUGH

SOURCES, HANG = (200, 10) if THOROUGH else (60, 3)
DESKS = 10
INTERVAL = 4  # seconds
POLLS = 4 if THOROUGH else 3  # of each source, at least
MEGABYTE = 1024  # in the unit of /proc, KB


@dataclass(slots=True)
class Wire:
    """What the sources say. Each source begins with one article; `publish` gives it another."""

    server: Server
    published: dict[int, list[int]] = field(default_factory=dict)  # numbers of articles by source

    def put(self) -> None:
        for source in range(SOURCES):
            if source < HANG:
                self.server.put(f"/{source}", hang=True)
            else:
                self.published[source] = [source]
                self.server.put(f"/{source}", self.document)

    def document(self, request: Request) -> Answer:
        numbers = self.published[int(request.path.removeprefix("/"))]
        body = rss(*(item(number, description=f"Short news {number}.") for number in numbers))
        return Answer(body=body, headers={"ETag": f'"{len(numbers)}"'})

    def publish(self, number: int) -> None:
        source = HANG + number % (SOURCES - HANG)
        self.published[source] = [*self.published[source], number]

    def polls(self) -> list[int]:
        """How often each source was asked that does not hang."""
        return [len(self.server.asked(f"/{source}")) for source in range(HANG, SOURCES)]

    def titles(self) -> set[str]:
        return {f"Story number {number}" for numbers in self.published.values() for number in numbers}


def titles(daemon: Running) -> set[str]:
    """Titles in the feeds of all desks."""
    with httpx.Client(base_url=daemon.url, timeout=60, verify=False) as client:
        feeds = [client.get(f"feeds/desk-{desk}.json").json()["items"] for desk in range(DESKS)]
    all_titles = [entry["title"] for feed in feeds for entry in feed]
    assert len(all_titles) == len(set(all_titles))
    return set(all_titles)


def is_published(daemon: Running, title: str) -> bool:
    return title in titles(daemon)


def descriptors(daemon: Running) -> int:
    return len(list(Path(f"/proc/{daemon.process.pid}/fd").iterdir()))


def most_memory(daemon: Running) -> int:
    """The most memory that it had at a time, in KB."""
    status = Path(f"/proc/{daemon.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def test_a_minute_of_many_sources(tmp_path: Path, server: Server) -> None:
    wire = Wire(server)
    wire.put()
    configure(
        tmp_path,
        fetch={
            "allow_private": ["127.0.0.1/32"],
            "unpaced": ["127.0.0.1"],
            "interval": f"{INTERVAL}s",
            "min_interval": f"{INTERVAL}s",
            "timeout": "5s",
        },
        feeds={"formats": ["json"]},
        sources=[
            {"name": f"paper-{source}", "url": server.url(f"/{source}"), "category": f"desk-{source % DESKS}"}
            for source in range(SOURCES)
        ],
    )
    started = time.monotonic()
    with running(tmp_path, tick=1) as daemon:
        until(lambda: all((tmp_path / f"storage/feeds/desk-{desk}.json").exists() for desk in range(DESKS)), 60)
        until(lambda: titles(daemon) >= wire.titles(), 60)  # of the burst at the beginning
        open_early, number = descriptors(daemon), 1000
        until(lambda: min(wire.polls()) >= 2, 60)
        while min(wire.polls()) < POLLS or number < 1002:  # a busy machine may be through with the first
            number += 1
            wire.publish(number)
            new = f"Story number {number}"
            until(partial(is_published, daemon, new), 60)
            assert daemon.get("healthz").text == "ok\n"
        publications, lived = daemon.figure("aggregator_publish_seconds_count"), time.monotonic() - started
        assert publications <= 2 * lived + 2  # one a tick and one between: never one a source
        assert most_memory(daemon) < 400 * MEGABYTE
        assert descriptors(daemon) < open_early + 64
        asked = len(server.requests)
        until(lambda: len(server.requests) > asked, 60)
        daemon.process.send_signal(signal.SIGTERM)  # some hang always, so it is in the midst of it
        assert daemon.process.wait(20) == 0
        assert daemon.said("Traceback") == []
    for source in range(HANG, SOURCES):
        times = [request.at for request in server.asked(f"/{source}")]
        gaps = [later - former for former, later in pairwise(times)]
        assert min(gaps) > INTERVAL - 1.1  # the schedule counts in whole seconds
        assert max(gaps) < INTERVAL + 30
