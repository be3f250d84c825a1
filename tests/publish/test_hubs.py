"""Which feeds a hub is told of: what has news, once it is on disk, and nothing else; whatever stops us in between."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from aggregator.errors import StoreError
from aggregator.pipeline import run_cycle
from aggregator.publish import publish_all, publish_changed
from aggregator.publish.hubs import notify_hub_within
from tests.newsroom import Newsroom, item, newsroom, rss
from tests.servers import Server

LIMIT = timedelta(seconds=60)


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Newsroom:
    server.put("/a", rss(item(1)))
    server.put("/b", rss(item(2)))
    sources: list[dict[str, Any] | str] = [{"name": name, "url": server.url(f"/{name}")} for name in "ab"]
    return newsroom(tmp_path, sources, feeds={"hub": server.put("/hub", status=202), "formats": ["rss"]})


def due(room: Newsroom) -> set[str]:
    with room.opened() as app:
        return {topic.path for topic in app.store.hubs.due_topics(room.now, 100)}


async def told(room: Newsroom, server: Server) -> list[str]:
    """Files that the hub hears of now."""
    before = len(server.asked("/hub"))
    with room.opened() as app:
        assert await notify_hub_within(app, LIMIT) is None
    urls = [parse_qs(request.body.decode())["hub.url"][0] for request in server.asked("/hub")[before:]]
    return sorted(url.rpartition("/")[2] for url in urls)


async def cycle(room: Newsroom) -> None:
    await asyncio.to_thread(room.once)


async def test_the_hub_hears_of_what_changed_and_of_nothing_else(room: Newsroom, server: Server) -> None:
    await cycle(room)
    assert await told(room, server) == ["a.rss", "all.rss", "b.rss"]
    assert await told(room, server) == []
    await cycle(room)
    assert due(room) == set()
    server.put("/a", rss(item(1), item(3)))
    await cycle(room)
    assert await told(room, server) == ["a.rss", "all.rss"]
    with room.opened() as app:
        publish_all(app)
    assert due(room) == set()


async def test_a_change_of_what_shapes_all_feeds_is_news(room: Newsroom, server: Server) -> None:
    await cycle(room)
    await told(room, server)
    room.configuration["title"] = "Another"
    with room.opened() as app:
        publish_changed(app)
    assert due(room) == {"a.rss", "all.rss", "b.rss"}


async def test_what_stops_us_between_files_and_marks_loses_no_news(
    room: Newsroom, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cycle(room)
    await told(room, server)
    server.put("/a", rss(item(1), item(3)))

    with room.opened() as app:
        await run_cycle(app, lambda _outcome: None, everything=True)
        take_away = app.store.outbox.published

        def full(marks: Any, now: datetime, *news: Any) -> None:
            if any(news):
                raise StoreError("the disk is full")
            take_away(marks, now)

        monkeypatch.setattr(app.store.outbox, "published", full)
        with pytest.raises(StoreError):
            publish_changed(app)
    monkeypatch.undo()
    assert b"Story number 3" in room.feed("a.rss")
    assert due(room) == set()
    with room.opened() as app:
        publish_changed(app)
    assert await told(room, server) == ["a.rss", "all.rss"]


async def test_a_feed_that_is_gone_is_not_announced(room: Newsroom, server: Server) -> None:
    await cycle(room)
    assert "b.rss" in due(room)
    room.configuration["sources"].pop()
    with room.opened() as app:
        publish_changed(app)
    assert await told(room, server) == ["a.rss", "all.rss"]


def test_without_a_hub_nothing_is_noted(room: Newsroom) -> None:
    room.configuration["feeds"].pop("hub")
    room.once()
    assert due(room) == set()


async def test_a_hub_that_hangs_costs_no_more_than_the_limit(room: Newsroom, server: Server) -> None:
    await cycle(room)
    server.put("/hub", hang=True)
    with room.opened() as app:
        failure = await notify_hub_within(app, timedelta(milliseconds=300))
    assert failure
    assert "within 0.3 s" in failure.reason
    assert due(room) == {"a.rss", "all.rss", "b.rss"}
