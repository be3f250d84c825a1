"""Withdrawals on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.newsroom import Newsroom, newsroom
from tests.pipeline.test_withdraw import (
    DELETED,
    RENEWED,
    SHARED,
    atom,
    entry,
    faults,
    owners,
    poll,
    tombstone,
    tombstones,
)
from tests.servers import Server


@pytest.fixture
def web() -> Iterator[Server]:
    """The sources' server; `server` is PostgreSQL here."""
    with Server() as running:
        yield running


@pytest.fixture
def room(tmp_path: Path, web: Server, url: str) -> Newsroom:
    """Two sources that share a story, with a story of their own each."""
    web.put("/first", atom(entry(1, link=SHARED), entry(2)))
    web.put("/second", atom(entry(1, link=SHARED), entry(3)))
    sources = [{"name": name, "url": web.url(f"/{name}"), "category": name} for name in ("first", "second")]
    room = newsroom(tmp_path, sources, database=url)
    room.once()
    return room


def test_an_article_goes_comes_back_and_changes_hands(room: Newsroom, web: Server) -> None:
    poll(room, web, entry(2), tombstone(1), tombstone(2), path="/first")
    room.once()
    assert room.titles() == ["Story number 1", "Story number 3"]
    assert owners(room)[SHARED] == ["second"]
    assert tombstones(room) == tombstones(room, "first") == [("tag:source.example,2026:2", DELETED)]
    assert faults(room) == []
    poll(room, web, entry(1, link=SHARED, updated=RENEWED), entry(2, updated=RENEWED), path="/first")
    assert owners(room)[SHARED] == ["first", "second"]
    assert len(room.titles()) == 3
    assert tombstones(room) == []
    assert faults(room) == []


def test_an_article_that_rules_dropped_is_withdrawn_too(room: Newsroom, web: Server) -> None:
    room.configuration["rules"] = [{"if": {"title": "number 2"}, "drop": True}]
    room.once()
    assert room.titles() == ["Story number 1", "Story number 3"]
    poll(room, web, entry(1, link=SHARED), tombstone(2), path="/first")
    room.configuration["rules"] = []
    room.once()
    assert room.titles() == ["Story number 1", "Story number 3"]
    assert faults(room) == []
