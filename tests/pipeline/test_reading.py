"""The first poll after an upgrade: what a new version reads otherwise is no edit of the source."""

import sqlite3
from pathlib import Path

import pytest

from tests.newsroom import Newsroom, item, newsroom, prose, rss
from tests.servers import Server


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Newsroom:
    room = newsroom(tmp_path, [{"name": "paper", "url": server.url("/feed"), "language": "en"}])
    server.put("/feed", rss(item(1), item(2)))
    room.once()
    return room


def run(room: Newsroom, statement: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(room.storage / "aggregator.db")
    with connection:
        rows = connection.execute(statement).fetchall()
    connection.close()
    return rows


def test_a_text_that_comes_out_differently_is_rewritten_once_and_not_edited(room: Newsroom, server: Server) -> None:
    paths = list(room.articles())
    moments = run(room, "SELECT id, uid, path, published, updated, edited FROM article ORDER BY id")
    run(room, "UPDATE source SET reading = NULL")  # as of a version before
    run(room, "UPDATE article SET title = 'As once read', text_digest = x'00' WHERE title = 'Story number 1'")
    server.put("/feed", rss(item(1), item(2), head="<!-- other bytes -->"))
    room.later(days=1)
    upgraded = room.once()
    assert (upgraded.new, upgraded.updated, upgraded.rows) == (0, 0, 1)
    assert run(room, "SELECT title FROM article ORDER BY title") == [("Story number 1",), ("Story number 2",)]
    assert list(room.articles()) == paths
    assert run(room, "SELECT id, uid, path, published, updated, edited FROM article ORDER BY id") == moments
    assert run(room, "SELECT * FROM revision") == []
    server.put("/feed", rss(item(1), item(2), head="<!-- and others -->"))
    assert room.once().rows == 0


def test_an_edit_after_the_first_poll_is_one(room: Newsroom, server: Server) -> None:
    run(room, "UPDATE source SET reading = 1")
    server.put("/feed", rss(item(1), item(2), head="<!-- other bytes -->"))
    assert room.once().rows == 0
    server.put("/feed", rss(item(1, description=f"&lt;p&gt;{prose(9)}&lt;/p&gt;"), item(2)))
    assert room.once().updated == 1
    assert len(run(room, "SELECT * FROM revision")) == 1
