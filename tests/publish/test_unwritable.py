"""Files that cannot be written: they stop nothing else, and are written once they can be."""

from pathlib import Path

import pytest

from aggregator.errors import FilesError
from aggregator.publish import UnwrittenError, publish_all, publish_changed
from tests.commands import aggregator, configure, running, until
from tests.newsroom import Newsroom, item, newsroom, rss
from tests.servers import Server

PATH = "paper/2026/11/24-story-number-2.md"


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Newsroom:
    server.put("/feed", rss(*map(item, range(5))))
    return newsroom(tmp_path, [{"name": "paper", "url": server.url("/feed"), "category": "news"}])


def obstacle(room: Newsroom, *paths: str) -> list[Path]:
    """Folders in the places of files."""
    folders = [room.storage / path for path in paths]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "mine").write_text("")
    return folders


def clear(folders: list[Path]) -> None:
    for folder in folders:
        (folder / "mine").unlink()
        folder.rmdir()


def test_an_unwritable_file_stops_nothing_else_and_its_mark_stays(room: Newsroom) -> None:
    folders = obstacle(room, f"articles/{PATH}", "feeds/news.rss")
    with pytest.raises(UnwrittenError, match=r"24-story-number-2\.md: a folder is in its place.*; and 1 more file"):
        room.once()
    assert len(room.articles()) == 4 + 1  # and the obstacle's own
    assert all((room.storage / "feeds" / name).is_file() for name in ("news.atom", "news.json", "all.rss"))
    with room.opened() as app:
        assert [article.path for article, _ in app.store.outbox.articles(9)] == [PATH]
        assert [name for name, _ in app.store.outbox.categories()] == ["news"]
        clear(folders)
        assert publish_changed(app).articles == 1
        assert publish_changed(app).articles == 0
    assert (room.storage / "articles" / PATH).is_file()


def test_everything_is_written_anew_but_what_cannot_be(room: Newsroom) -> None:
    room.once()
    (room.storage / "articles" / PATH).unlink()
    writable = room.storage / "articles" / PATH.replace("2.md", "3.md")
    writable.unlink()
    folders = obstacle(room, f"articles/{PATH}")
    with room.opened() as app:
        with pytest.raises(FilesError, match="number-2"):
            publish_all(app)
        assert writable.is_file()
        clear(folders)
        assert publish_changed(app).articles == 1


def test_a_change_of_style_is_not_repeated_for_a_file_that_cannot_be_written(room: Newsroom) -> None:
    room.once()
    (room.storage / "articles" / PATH).unlink()
    obstacle(room, f"articles/{PATH}")
    room.configuration["title"] = "Another"
    with room.opened() as app:
        with pytest.raises(UnwrittenError):
            publish_changed(app)
        assert b"Another" in room.feed("news.json")
        style = app.store.meta.get("style")
        with pytest.raises(UnwrittenError) as caught:
            publish_changed(app)
        assert (caught.value.published.feeds, app.store.meta.get("style")) == (0, style)


def test_the_daemon_says_which_file_and_once_publishes_the_rest(tmp_path: Path, server: Server, room: Newsroom) -> None:
    configure(tmp_path, sources=room.configuration["sources"])
    folders = obstacle(room, f"articles/{PATH}")
    done = aggregator("once", cwd=tmp_path, status=1)
    assert "5 new" in done.stdout
    assert PATH in done.stderr
    with running(tmp_path) as daemon:
        until(lambda: daemon.get("healthz").status_code == 503)
        assert f"{PATH}: a folder is in its place" in daemon.get("healthz").text
        assert "Story number 4" in daemon.get("feeds/news.rss").text
        clear(folders)
        until(lambda: daemon.get("healthz").status_code == 200)
        assert len(daemon.said("is in its place")) == 1


def test_the_start_says_what_runs_with_what(tmp_path: Path, room: Newsroom) -> None:
    configure(tmp_path, sources=room.configuration["sources"])
    with running(tmp_path) as daemon:
        (line,) = daemon.said("configuration feeds.yaml")
        assert f"storage {tmp_path}/storage, listening on 127.0.0.1:" in line
        assert "base_url is not set" in line
        assert daemon.said("other machines can connect") == []
