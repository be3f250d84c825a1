"""The database compared with its files by a job, one part after the other, beside all other work."""

import logging
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from aggregator.app import App
from aggregator.maintain.compare import PARTS, compare_next
from aggregator.store import Store
from tests.clusters import Cluster, execute, rows
from tests.commands import aggregator, configure, running, until, working
from tests.newsroom import Newsroom, item, newsroom, rss
from tests.servers import Server

QUEUED = "SELECT id FROM procrastinate_jobs WHERE task_name != 'sweep'"
QUICK = {"allow_private": ["127.0.0.1/32"], "host_gap": "0s"}


@pytest.fixture
def room(tmp_path: Path, server: Server, postgresql: Cluster, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    """Thirty published articles in the two feeds of one category and all, with pages of archives."""
    monkeypatch.setattr("aggregator.maintain.compare.AGAIN", 0.0)
    server.put("/feed", rss(*map(item, range(30))))
    source = {"name": "paper", "url": server.url("/feed"), "category": "news"}
    room = newsroom(tmp_path, [source], database=postgresql.database(), feeds={"limit": 10})
    room.once()
    return room


def compare_all(room: Newsroom) -> dict[str, int]:
    """Compare all parts, each when it is due, and return the numbers of differences."""
    with room.opened() as app:
        for _ in PARTS:
            compare_next(app, lambda: False)
            compare_next(app, lambda: False)  # not due
            room.later(minutes=85)
        last = app.store.comparisons.last()
        assert last is not None
        return last.differences


def last_part(app: App) -> str:
    last = app.store.comparisons.last()
    assert last is not None
    return last.part


def test_what_is_as_it_should_be_differs_in_nothing(room: Newsroom, caplog: pytest.LogCaptureFixture) -> None:
    assert compare_all(room) == {}
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_each_kind_of_difference_is_found_and_a_repair_ends_them(
    room: Newsroom, caplog: pytest.LogCaptureFixture
) -> None:
    paths = sorted((room.storage / "articles").rglob("*.md"))
    paths[0].unlink()
    paths[1].write_text("overwritten")
    (room.storage / "feeds/news.atom").unlink()
    page = next((room.storage / "feeds/all").glob("*.rss"))
    page.write_text("overwritten")
    with room.opened() as app, app.store.database.writing() as connection:
        ids = list(connection.scalars(text("SELECT id FROM article ORDER BY id")))
        connection.execute(
            text("DELETE FROM article_category WHERE article_id = :id AND category = 'news'"), {"id": ids[0]}
        )
        connection.execute(
            text("DELETE FROM searchable WHERE number = (SELECT number FROM article WHERE id = :id)"), {"id": ids[-1]}
        )
    numbers = compare_all(room)
    assert numbers["feeds"] >= 2
    assert sum(numbers.values()) >= 6
    said = "\n".join(caplog.messages)
    for words in (str(paths[0]), str(paths[1]), f"{ids[0]}: this article stands in all", f"{ids[-1]}: the search"):
        assert words in said
    assert str(page) in said
    assert "`aggregator verify --repair` repairs what it can" in said
    aggregator("verify", "--repair", cwd=room.root)
    with room.opened() as app:
        assert app.store.workers.state(app.clock()).differences == 0
    assert compare_all(room) == {}


def test_what_is_marked_to_be_written_is_no_difference(room: Newsroom) -> None:
    with room.opened() as app:
        article = app.store.articles.page(None, 1)[0]
        for path in (room.storage / "articles").rglob("*.md"):
            path.unlink()
        app.store.outbox.mark_articles([each.id for each in app.store.articles.page(None, 99)])
        app.store.outbox.mark_categories([article.id])
    assert compare_all(room) == {}


def test_one_that_is_stopped_begins_again(room: Newsroom) -> None:
    with room.opened() as app:
        compare_next(app, lambda: False)
        room.later(minutes=85)
        compare_next(app, lambda: True)
        assert last_part(app) == PARTS[0]


@pytest.mark.parametrize(("before", "subject"), [("feeds", "articles:0"), ("f", "category:all")])
def test_it_waits_for_who_writes_the_files_unless_it_is_stopped(room: Newsroom, before: str, subject: str) -> None:
    looks = iter([False] * 20)
    with room.opened() as app, Store.open(str(room.configuration["database"])) as other:
        app.store.comparisons.note(before, 0, app.clock() - timedelta(days=1))
        with other.jobs.turn(subject):
            compare_next(app, lambda: next(looks, True))
            assert last_part(app) == before
        compare_next(app, lambda: False)
        assert last_part(app) != before


def test_a_worker_compares_and_servers_show_the_differences(
    tmp_path: Path, server: Server, postgresql: Cluster
) -> None:
    database, folder = postgresql.database(), tmp_path / "worker"
    folder.mkdir()
    server.put("/feed", rss(*map(item, range(20))))
    source = {"name": "paper", "url": server.url("/feed"), "category": "news"}
    configure(tmp_path, database=database, fetch=QUICK, sources=[source])
    feed = tmp_path / "storage/feeds/all.atom"
    with running(tmp_path, "--no-fetch") as site, working(folder, AGGREGATOR_DATABASE=database) as worker:
        until(lambda: rows(database, "SELECT value FROM note WHERE name = 'compared'") != [], 60)
        until(lambda: feed.exists() and rows(database, QUEUED) == [], 60)
        feed.write_text("overwritten")
        # That of the feeds is due.
        note = '["f", "2026-01-01T00:00:00+00:00", {}]'
        execute(database, f"UPDATE note SET value = '{note}' WHERE name = 'compared'")
        until(lambda: site.get("status.json").json()["differences"] == 1, 60)
        assert site.figure("aggregator_differences") == 1
        assert "1 difference between the database and its files" in site.get("status").text
        (line,) = worker.said("1 difference between database and files")
        assert "aggregator verify --repair" in line
