"""A daemon whose system clock is put back and forward: it goes on, asks as often as ever, and dates nothing ahead."""

import asyncio
import json
import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import time_machine

from aggregator.daemon import run_daemon
from aggregator.store.columns import EPOCH
from tests.commands import configure
from tests.newsroom import item, rss
from tests.servers import Server

TRUE = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
JUMPS = [timedelta(days=days) for days in (-1, 1, 365, -365, -365, 365)]
INTERVAL = timedelta(minutes=31)  # a little more than a source's


async def eventually(true: Callable[[], bool]) -> None:
    deadline = asyncio.get_running_loop().time() + 60
    while not true():
        assert asyncio.get_running_loop().time() < deadline, "it did not happen in time"
        await asyncio.sleep(0.05)


async def test_jumps_of_the_clock_miss_no_turn_and_double_none(tmp_path: Path, server: Server) -> None:
    feed = tmp_path / "storage/feeds/news.json"
    editions = [item(1)]
    server.put("/paper", lambda request: rss(*editions))
    path = configure(tmp_path, sources=[{"name": "paper", "url": server.url("/paper"), "category": "news"}])

    def entries() -> list[dict[str, str]]:
        return list(json.loads(feed.read_text())["items"]) if feed.exists() else []

    def are_published(number: int) -> bool:
        return len(entries()) == number

    def due() -> datetime:
        with closing(sqlite3.connect(tmp_path / "storage/aggregator.db")) as database:
            ((moment,),) = database.execute("SELECT next_fetch FROM source")
        return EPOCH + timedelta(microseconds=moment)

    with time_machine.travel(TRUE, tick=True) as clock:
        daemon = asyncio.create_task(run_daemon(path, {}, "127.0.0.1", 0))
        await eventually(partial(are_published, 1))
        for jump in JUMPS:
            editions.append(item(len(editions) + 1))
            clock.shift(jump)
            asked, wanted = len(server.requests), len(editions)
            if jump < timedelta(0):
                await eventually(lambda: due() <= datetime.now(UTC) + INTERVAL)  # and not in a day, or a year
                clock.shift(INTERVAL)
            await eventually(partial(are_published, wanted))
            assert len(server.requests) - asked in (1, 2)
        now = datetime.now(UTC)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(daemon, 60)
    assert len({entry["title"] for entry in entries()}) == 1 + len(JUMPS)
    dates = [datetime.fromisoformat(entry[name]) for entry in entries() for name in ("date_published", "date_modified")]
    assert max(dates) <= now
