"""The bounds on the bytes of documents that are being received, or wait to be recorded."""

import asyncio
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from aggregator.fetch import Fetcher, backlog, rate_limit
from aggregator.fetch.backlog import Backlog
from aggregator.model import Failure, FeedDocument, SourceState
from tests.fetch.conftest import FEED, settings, source
from tests.newsroom import item, newsroom, rss
from tests.servers import Server


async def test_there_is_room_until_too_much_waits() -> None:
    waiting = Backlog(1000, max_pending_bytes=10)
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
        def __init__(self, max_bytes: int) -> None:
            super().__init__(max_bytes, max_pending_bytes=1)

        def _add(self, size: int, *, pending: int = 0) -> None:
            super()._add(size, pending=pending)
            held.append(self._pending_bytes)

    monkeypatch.setattr(rate_limit, "Backlog", Watched)
    room = newsroom(
        tmp_path, [server.put(f"/{n}", rss(item(n))) for n in range(12)], fetch={"concurrency": 1, "per_host": 12}
    )
    assert room.once().new == 12
    assert max(held) < 3 * len(rss(item(11)))  # one waits, one is in flight


HANGING = "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"
ABORTED = "all bodies in flight held more than 1,000,000 bytes for 0.5 s, and this one was the largest"


def hanging(size: int) -> Iterator[bytes]:
    """A body of so many bytes of which the end never comes."""
    yield HANGING.encode() + b"x" * size
    while True:
        yield b""


def hanging_gzip(size: int) -> Iterator[bytes]:
    packer = zlib.compressobj(9, wbits=31)
    body = packer.compress(b" " * size) + packer.flush(zlib.Z_SYNC_FLUSH)
    yield HANGING.replace("\r\n\r\n", "\r\nContent-Encoding: gzip\r\n\r\n").encode() + body
    while True:
        yield b""


@pytest.fixture
async def fetcher(monkeypatch: pytest.MonkeyPatch, now: datetime) -> AsyncIterator[Fetcher]:
    """One with room for a megabyte, that aborts the largest body after half a second."""
    monkeypatch.setattr(backlog, "PATIENCE", 0.5)
    async with Fetcher(settings(max_in_flight_bytes=1_000_000, per_host=100), lambda: now) as fetcher:
        yield fetcher


async def results(fetcher: Fetcher, *urls: str) -> list[Any]:
    return await asyncio.gather(*(fetcher.fetch(source(url), SourceState()) for url in urls))


@pytest.mark.parametrize("body", [hanging, hanging_gzip])
async def test_the_largest_body_is_aborted_if_all_stay_too_many_bytes(
    server: Server, fetcher: Fetcher, body: Callable[[int], Iterator[bytes]]
) -> None:
    small = server.put("/small", chunks=(b"x" * 200_000, FEED, FEED, FEED), pause=0.3)
    large = server.put("/large", raw=body(1_200_000), pause=0.1)
    read, aborted = await results(fetcher, small, large)
    assert isinstance(read, FeedDocument)
    assert isinstance(aborted, Failure)
    assert (aborted.reason, aborted.advice) == (ABORTED, "fetch.max_in_flight_bytes is the limit")


async def test_nothing_is_started_while_all_bodies_are_too_many_bytes(server: Server, fetcher: Fetcher) -> None:
    large = asyncio.create_task(results(fetcher, server.put("/large", raw=hanging(1_200_000), pause=0.1)))
    while fetcher.limiter.backlog._bytes <= 1_000_000:
        await asyncio.sleep(0.01)
    (document,) = await results(fetcher, server.put("/next", FEED))
    assert isinstance(document, FeedDocument)
    assert large.done()


async def test_several_hold_no_more_bytes_than_the_bound_and_one_of_them(server: Server, fetcher: Fetcher) -> None:
    urls = [server.put(f"/{number}", raw=hanging_gzip(9_000_000), pause=0.1) for number in range(8)]
    tracemalloc.start()
    try:
        fetches = asyncio.create_task(results(fetcher, *urls))
        await asyncio.sleep(0.4)
        assert isinstance((await results(fetcher, server.put("/small", b"x" * 100_000)))[0], FeedDocument)
        peak = tracemalloc.get_traced_memory()[1]
        fetches.cancel()
    finally:
        tracemalloc.stop()
    assert 9_000_000 < peak < 25_000_000


async def test_large_bodies_that_come_whole_are_all_read(server: Server, fetcher: Fetcher) -> None:
    urls = [server.put(f"/{number}", b"x" * 900_000, gzip=True) for number in range(8)]
    assert all(isinstance(document, FeedDocument) for document in await results(fetcher, *urls))
    assert fetcher.limiter.backlog._bytes == 0
