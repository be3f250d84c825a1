"""Sources that hang slow no other: 5 % of 160 here, of 2,000 in `make crash`, which also prints both times."""

import asyncio
import time
from contextlib import suppress
from pathlib import Path

import pytest

from aggregator.pipeline import SourceOutcome, run_cycle
from tests.newsroom import item, newsroom, rss
from tests.servers import Server
from tests.thorough import THOROUGH

SOURCES = 2000 if THOROUGH else 160
EVERY = 20  # so manieth source hangs


async def seconds_to_all_but(hanging: bool, server: Server, root: Path) -> float:
    """Seconds until the others were read, while the hanging ones, if any, are waited for still."""
    root.mkdir()
    places = [f"127.0.{1 + number // 200}.{1 + number % 200}" for number in range(SOURCES)]
    sources = [
        {"name": f"s{number}", "url": server.url(f"/{'hangs' if hanging and not number % EVERY else number}", host)}
        for number, host in enumerate(places)
    ]
    room = newsroom(root, sources, fetch={"allow_private": ["127.0.0.0/8"], "timeout": "120s"})
    healthy = SOURCES - SOURCES // EVERY if hanging else SOURCES
    done, names = asyncio.Event(), []

    def tell(outcome: SourceOutcome) -> None:
        assert outcome.kind == "fetched", outcome
        names.append(outcome.source)
        if len(names) == healthy:
            done.set()

    with room.opened() as app:
        started = time.monotonic()
        cycle = asyncio.create_task(run_cycle(app, tell, everything=True))
        await asyncio.wait({cycle, asyncio.create_task(done.wait())}, timeout=100, return_when="FIRST_COMPLETED")
        took = time.monotonic() - started
        assert done.is_set()
        cycle.cancel()
        with suppress(asyncio.CancelledError):
            await cycle
    assert len(set(names)) == healthy
    return took


async def test_sources_that_hang_slow_no_other(tmp_path: Path) -> None:
    with Server("0.0.0.0") as server:
        server.put("*", lambda request: rss(item(1 + int(request.path[1:]))))
        server.put("/hangs", hang=True)
        without = await seconds_to_all_but(False, server, tmp_path / "without")
        beside = await seconds_to_all_but(True, server, tmp_path / "beside")
    print(f"{SOURCES} sources: {without:.1f} s; the others while 5 % hang: {beside:.1f} s")
    if THOROUGH:
        assert beside < 1.2 * without
    assert server.requests


if not Path("/proc/sys/net").exists():
    pytest.skip("only Linux answers at all of 127.0.0.0/8", allow_module_level=True)
