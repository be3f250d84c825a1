"""Files that cannot be written: they stop nothing else, and are written once they can be."""

import asyncio
from pathlib import Path

import pytest

from aggregator.daemon.upkeep import Upkeep
from aggregator.errors import FilesError
from aggregator.maintain.prune import allow_retention, prune_all
from aggregator.maintain.verify import differences
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


def test_verify_repairs_all_others(room: Newsroom) -> None:
    room.once()
    articles, feeds = room.storage / "articles", room.storage / "feeds"
    obstacles = [f"articles/{PATH}", f"articles/{PATH.replace('2.md', '3.md')}", "feeds/news.rss"]
    for path in obstacles:
        (room.storage / path).unlink()
    folders = obstacle(room, *obstacles)
    (articles / PATH.replace("2.md", "4.md")).write_bytes(b"")
    (feeds / "all.json").unlink()
    with room.opened() as app:
        pending = {PATH, PATH.replace("2.md", "1.md")}
        marked = [article.id for article in app.store.articles.page(None, 9) if article.path in pending]
        app.store.outbox.mark_articles(marked)
        by_subject = {difference.subject: difference for difference in differences(app, repair=True)}
        unrepaired = {subject for subject, difference in by_subject.items() if not difference.action}
        assert unrepaired == {str(room.storage / path) for path in obstacles} | {str(path / "mine") for path in folders}
        assert "is pending: cannot write" in by_subject[str(articles / PATH)].fault
        assert "a folder is in its place" in by_subject[str(feeds / "news.rss")].fault
        assert len(by_subject) == len(unrepaired) + 3
        clear(folders)
        assert all(difference.action for difference in differences(app, repair=True))
        assert list(differences(app)) == []


def test_the_repair_after_an_unclean_stop_mends_all_others(room: Newsroom) -> None:
    room.once()
    for path in (f"articles/{PATH}", "feeds/all.atom"):
        (room.storage / path).unlink()
    folders = obstacle(room, f"articles/{PATH}", "feeds/all.atom")
    (room.storage / "feeds/news.json").unlink()
    (room.storage / "articles" / PATH.replace("2.md", "4.md")).unlink()
    with room.opened() as app:
        upkeep = Upkeep(lambda: app, lambda: False, unclean=True)
        asyncio.run(upkeep.repair())
        assert [work for work, _ in upkeep.due()] == []
        assert (room.storage / "feeds/news.json").is_file()
        assert (room.storage / "articles" / PATH.replace("2.md", "4.md")).is_file()
        with pytest.raises(UnwrittenError, match="a folder is in its place"):
            publish_changed(app)
        clear(folders)
        publish_changed(app)
        assert list(differences(app)) == []


def test_an_article_whose_file_cannot_be_removed_keeps_no_other_from_being_pruned(room: Newsroom) -> None:
    room.once()
    (room.storage / "articles" / PATH).unlink()
    folders = obstacle(room, f"articles/{PATH}")
    room.configuration["retention"] = "30d"
    room.later(days=60)
    with room.opened() as app:
        for _ in range(2):
            with pytest.raises(FilesError, match=r"cannot remove .*number-2\.md"):
                prune_all(app)
            assert room.articles().keys() == {f"{PATH}/mine"}
            assert [article.path for article in app.store.articles.page(None, 9)] == [PATH]
        allow_retention(app)
        upkeep = Upkeep(lambda: app, lambda: False, unclean=False)
        with pytest.raises(FilesError, match="cannot remove"):
            asyncio.run(upkeep.prune())
        clear(folders)
        assert prune_all(app) == 1
        assert app.store.articles.page(None, 9) == ()


def test_commands_do_all_the_rest_and_say_what_they_did(tmp_path: Path, server: Server, room: Newsroom) -> None:
    more = {"retention": "30000d", "articles": {"after": ["touch", "after"]}}
    configure(tmp_path, sources=room.configuration["sources"], **more)
    obstacle(room, f"articles/{PATH}")
    done = aggregator("once", cwd=tmp_path, status=1)
    assert "4 articles and 6 feeds written" in done.stdout
    assert done.stderr.count("a folder is in its place") == 1
    assert (tmp_path / "after").is_file()
    for command, said in (("publish", "1 article and 0 feeds written"), ("prune", "")):
        (tmp_path / "after").unlink()
        (room.storage / "articles" / PATH.replace("2.md", "3.md")).unlink(missing_ok=True)
        done = aggregator(command, cwd=tmp_path, status=1)
        assert said in done.stdout
        assert "a folder is in its place" in done.stderr
        assert (tmp_path / "after").is_file()


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
        own = daemon.url
    configure(tmp_path, sources=room.configuration["sources"], base_url=own)
    with running(tmp_path, "--port", own.rstrip("/").rpartition(":")[2]) as daemon:
        (line,) = daemon.said("configuration feeds.yaml")
        assert f"base_url {own}" in line
