"""A cycle beside another process that works on the same hosts."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, nullcontext
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from aggregator.app import App
from aggregator.daemon.worker import TICK
from aggregator.fetch import Fetcher
from aggregator.model import Selection, SourceState
from aggregator.pipeline import Report, leases, run_cycle
from aggregator.pipeline.leases import HostVisits, share_of_host
from aggregator.pipeline.poller import Poller, queue_for
from aggregator.settings import Fetch
from aggregator.store import Store
from aggregator.store.columns import EPOCH
from aggregator.urls import host_key
from tests.cases import for_each
from tests.newsroom import Newsroom, item, newsroom, rss
from tests.servers import Server

NAMES = ("a", "b", "c")
LONG = timedelta(minutes=10)


@pytest.fixture
def room(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    """Three sources of one host."""
    monkeypatch.setattr("aggregator.pipeline.leases.RETRY", 0.02)
    server.put("*", rss(item(1)))
    return newsroom(tmp_path, [{"name": name, "url": server.url(f"/{name}")} for name in NAMES])


@pytest.fixture
def app(room: Newsroom) -> Iterator[App]:
    with room.opened() as opened:
        yield opened


@pytest.fixture
def other_process(app: App) -> Iterator[Store]:
    """The store of another process, which fetches."""
    with Store.open(app.settings.database or "") as store, store.leases.fetching():
        yield store


def beside(app: App, work: Callable[[], Awaitable[None]], **wanted: Any) -> Report:
    """A cycle, and `work` of another process at the same time."""

    async def both() -> Report:
        report, _ = await asyncio.gather(run_cycle(app, lambda outcome: None, **wanted), work())
        return report

    return asyncio.run(both())


async def nothing_is_asked(server: Server) -> None:
    """For so long that what should not be asked would have been."""
    await asyncio.sleep(0.3)
    assert server.requests == []


@pytest.mark.parametrize("wanted", [{"everything": True}, {"names": ["c", "a"]}, {}])
def test_it_waits_for_a_host_that_another_works_on(
    server: Server, app: App, other_process: Store, wanted: dict[str, Any]
) -> None:
    (held,) = other_process.leases.claim(app.clock(), Selection(names=["b"]), limit=1, lease=LONG)

    async def let_go() -> None:
        await nothing_is_asked(server)
        other_process.leases.release([held.source.id])

    report = beside(app, let_go, **wanted)
    expected = wanted.get("names") or NAMES
    assert sorted(outcome.source for outcome in report.outcomes) == sorted(expected)
    assert (report.count("fetched"), report.count("skipped")) == (len(expected), 0)
    assert len(server.requests) == len(expected)


@pytest.mark.parametrize("everything", [True, False])
def test_what_the_other_fetched_meanwhile_is_due_no_more_but_is_a_part_of_everything(
    server: Server, app: App, other_process: Store, everything: bool
) -> None:
    (held,) = other_process.leases.claim(app.clock(), Selection(names=["b"]), limit=1, lease=LONG)
    fetched = SourceState(last_fetch=app.clock(), next_fetch=app.clock() + LONG, due_reason="interval")

    async def finish() -> None:
        await nothing_is_asked(server)
        other_process.sources.record_states([(held.source.id, fetched)], {})

    report = beside(app, finish, everything=everything)
    assert (report.count("fetched"), report.count("skipped")) == ((3, 0) if everything else (2, 1))
    assert len(server.asked("/b")) == everything


def test_what_nobody_holds_is_not_kept_waiting_by_what_is_held(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.pipeline.leases.RETRY", 0.02)
    server.put("*", rss(item(1)))
    urls = {"held": server.url("/held"), "free": server.url("/free", host="localhost")}
    fetch = {"allow_private": ["127.0.0.1/32", "::1/128"]}
    room = newsroom(tmp_path, [{"name": name, "url": url} for name, url in urls.items()], fetch=fetch)
    with (
        room.opened() as app,
        Store.open(app.settings.database or "") as other_process,
        other_process.leases.fetching(),
    ):
        (held,) = other_process.leases.claim(app.clock(), Selection(names=["held"]), limit=1, lease=LONG)

        async def let_go() -> None:
            while not server.asked("/free"):
                await asyncio.sleep(0.02)
            assert not server.asked("/held")
            other_process.leases.release([held.source.id])

        assert beside(app, let_go, everything=True).count("fetched") == 2


def test_who_never_lets_go_is_waited_for_as_long_as_a_lease_lasts(
    server: Server, app: App, other_process: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "aggregator")
    monkeypatch.setattr("aggregator.pipeline.leases.LEASE", timedelta(seconds=0.4))
    monkeypatch.setattr("aggregator.pipeline.leases.QUIET", 0.1)
    other_process.leases.claim(app.clock(), Selection(names=["b"]), limit=1, lease=LONG)
    report = beside(app, partial(nothing_is_asked, server), everything=True)
    assert (report.count("skipped"), report.outcomes) == (3, [])
    waiting, left_out = (record.getMessage() for record in caplog.records if "process" in record.getMessage())
    assert waiting == "waiting for another process that works on the hosts of a, b, c"
    assert left_out == ("left out, since another process goes on working on their hosts: a, b, c; try again later")


def test_a_paused_source_is_not_waited_for(server: Server, app: App, other_process: Store) -> None:
    gone = SourceState(paused="gone for good")
    other_process.sources.record_states([(1, gone)], {})

    async def nothing() -> None:
        return

    assert beside(app, nothing, names=["a"]).count("skipped") == 1


def lease_end(app: App) -> datetime:
    """When the first lease ends."""
    with closing(sqlite3.connect(Path(app.settings.storage, "aggregator.db"))) as database:
        (first,) = database.execute("SELECT min(lease_until) FROM host").fetchone()
    return EPOCH + timedelta(microseconds=first)


def test_leases_of_what_takes_long_are_extended(
    room: Newsroom, server: Server, app: App, other_process: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.pipeline.states.INTERVAL", 0.02)
    monkeypatch.setattr("aggregator.pipeline.leases.EXTEND", 0.1)
    server.put("*", rss(item(1)), pause=1.5)
    start = room.now

    async def look() -> None:
        while not server.requests:
            await asyncio.sleep(0.02)
        room.now = start + 0.9 * leases.LEASE
        while lease_end(app) == start + leases.LEASE:
            await asyncio.sleep(0.02)
        assert other_process.leases.claim(start + leases.LEASE, Selection(everything=True), limit=9, lease=LONG) == ()

    report = beside(app, look, everything=True)
    assert report.count("fetched") == 3
    assert len(server.requests) == 3


@for_each(
    ("fetch", "share"),
    [
        ({}, 4),  # two in flight, and those that start within two ticks
        ({"host_gap": timedelta(seconds=30)}, 4),
        ({"host_gap": timedelta(milliseconds=300)}, 10),
        ({"host_gap": timedelta(0)}, 32),
        ({"host_gap": timedelta(milliseconds=1)}, 32),
        ({"concurrency": 1}, 2),
    ],
)
def test_a_hosts_share_keeps_its_queue_filled_and_queue_for_others(fetch: dict[str, Any], share: int) -> None:
    assert share_of_host(Fetch(**fetch), timedelta(seconds=1)) == share


def test_the_host_of_a_redirect_is_asked_by_one_process(room: Newsroom, server: Server) -> None:
    """Here `a` waits until the other process's lease of the host is over; the host that redirected counts as asked."""
    with room.opened() as app, Server() as target:
        server.put("/a", status=302, headers={"Location": target.url("/moved")})
        target.put("*", rss(item(2)))
        with Store.open(app.settings.database or "") as other_process, other_process.leases.fetching():
            assert other_process.leases.visit(host_key(target.url("/")), room.now, leases.LEASE) is None
            assert room.once().kinds == {"a": "skipped", "b": "fetched", "c": "fetched"}
            assert target.requests == []
            state = room.state("a").state
            assert (state.next_fetch, state.last_fetch) == (room.now + leases.LEASE, room.now)
        room.later(seconds=61)
        assert room.once(everything=False).kinds == {"a": "fetched"}
        assert len(target.requests) == 1


