"""A feed is rendered at most so often while a process runs; commands write at once."""

from pathlib import Path

import pytest

from aggregator.publish import publish_changed
from tests.newsroom import Newsroom, item, newsroom, rss
from tests.servers import Server


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Newsroom:
    """Two articles that were published a moment ago, and a third that was recorded since."""
    server.put("/feed", rss(item(1), item(2)))
    sources = [{"name": "paper", "url": server.url("/feed"), "category": "news"}]
    room = newsroom(tmp_path, sources, feeds={"min_age": "1m", "formats": ["rss"]})
    room.once()
    server.put("/feed", rss(item(1), item(2), item(3)))
    return room


def published(room: Newsroom, *, waits: bool) -> tuple[int, int, bool]:
    """Numbers of written articles and feeds, and whether a feed has the third article."""
    with room.opened() as app:
        numbers = publish_changed(app, waits=waits)
    return numbers.articles, numbers.feeds, b"Story number 3" in room.feed("all.rss")


def test_feeds_wait_until_they_are_old_enough(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("tests.newsroom.publish_changed", lambda app: publish_changed(app, waits=True))
        first = room.once().published
    assert (first.articles, first.feeds) == (1, 0)
    room.later(seconds=59)
    assert published(room, waits=True) == (0, 0, False)
    room.later(seconds=2)
    assert published(room, waits=True) == (0, 2, True)
    assert published(room, waits=True) == (0, 0, True)


def test_a_command_does_not_wait(room: Newsroom) -> None:
    assert room.once().published.feeds == 2


def test_a_clock_that_was_set_back_makes_no_feed_wait(room: Newsroom) -> None:
    room.later(seconds=-3600)
    with room.opened() as app:
        app.store.outbox.mark_categories((), names=("all",))
        assert app.store.outbox.categories(unrendered=(room.now, room.now)) != ()
