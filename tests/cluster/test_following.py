"""Pages of articles and archives, and translations: the workers share them, and do those of killed ones again."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from aggregator.app import App
from aggregator.fetch import Fetcher
from aggregator.pipeline.host_states import HostStates
from aggregator.pipeline.leases import PageVisits
from tests.cluster.test_sharing import most_at_once
from tests.clusters import Cluster, rows
from tests.commands import Running, aggregator, configure, until, working_limited
from tests.full_text.pages import html
from tests.newsroom import item, newsroom, rss
from tests.pipeline.test_archive_pages import older
from tests.pipeline.test_withdraw import atom, entry
from tests.servers import Answer, Request, Server
from tests.thorough import THOROUGH
from tests.whole.test_translations import translated

HOSTS, PAGES = (20, 8) if THOROUGH else (5, 3)  # sites, and articles of each
PAUSE = 0.3  # seconds of an answer
GAP = 0.2  # seconds of `host_gap`
LEASE = 3.0  # seconds
HTML = {"Content-Type": "text/html; charset=utf-8"}
DONE = """SELECT (SELECT count(*) FROM page WHERE has_text), (SELECT count(*) FROM backfill WHERE url IS NULL),
    (SELECT count(*) FROM translation WHERE updated IS NOT NULL)"""


@pytest.fixture
def everywhere() -> Iterator[Server]:
    """A server at each loopback address."""
    with Server("0.0.0.0") as server:  # in the tests' own network
        yield server


def store_settings(folder: Path, database: str, server: Server, sources: list[dict[str, Any]], **fetch: Any) -> None:
    fetch |= {"allow_private": ["127.0.0.0/8"], "timeout": "60s", "interval": "1h"}
    server.put("/translate", lambda request: answer(request, PAUSE))
    configure(folder, database=database, fetch=fetch, sources=sources, translate={"url": server.url("/")})
    aggregator("sync", cwd=folder)


def answer(request: Request, pause: float) -> Answer:
    return Answer(body=translated(request).body, pause=pause)


def worker(folder: Path, database: str, limits: Mapping[str, float] = MappingProxyType({})) -> Any:
    environ = {"AGGREGATOR_DATABASE": database, "AGGREGATOR_FETCH__CONTACT": f"https://worker.example/{folder.name}"}
    return working_limited(limits, folder, **environ)


def assert_quiet(worker: Running) -> None:
    assert [line for line in worker.said() if " error " in line or "Traceback" in line] == []


def test_workers_share_pages_politely(
    tmp_path: Path, folders: list[Path], everywhere: Server, postgresql: Cluster
) -> None:
    database, sources = postgresql.database(), []
    for number in range(HOSTS):
        address, stories = f"127.0.2.{number + 1}", range(10 * number, 10 * number + PAGES)
        items = [item(story, link=everywhere.url(f"/stories/{story}", address)) for story in stories]
        everywhere.put(f"/{number}", rss(*items))
        for story in stories:
            everywhere.put(f"/stories/{story}", html(), headers=HTML, pause=PAUSE)
        url = everywhere.url(f"/{number}", address)
        settings = {"language": "en", "translate": ["de"]} if number == 0 else {"language": "de"}
        sources.append({"name": f"s{number}", "url": url, "full_text": True, **settings})
    store_settings(tmp_path, database, everywhere, sources, per_host=1, host_gap=f"{GAP * 1000:.0f}ms")
    with ExitStack() as processes:
        workers = [processes.enter_context(worker(folder, database)) for folder in folders]
        until(lambda: rows(database, DONE) == [(HOSTS * PAGES, 0, PAGES)], 120)
        for process in workers:
            assert_quiet(process)
    requests = [request for request in everywhere.requests if request.path != "/translate"]
    pages = [request for request in requests if request.path.startswith("/stories/")]
    assert Counter(request.path for request in pages).most_common(1)[0][1] == 1
    by_host: dict[str, list[float]] = defaultdict(list)
    for request in requests:
        by_host[request.header("Host") or ""].append(request.at)
    for times in by_host.values():
        # A request may be seen late, which shortens one gap; two processes that know nothing of each other halve all.
        assert times[-1] - times[0] >= 0.8 * GAP * (len(times) - 1)
    for host in by_host:
        assert most_at_once([request.at for request in pages if request.header("Host") == host]) == 1
    asked = Counter((request.header("User-Agent") or "").rpartition("/")[2] for request in pages)
    # A few pages may all be read before the second worker has started on a busy machine.
    assert min(asked[f"{folder.name})"] for folder in folders) >= (len(pages) / 10 if THOROUGH else 0)


def test_a_page_whose_host_another_process_leased_first_is_due_at_once(
    tmp_path: Path, server: Server, postgresql: Cluster
) -> None:
    """Its lease may end in a second; but what a redirect leads to is not asked again at each look."""
    room = newsroom(tmp_path, [{"name": "a", "url": server.url("/a")}], database=postgresql.database())
    rest = timedelta(minutes=1)

    async def due_again(app: App, host: str) -> timedelta:
        async with (
            Fetcher(app.settings.fetch, app.clock) as fetcher,
            PageVisits(app, fetcher, HostStates(app.store)) as visits,
        ):
            assert await visits.admit("first.example")
            assert not await visits.admit("leased.example")
            return visits.due_again(host, rest) - app.clock()

    with room.other_process("http://leased.example/"), room.opened() as app:
        assert asyncio.run(due_again(app, "leased.example")) == timedelta(0)
        assert asyncio.run(due_again(app, "first.example")) > timedelta(seconds=50)


def test_what_a_killed_worker_was_at_is_done_by_another_when_its_leases_are_over(
    tmp_path: Path, folders: list[Path], everywhere: Server, postgresql: Cluster
) -> None:
    database = postgresql.database()
    story, slow = everywhere.url("/story", "127.0.2.1"), ("/story", "/archive", "/translate")
    everywhere.put("/1", rss(item(1, link=story)))
    everywhere.put("/2", atom(older("/archive"), entry(2)))
    everywhere.put("/3", rss(item(3)))
    urls = [everywhere.url(f"/{number}", f"127.0.2.{number}") for number in (1, 2, 3)]
    settings: list[dict[str, Any]] = [{"full_text": True}, {"backfill": "all"}, {"translate": ["de"]}]
    sources = [{"url": url, "language": "en", **part} for url, part in zip(urls, settings, strict=True)]
    store_settings(tmp_path, database, everywhere, sources, host_gap="0s")
    for path in slow:
        everywhere.put(path, hang=True)
    limits = {"lease": LEASE}
    with worker(folders[0], database, limits) as killed:
        until(lambda: all(everywhere.asked(path) for path in slow))
        time.sleep(1.5 * LEASE)  # the leases are renewed
        with worker(folders[1], database, limits) as second:
            time.sleep(LEASE)
            assert [len(everywhere.asked(path)) for path in slow] == [1, 1, 1]
            everywhere.put("/story", html(), headers=HTML)
            everywhere.put("/archive", atom(entry(4)))
            everywhere.put("/translate", translated)
            killed.process.kill()
            until(lambda: rows(database, DONE) == [(1, 1, 1)], 60)
            assert_quiet(second)
    assert [len(everywhere.asked(path)) for path in slow[:2]] == [2, 2]