def test_the_gap_is_kept_after_a_visit_of_another_process(room: Newsroom) -> None:
    async def visit(app: App) -> bool:
        async with Fetcher(app.settings.fetch, app.clock) as fetcher:
            visits = HostVisits(app, fetcher)
            assert await visits.begin("paper.example")
            await visits.end()
            app.store.leases.end_unused()
            return "paper.example" in fetcher.limiter.next_starts

    with room.opened() as first, room.opened() as second:
        assert [asyncio.run(visit(app)) for app in (first, first, second, second)] == [False, False, True, False]


@pytest.mark.parametrize(
    ("rate", "most"), [(0, 16), (8, 16), (20, 40), (32, 64), (1_000, 64)], ids=lambda value: str(value)
)
def test_a_process_claims_no_more_than_it_can_start_soon(rate: int, most: int) -> None:
    assert queue_for(64, rate) == most


def test_slow_sources_leave_the_others_to_other_processes(tmp_path: Path, server: Server) -> None:
    """Ten sources hang here, with `concurrency: 4`: five are claimed, and stay so at the next tick."""
    server.put("*", hang=True)
    sources = [{"name": f"s{number}", "url": server.url(f"/{number}")} for number in range(10)]
    room = newsroom(tmp_path, sources, fetch={"concurrency": 4, "unpaced": ["127.0.0.1"], "timeout": "30s"})

    async def poll(app: App) -> None:
        poller = Poller(app, lambda outcome: None, lambda _: nullcontext(), asyncio.Event(), TICK)
        async with Fetcher(app.settings.fetch, app.clock) as fetcher:
            for _ in range(2):
                await poller.poll(app, fetcher)
                while fetcher.limiter.free_slots >= 0:
                    await asyncio.sleep(0.02)
            assert len(app.store.leases.claimed) == 5
            await poller.drain(0)

    with room.opened() as app:
        asyncio.run(poll(app))
