"""Requests that follow a record, in a daemon that reads its configuration again."""

import asyncio
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.daemon.following import FollowingRequests
from aggregator.errors import StoreBusyError
from aggregator.fetch import Fetcher
from aggregator.pipeline.poller import Poller
from tests.newsroom import newsroom, rss
from tests.servers import Server


async def test_after_a_drain_that_failed_the_next_fetcher_is_used(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = newsroom(tmp_path, [{"name": "paper", "url": server.url("/feed"), "full_text": True}])
    server.put(
        "/feed", rss(f"<title>One</title><link>{server.url('/page')}</link><description>A few words.</description>")
    )
    server.put("/page", hang=True)
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


def _locked(*_: Any) -> None:
    raise StoreBusyError("the database is locked")
