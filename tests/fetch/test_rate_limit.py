"""The rate limit of each host, and that of all together."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from aggregator.fetch import Fetcher, rate_limit
from aggregator.fetch.rate_limit import RateLimiter
from aggregator.model import FeedDocument
from tests.fetch.conftest import FEED, known, settings, source
from tests.servers import Server


async def anybody(_host: str) -> bool:
    return True


async def in_turn(limiter: RateLimiter, url: str, work: Callable[[], object] = lambda: None) -> float:
    """Take a turn, do `work` in it, hold it for a moment; the time at which it began."""
    async with limiter.acquire(url, anybody) as slot:
        assert slot
        began = asyncio.get_running_loop().time()
        work()
        await asyncio.sleep(0.02)
        return began


class InFlight:
    """Counts the turns that are held at once."""

    def __init__(self, limiter: RateLimiter) -> None:
        self.limiter, self.now, self.most = limiter, 0, 0

    async def hold(self, url: str) -> None:
        async with self.limiter.acquire(url, anybody):
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0.02)
            self.now -= 1


async def test_requests_in_flight_to_one_host_are_limited() -> None:
    count = InFlight(RateLimiter(settings(per_host=2)))
    await asyncio.gather(*(count.hold(f"http://{name}.example.org/") for name in "abcdef"))
    assert count.most == 2


async def test_requests_in_flight_to_all_hosts_are_limited() -> None:
    count = InFlight(RateLimiter(settings(concurrency=3)))
    await asyncio.gather(*(count.hold(f"http://{name}.example/") for name in "abcdef"))
    assert count.most == 3


async def test_starts_to_one_host_are_a_gap_apart() -> None:
    limiter = RateLimiter(settings(per_host=5, host_gap=timedelta(milliseconds=50)))
    starts = sorted(await asyncio.gather(*(in_turn(limiter, f"http://{name}.example.org/") for name in "abcd")))
    assert all(after - before >= 0.05 for before, after in pairwise(starts))


async def test_the_gap_holds_where_requests_wait_for_a_place_too() -> None:
    limiter = RateLimiter(settings(concurrency=1, host_gap=timedelta(milliseconds=50)))
    elsewhere = [in_turn(limiter, f"http://other{number}.example/") for number in range(5)]
    to_one_host = [in_turn(limiter, "http://mine.example/") for _ in range(2)]
    first, second, *_ = await asyncio.gather(*to_one_host, *elsewhere)
    assert second - first >= 0.05


async def test_who_waits_for_its_host_holds_no_place() -> None:
    limiter = RateLimiter(settings(concurrency=2, per_host=1, host_gap=timedelta(hours=1)))
    await in_turn(limiter, "http://slow.example/")
    waiting = [asyncio.create_task(in_turn(limiter, "http://slow.example/")) for _ in range(5)]
    for number in range(5):
        await asyncio.wait_for(in_turn(limiter, f"http://other{number}.example/"), 60)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


@pytest.mark.parametrize("name", ["127.0.0.1", "127.0.0.1:{port}", "LOCALHOST", "example.org", "blog.example.org"])
async def test_an_unpaced_host_is_let_off(name: str) -> None:
    limiter = RateLimiter(settings(unpaced=(name.format(port=8081),), host_gap=timedelta(hours=1), per_host=1))
    host = {"LOCALHOST": "localhost:8081", "127.0.0.1:{port}": "127.0.0.1:8081", "example.org": "a.example.org"}
    url = f"http://{host.get(name, name)}/"
    await asyncio.wait_for(asyncio.gather(*(in_turn(limiter, url) for _ in range(5))), 60)


async def test_an_unpaced_host_lets_off_no_other_of_its_name() -> None:
    limiter = RateLimiter(settings(unpaced=("mine.example.org",), host_gap=timedelta(milliseconds=50)))
    await in_turn(limiter, "http://mine.example.org/")
    first = await in_turn(limiter, "http://other.example.org/")
    await in_turn(limiter, "http://mine.example.org/")
    assert await in_turn(limiter, "http://other.example.org/") - first >= 0.05


async def test_a_silent_request_gives_up_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "STALL_TIMEOUT", 0.05)
    limiter = RateLimiter(settings(concurrency=1))
    async with limiter.acquire("http://silent.example/", anybody):
        await asyncio.wait_for(in_turn(limiter, "http://other.example/"), 60)
    count = InFlight(limiter)
    await asyncio.gather(count.hold("http://a.example/"), count.hold("http://b.example/"))
    assert count.most == 1  # the place was given back once, not twice


async def test_a_request_that_is_heard_of_keeps_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "STALL_TIMEOUT", 0.2)
    limiter = RateLimiter(settings(concurrency=1))
    async with limiter.acquire("http://busy.example/", anybody) as slot:
        assert slot
        elsewhere = asyncio.create_task(in_turn(limiter, "http://other.example/"))
        for _ in range(10):
            await asyncio.sleep(0.05)
            slot.on_data()
        assert not elsewhere.done()
    await elsewhere


async def test_a_hosts_whole_queue_learns_at_once_that_it_is_not_admitted() -> None:
    limiter = RateLimiter(settings(host_gap=timedelta(hours=1)))
    admitted = True

    async def admit(_host: str) -> bool:
        return admitted

    async def ask() -> bool:
        nonlocal admitted
        async with limiter.acquire("http://example.org/", admit) as slot:
            admitted = False  # as after a 429
            return slot is not None

    assert await ask()
    assert await asyncio.wait_for(asyncio.gather(*(ask() for _ in range(5))), 60) == [False] * 5


async def test_a_refusal_while_waiting_is_heard_and_costs_no_place() -> None:
    limiter = RateLimiter(settings(host_gap=timedelta(milliseconds=50), concurrency=1))
    await in_turn(limiter, "http://example.org/")
    answers = iter((True, False))

    async def admit(_host: str) -> bool:
        return next(answers)

    async with limiter.acquire("http://example.org/", admit) as slot:
        assert slot is None
    await asyncio.wait_for(in_turn(limiter, "http://example.org/"), 60)


async def test_a_redirect_obeys_the_pace_of_the_host_it_leads_to(server: Server, now: datetime) -> None:
    with Server() as target:
        target.put("/feed.xml", FEED)
        location = {"Location": target.url("/feed.xml")}
        sources = [source(server.put(f"/{number}", status=302, headers=location)) for number in range(3)]
        changes = settings(host_gap=timedelta(hours=1), unpaced=(f"127.0.0.1:{server.port}",))
        async with Fetcher(changes, lambda: now) as fetcher:
            tasks = [asyncio.create_task(fetcher.fetch(redirected, known())) for redirected in sources]
            (first,), waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            assert isinstance(first.result(), FeedDocument)
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        assert len(target.requests) == 1


async def test_the_gap_to_what_another_process_asked_is_kept() -> None:
    limiter = RateLimiter(settings(host_gap=timedelta(seconds=0.3)))
    now = asyncio.get_running_loop().time()
    ago = {"example.org": 0.1, "long.example": 9.0, "future.example": -3600.0}
    limiter.note_requests({host: timedelta(seconds=seconds) for host, seconds in ago.items()})
    began = await asyncio.gather(*(in_turn(limiter, f"http://{host}/") for host in (*ago, "other.example")))
    waited = dict(zip((*ago, "other.example"), (start - now for start in began), strict=True))
    assert waited["example.org"] >= 0.2
    assert waited["future.example"] >= 0.3
    assert (
        limiter.next_starts["long.example"] < limiter.next_starts["example.org"] < limiter.next_starts["future.example"]
    )
    assert limiter.next_starts["future.example"] < now + 3600


async def test_what_was_asked_before_by_this_process_counts_more_than_what_others_asked_earlier() -> None:
    limiter = RateLimiter(settings(host_gap=timedelta(seconds=0.3)))
    first = await in_turn(limiter, "http://example.org/")
    limiter.note_requests({"example.org": timedelta(seconds=0.25)})
    assert await in_turn(limiter, "http://example.org/") - first >= 0.3


async def test_a_host_is_idle_that_nobody_asks_or_waits_for() -> None:
    limiter = RateLimiter(settings(per_host=1))
    async with limiter.acquire("http://example.org/", anybody):
        waiting = asyncio.create_task(in_turn(limiter, "http://www.example.org/"))
        await asyncio.sleep(0)  # lets it begin to wait
        assert limiter.idle_hosts(["example.org", "other.example"]) == ("other.example",)
    assert limiter.idle_hosts(["example.org"]) == ()
    await waiting
    assert limiter.idle_hosts(["example.org"]) == ("example.org",)


async def test_hosts_without_end_are_forgotten_once_their_gap_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "MAX_IDLE_HOSTS", 100)
    without_gap, paced = (RateLimiter(settings(host_gap=timedelta(hours=hours))) for hours in (0, 1))
    async with without_gap.acquire("http://asked.example/", anybody):
        for limiter in (without_gap, paced):
            for number in range(1_000):
                async with limiter.acquire(f"http://host{number}.example/", anybody):
                    pass
        assert without_gap.idle_hosts(["asked.example"]) == ()
    assert len(without_gap.next_starts) <= 101
    assert len(paced.next_starts) == 1_000


async def test_a_pace_goes_on_where_another_stopped() -> None:
    before, after = (RateLimiter(settings(host_gap=timedelta(seconds=0.3))) for _ in range(2))
    first = await in_turn(before, "http://example.org/")
    after.resume(before.next_starts)
    assert await in_turn(after, "http://example.org/") - first >= 0.3


async def test_a_fetcher_keeps_the_gap_to_what_is_stored(server: Server, now: datetime) -> None:
    server.put("/feed.xml", FEED)
    async with Fetcher(settings(host_gap=timedelta(seconds=0.3)), lambda: now) as fetcher:
        loop = asyncio.get_running_loop()
        began = loop.time()
        host = f"127.0.0.1:{server.port}"
        fetcher.note_requests({host: now - timedelta(seconds=0.1)})
        assert fetcher.limiter.idle_hosts([host]) == (host,)
        await fetcher.fetch(source(server.url("/feed.xml")), known())
        assert loop.time() - began >= 0.2
        assert fetcher.limiter.next_starts[host] >= began + 0.5
