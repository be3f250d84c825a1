"""Requests that follow a record, in a daemon that stops, or reads its configuration again."""

import asyncio
import threading
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.daemon.following import FollowingRequests
from aggregator.errors import StoreBusyError
from aggregator.fetch import Fetcher
from aggregator.pipeline.complete import Completer
from aggregator.pipeline.host_states import HostStates
from aggregator.pipeline.poller import Poller
from tests.newsroom import Newsroom, newsroom, rss
from tests.servers import Server


def room_with_a_page(root: Path, server: Server) -> Newsroom:
    """A newsroom with an article whose page is to be read, and never answers."""
    page = server.put("/page", hang=True)
    server.put("/feed", rss(f"<title>One</title><link>{page}</link><description>A few words.</description>"))
    return newsroom(root, [{"name": "paper", "url": server.url("/feed"), "full_text": True}])


async def test_after_a_drain_that_failed_the_next_fetcher_is_used(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = room_with_a_page(tmp_path, server)
    await asyncio.to_thread(room.once)
    with room.opened() as app:
        poller = Poller(app, lambda outcome: None, lambda work: nullcontext(), asyncio.Event(), timedelta(seconds=1))
        following = FollowingRequests(
            lambda: app, lambda: fetcher, poller, lambda work: nullcontext(), lambda outcome: None
        )

        async def until_asked(times: int) -> None:
            async with asyncio.timeout(60):
                while len(server.asked("/page")) < times:
                    await following.start_due()
                    await asyncio.sleep(0.01)

        async with Fetcher(app.settings.fetch, app.clock) as fetcher:
            await until_asked(1)
            with monkeypatch.context() as locked:
                locked.setattr(app.store.pages, "release", _locked)
                with pytest.raises(StoreBusyError):
                    await following.drain(0)
        async with Fetcher(app.settings.fetch, app.clock) as fetcher:
            room.later(minutes=2)  # the lease is over
            await until_asked(2)
            await following.drain(0)


async def test_nothing_starts_that_is_claimed_while_the_daemon_stops(tmp_path: Path, server: Server) -> None:
    room = room_with_a_page(tmp_path, server)
    await asyncio.to_thread(room.once)
    with room.opened() as app:
        thread_is_free = threading.Event()
        async with Fetcher(app.settings.fetch, app.clock) as fetcher:
            completer = Completer(app, fetcher, HostStates(app.store))
            app.writer.submit(thread_is_free.wait, 60)
            starting = asyncio.create_task(completer.start_due())
            await asyncio.sleep(0)  # it waits for the thread now
            await completer.drain(0)
            thread_is_free.set()
            assert not await starting
            await asyncio.sleep(0.1)
        assert server.asked("/page") == ()
        ((article_id, _),) = completer._due(app.clock())
        assert len(app.store.pages.claim([article_id], app.clock(), timedelta(minutes=1))) == 1


def _locked(*_: Any) -> None:
    raise StoreBusyError("the database is locked")
