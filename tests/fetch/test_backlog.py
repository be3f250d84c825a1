import asyncio
from pathlib import Path

import pytest

from aggregator.fetch import rate_limit
from aggregator.fetch.backlog import Backlog
from tests.newsroom import item, newsroom, rss
from tests.servers import Server


async def test_there_is_room_until_too_much_waits() -> None:
    waiting = Backlog(max_bytes=10)
    with waiting.hold(9):
        await waiting.wait_for_room()
        with waiting.hold(1):
            next_one = asyncio.create_task(waiting.wait_for_room())
            await asyncio.sleep(0)
            assert not next_one.done()
        await next_one


def test_a_round_holds_no_more_documents_than_there_is_room_for(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []

    class Watched(Backlog):
        def __init__(self) -> None:
            super().__init__(max_bytes=1)

        def _add(self, size: int) -> None:
            super()._add(size)
            held.append(self._pending_bytes)

    monkeypatch.setattr(rate_limit, "Backlog", Watched)
    room = newsroom(
        tmp_path, [server.put(f"/{n}", rss(item(n))) for n in range(12)], fetch={"concurrency": 1, "per_host": 12}
    )
    assert room.once().new == 12
    assert max(held) < 3 * len(rss(item(11)))  # one waits, one is in flight
