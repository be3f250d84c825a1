"""Rules end to end: a loopback source, a real database, files, feeds and pages."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.newsroom import Newsroom, item, newsroom, rss
from tests.servers import Server


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Newsroom:
    """A newsroom with one source `example`; the server answers /feed with three stories."""
    server.put("/feed", rss(item(1, title="A | Site"), item(2, title="Sponsored: B | Site"), item(3, title="C | Site")))
    return newsroom(tmp_path, [{"name": "example", "url": server.url("/feed"), "categories": ["news"]}])


def rules(room: Newsroom, *rules: dict[str, Any]) -> None:
    room.configuration["rules"] = list(rules)


DROP = {"if": {"title": "sponsored"}, "drop": True}
SHORTEN = {"replace": {"in": "title", "find": r" \| Site$", "with": ""}}


def test_a_dropped_entry_is_stored_but_in_no_file_feed_or_count(room: Newsroom) -> None:
    rules(room, DROP)
    cycle = room.once()
    assert (cycle.new, cycle.report.entries) == (2, 3)
    assert room.titles() == ["A | Site", "C | Site"]
    for name in ("all.rss", "all.atom", "all.json", "news.json"):
        assert b"Sponsored" not in room.feed(name)
        assert b"C | Site" in room.feed(name)


def test_it_comes_back_as_it_was_when_the_rule_goes(room: Newsroom, server: Server) -> None:
    room.once()
    before = room.files()
    rules(room, DROP)
    room.later(hours=1)
    cycle = room.once("none", everything=False) if False else room.once()
    assert cycle.new == cycle.updated == 0
    assert room.titles() == ["A | Site", "C | Site"]
    rules(room)
    room.later(hours=1)
    room.once()
    after = room.files()
    assert {name: data for name, (_, data) in after.items()} == {name: data for name, (_, data) in before.items()}
