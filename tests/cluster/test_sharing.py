"""Workers share the sources: hosts are asked as politely as by one process, and each story is one article.

`make cluster` has 1,000 sources on 100 addresses, 4 workers, 2 servers and 5 rounds; `make test` a small form.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import yaml

from tests.clusters import Cluster, rows
from tests.commands import Running, running, until, working
from tests.newsroom import front_matter, item, rss
from tests.servers import Server
from tests.thorough import THOROUGH

PAUSE = 0.1  # seconds of an answer
GAP = 0.2  # seconds of `host_gap`
PER_HOST = 2
SINGLE, SHARED = (4, 3), 3  # stories of the two sources of a pair alone, and of both: 3 of 10
NEVER_ASKED = "SELECT count(*) FROM source WHERE last_fetch IS NULL"


@dataclass(frozen=True, kw_only=True)
class Size:
    """Numbers of a form of the test."""

    hosts: int
    of_host: int  # sources
    workers: int
    servers: int
    rounds: int
    seconds: float

    @property
    def sources(self) -> int:
        return self.hosts * self.of_host

    @property
    def stories(self) -> int:
        return self.sources // 2 * (sum(SINGLE) + SHARED)


SMALL = Size(hosts=8, of_host=5, workers=2, servers=1, rounds=1, seconds=60)
LARGE = Size(hosts=100, of_host=10, workers=4, servers=2, rounds=5, seconds=600)


@pytest.fixture
def everywhere() -> Iterator[Server]:
    """A server at each loopback address."""
    with Server("0.0.0.0") as server:  # in the tests' own network
        yield server


def stories(source: int) -> Iterator[int]:
    """Numbers of the stories of a source: those of its pair that are its own, and those that both have."""
    pair, place = divmod(source, 2)
    first = 10 * pair + (SINGLE[0] if place else 0)
    yield from range(first, first + SINGLE[place])
    yield from range(10 * pair + sum(SINGLE), 10 * pair + sum(SINGLE) + SHARED)


def configuration(server: Server, storage: Path, database: str, size: Size) -> str:
    sources = []
    for number in range(size.sources):
        address = f"127.0.1.{1 + number % size.hosts}"
        sources.append({"name": f"s{number}", "url": server.url(f"/{number}", address), "category": f"c{number % 5}"})
        server.put(f"/{number}", rss(*map(item, stories(number))), headers={"ETag": '"1"'}, pause=PAUSE)
    fetch = {"allow_private": ["127.0.0.0/8"], "host_gap": f"{GAP * 1000:.0f}ms", "per_host": PER_HOST}
    fetch |= {"min_interval": "1s", "interval": "2s" if size.rounds > 1 else "1h"}
    return yaml.safe_dump({"storage": str(storage), "database": database, "fetch": fetch, "sources": sources})


@contextmanager
def beginning(folder: Path, text: str, size: Size, database: str) -> Iterator[list[Running]]:
    """The servers, with the workers beside them, each in a folder of its own."""
    with ExitStack() as processes:
        servers = []
        for number in range(size.servers):
            (folder / f"server-{number}").mkdir()
            (folder / f"server-{number}" / "feeds.yaml").write_text(text)
            servers.append(processes.enter_context(running(folder / f"server-{number}", "--no-fetch")))
        for number in range(size.workers):
            (folder / f"worker-{number}").mkdir()
            environ = {"AGGREGATOR_DATABASE": database, "AGGREGATOR_FETCH__CONTACT": f"https://worker.example/{number}"}
            worker = working(folder / f"worker-{number}", "--concurrency", "4", **environ)
            processes.enter_context(worker)
        yield servers


def shows_stories(site: Running) -> bool:
    """Return True if the feed of all articles has some."""
    return "Story number" in site.get("feeds/all.rss").text


def test_workers_share_sources_politely_and_make_no_article_twice(
    tmp_path: Path, everywhere: Server, postgresql: Cluster
) -> None:
    size, database = LARGE if THOROUGH else SMALL, postgresql.database()
    text = configuration(everywhere, tmp_path / "storage", database, size)
    with beginning(tmp_path, text, size, database) as servers:
        until(lambda: len(everywhere.requests) >= size.rounds * size.sources, size.seconds)
        until(lambda: rows(database, NEVER_ASKED) == [(0,)], size.seconds)
        until(lambda: len(files(tmp_path)) >= size.stories, size.seconds)
        for site in servers:
            until(partial(is_done, site), size.seconds)
            assert len(site.get("status.json").json()["workers"]) == size.workers
            until(partial(shows_stories, site), size.seconds)  # its feed is rendered at most every `feeds.min_age`
    requests = [request for request in everywhere.requests if request.path[1:].isdecimal()]
    assert len({request.path for request in requests}) == size.sources
    by_host: dict[str, list[float]] = defaultdict(list)
    for request in requests:
        by_host[request.header("Host") or ""].append(request.at)
    assert len(by_host) == size.hosts
    for times in by_host.values():
        assert most_at_once(times) <= PER_HOST
        # A request may be seen late, which shortens one gap; two processes that know nothing of each other halve all.
        assert times[-1] - times[0] >= 0.8 * GAP * (len(times) - 1)
    polls = Counter((request.header("User-Agent") or "").rpartition("/")[2] for request in requests)
    assert len(polls) == size.workers
    assert min(polls.values()) >= len(requests) / 10
    titles = Counter(front_matter(path.read_text(encoding="utf-8"))["title"] for path in files(tmp_path))
    assert titles == Counter(f"Story number {number}" for number in range(size.stories))


def is_done(site: Running) -> bool:
    """Return True if no job of the cluster is left."""
    return not any(site.get("status.json").json()["queue"].values())


def files(folder: Path) -> list[Path]:
    """The files of articles."""
    return list((folder / "storage" / "articles").rglob("*.md"))


def most_at_once(times: list[float]) -> int:
    """Largest number of answers that were under way at one moment."""
    return max(sum(start <= moment < start + PAUSE for start in times) for moment in times)
