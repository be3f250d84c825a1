"""Documents that cost too much, beside healthy ones: a failure of their source and of nothing else."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.app import READ, App
from aggregator.app import opened as opened_app
from aggregator.document import ReadResult
from aggregator.parse import is_cheap
from aggregator.pipeline import Report, run_cycle
from aggregator.publish import publish_changed
from aggregator.sandbox import Limits, Sandbox
from tests.commands import configure, daemon, until
from tests.newsroom import Newsroom, item, newsroom, rss
from tests.servers import Server

SLOW = rss(*(item(n, description="&lt;p>[x]: " * 6_000) for n in range(120)))  # what may define a link; some 20 s
HEALTHY = 6


@contextmanager
def opened(room: Newsroom, *, seconds: float = 8, memory: int = 1_500_000_000) -> Iterator[App]:
    """The app of `room`, with limits of its own for reading."""
    limits = Limits(seconds=seconds, deadline=600, memory=memory)
    with (
        room.opened() as app,
        Sandbox[ReadResult](READ, limits=limits, max_processes=2) as sandbox,
    ):
        yield replace(app, sandbox=sandbox)


def once(app: App) -> Report:
    report = asyncio.run(run_cycle(app, lambda outcome: None, everything=True))
    publish_changed(app)
    return report


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Newsroom:
    for number in range(HEALTHY):
        server.put(f"/{number}", rss(item(number)))
    names = [*map(str, range(HEALTHY)), "bad"]
    return newsroom(tmp_path, [{"name": f"s-{name}", "url": server.url(f"/{name}")} for name in names])


def test_a_document_that_takes_too_long_is_its_sources_failure(room: Newsroom, server: Server) -> None:
    server.put("/bad", SLOW, headers={"ETag": '"1"'})
    with opened(room, seconds=0.4) as app:
        report = once(app)
    assert (report.count("fetched"), report.count("failed")) == (HEALTHY, 1)
    (failure,) = report.failures
    assert str(failure.failure).startswith(f"{server.url('/bad')}: it took longer than 8 s to read; it is tried again")
    state = room.state("s-bad").state
    assert (state.failures, state.http_status, state.validators.etag, state.digest) == (1, 200, None, b"")
    assert state.next_fetch is not None
    assert state.next_fetch - room.now >= timedelta(minutes=30)
    assert len(room.titles()) == HEALTHY


def test_it_is_kept_away_from_longer_each_time_and_read_once_it_is_mended(room: Newsroom, server: Server) -> None:
    server.put("/bad", SLOW)
    waits = []
    with opened(room, seconds=0.2) as app:
        for _ in range(3):
            once(app)
            (state,) = (stored.state for stored in app.store.sources.all() if stored.source.name == "s-bad")
            assert state.next_fetch is not None
            waits.append(state.next_fetch - room.now)
    assert waits[0] < waits[1] < waits[2]
    server.put("/bad", rss(item(9)))
    assert room.once().kinds["s-bad"] == "fetched"
    assert room.state("s-bad").state.failures == 0


def test_a_document_that_takes_too_much_memory_is_its_sources_failure(room: Newsroom, server: Server) -> None:
    names = "".join(f"<t{n}>x</t{n}>" for n in range(400_000))
    server.put("/bad", rss(item(1) + names))
    with opened(room, seconds=600, memory=60_000_000) as app:
        report = once(app)
    assert (report.count("fetched"), report.count("failed")) == (HEALTHY, 1)
    assert "it took more than 1.5 GB of memory to read" in str(report.failures[0].failure)


def test_a_process_that_dies_fails_the_document_that_it_read(room: Newsroom, server: Server) -> None:
    server.put("/bad", SLOW)
    with opened(room, seconds=600) as app:

        async def kill() -> None:
            while not any(_seconds(pid) > 0.6 for pid in app.sandbox.pids):  # a start takes a third of that
                await asyncio.sleep(0.05)
            for pid in app.sandbox.pids:
                os.kill(pid, signal.SIGSEGV)

        async def both() -> Report:
            killing = asyncio.create_task(kill())
            report = await run_cycle(app, lambda outcome: None, everything=True)
            await killing
            return report

        report = asyncio.run(both())
    assert (report.count("fetched"), report.count("failed")) == (HEALTHY, 1)
    assert "internal error (SIGSEGV)" in str(report.failures[0].failure)


def _seconds(pid: int) -> float:
    """Processor time that the process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_healthy_documents_are_recorded_before_a_hostile_one_is_given_up(room: Newsroom, server: Server) -> None:
    server.put("/bad", SLOW)
    names = []
    with opened(room, seconds=1) as app:
        asyncio.run(run_cycle(app, lambda outcome: names.append(outcome.source), everything=True))
    assert names[-1] == "s-bad"
    assert len(names) == HEALTHY + 1


@pytest.mark.parametrize(("plain", "processes"), [(is_cheap, 1), (lambda document: False, 2)])
def test_it_makes_no_difference_where_documents_are_read(
    room: Newsroom, server: Server, monkeypatch: pytest.MonkeyPatch, plain: Any, processes: int
) -> None:
    server.put("/bad", b"\xff\xfe" + rss(item(7)).decode().replace('encoding="UTF-8"', "").encode("utf-16-le"))
    monkeypatch.setattr("aggregator.pipeline.read.is_cheap", plain)
    with opened(room) as app:
        assert once(app).count("fetched") == HEALTHY + 1
        assert len(app.sandbox.pids) == processes
    assert room.titles() == sorted(f"Story number {number}" for number in (*range(HEALTHY), 7))


def children(pid: int) -> list[int]:
    ids = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[:2]
        except OSError:  # it has ended meanwhile
            continue
        if int(parent) == pid and state != "Z":
            ids.append(int(path.parent.name))
    return ids


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_daemon_that_is_stopped_leaves_no_process(tmp_path: Path, server: Server, number: signal.Signals) -> None:
    server.put("/bad", SLOW)
    configure(tmp_path, sources=[{"name": "bad", "url": server.url("/bad")}])
    with daemon(tmp_path) as (process, _):
        until(lambda: bool(children(process.pid)), 60)
        (reading,) = children(process.pid)
        if number == signal.SIGTERM:
            os.kill(reading, signal.SIGSTOP)  # it would keep a processor busy for as long as the daemon waits for it
        process.send_signal(number)
        assert process.wait(30) == (0 if number == signal.SIGTERM else -number)
        until(lambda: not Path(f"/proc/{reading}").exists() or is_zombie(reading), 30)
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
    if number == signal.SIGTERM:
        with opened_app(tmp_path / "feeds.yaml", {}) as app:
            (stored,) = app.store.leases.claim(app.clock(), limit=9, lease=timedelta(minutes=1))
        assert (stored.source.name, stored.state.failures) == ("bad", 0)  # it was given back, and is nobody's failure


def is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
