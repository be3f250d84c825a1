"""Many cycles, 140 here and 500 in `make crash`: what a process holds does not grow with what it did."""

import asyncio
import gc
import resource
from datetime import timedelta
from pathlib import Path

from aggregator.pipeline import run_cycle
from aggregator.publish import publish_changed
from tests.newsroom import Newsroom, item, newsroom, rss
from tests.servers import Answer, Request, Server
from tests.thorough import THOROUGH

CYCLES, SETTLED = (500, 200) if THOROUGH else (140, 70)  # until then caches fill, and the allocator's arenas
EVERY = 50 if THOROUGH else 10  # cycles between two looks
MOST = 1.05 if THOROUGH else 1.03  # of the memory at the first look
WINDOW = 10  # articles in the document
PAGE = resource.getpagesize()


def memory() -> int:
    """Bytes that this process has in memory."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def cycles(room: Newsroom, server: Server) -> tuple[list[int], list[int]]:
    """Memory and open files now and then in the cycles that count."""
    sizes, opened = [], []
    with room.opened() as app:
        for cycle in range(CYCLES):
            report = await run_cycle(app, lambda outcome: None)
            publish_changed(app)
            assert not report.failures
            room.now += timedelta(minutes=31)
            server.requests.clear()
            if cycle >= SETTLED and cycle % EVERY == 0:
                sizes.append(memory())
                opened.append(descriptors())
    return sizes, opened


def test_cycles_leave_nothing_behind(tmp_path: Path, server: Server) -> None:
    room = newsroom(tmp_path, [{"name": "paper", "url": server.url("/feed"), "language": "en"}])

    def paper(request: Request) -> Answer:
        newest = int((room.now.timestamp()) // 18_000)  # one article in five hours
        body = rss(*(item(number, pubDate="") for number in range(newest, newest - WINDOW, -1)))
        return Answer(body=body, headers={"ETag": f'"{newest}"'})

    server.put("/feed", paper)
    sizes, opened = asyncio.run(cycles(room, server))
    assert sizes[-1] < MOST * sizes[0], sizes
    assert max(opened) <= opened[0], opened
    assert len(room.articles()) > CYCLES // 10
    assert not list(room.storage.rglob("*.tmp"))
