import fcntl
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from aggregator.app import App
from aggregator.maintain.prune import prune_all
from aggregator.maintain.verify import Difference, differences
from aggregator.search_terms import query_terms
from aggregator.serve import Health, Metrics, site
from tests.newsroom import Newsroom, item, newsroom, rss
from tests.servers import Server

ANCIENT = {"pubDate": "Tue, 24 Nov 2015 10:00:00 +0000"}


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Newsroom:
    """Three stories of one category, the third from 2015, fetched and published."""
    server.put("/good", rss(item(1), item(2), item(3, **ANCIENT)))
    room = newsroom(
        tmp_path, [{"name": "good", "url": server.url("/good"), "category": "World News"}], retention="3650d"
    )
    room.once()
    return room


def verify(room: Newsroom, *, repair: bool = False) -> list[Difference]:
    with room.opened() as app:
        return list(differences(app, repair=repair))


def prune(room: Newsroom) -> int:
    with room.opened() as app:
        return prune_all(app)


def faults(differences: list[Difference], storage: Path) -> dict[str, str]:
    return {difference.subject.removeprefix(f"{storage}/"): difference.fault for difference in differences}


def in_feed(room: Newsroom, name: str) -> list[str]:
    return sorted(entry["title"] for entry in json.loads(room.feed(f"{name}.json"))["items"])


def execute(room: Newsroom, *statements: str) -> None:
    with closing(sqlite3.connect(room.storage / "aggregator.db")) as database, database:
        for statement in statements:
            database.execute(statement)


def test_prune_takes_what_is_older_than_retention_by_its_publication(room: Newsroom) -> None:
    assert prune(room) == 1
    left = ["Story number 1", "Story number 2"]
    assert room.titles() == in_feed(room, "all") == in_feed(room, "world-news") == left
    assert prune(room) == 0
    room.later(days=3649)
    assert prune(room) == 0
    room.later(days=2)
    assert prune(room) == 2
    assert room.articles() == {}
    assert in_feed(room, "all") == []
    assert verify(room) == []


def test_without_retention_nothing_is_pruned(room: Newsroom) -> None:
    room.configuration.pop("retention")
    assert prune(room) == 0
    assert len(room.articles()) == 3


def test_pruning_goes_in_batches(room: Newsroom, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.maintain.prune.BATCH", 2)
    server.put("/good", rss(*(item(number, **ANCIENT) for number in range(3, 10))))
    room.once()
    assert prune(room) == 7
    assert len(room.articles()) == 2


def test_what_is_pruned_stays_away_edited_or_not(room: Newsroom, server: Server) -> None:
    prune(room)
    for words in ("The same", "Edited", "Edited again"):
        server.put("/good", rss(item(1), item(3, description=words, **ANCIENT)))
        done = room.once()
        assert (done.new, done.updated, done.duplicates, done.published.articles) == (0, 0, 0, 0)
    assert len(room.articles()) == 2


def test_an_archive_that_is_put_up_anew_goes_too(room: Newsroom, server: Server) -> None:
    prune(room)
    server.put("/good", rss(item(1), item(4, **ANCIENT)))
    assert room.once().new == 1
    assert prune(room) == 1
    assert len(room.articles()) == 2


def test_what_was_killed_between_file_and_text_is_pruned_by_the_next(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def kill(*_: object) -> None:
        raise Killed

    with room.opened() as app, monkeypatch.context() as patch:
        patch.setattr(type(app.store.maintenance), "prune", kill)
        with pytest.raises(Killed):
            prune_all(app)
    assert len(room.articles()) == 2
    assert prune(room) == 1
    assert verify(room) == []


def test_all_is_well_after_a_cycle(room: Newsroom) -> None:
    assert verify(room) == []


def test_verify_changes_nothing_unless_it_repairs(room: Newsroom) -> None:
    for path in (room.storage / "articles").rglob("*.md"):
        path.write_text("edited")
    (room.storage / "feeds/all.atom").unlink()
    before = room.files()
    faults_by_path = faults(verify(room), room.storage)
    assert sorted(faults_by_path.values()) == [*["its bytes are not those of the database"] * 3, "missing"]
    assert faults_by_path["feeds/all.atom"] == "missing"
    assert room.files() == before
    assert [difference.action for difference in verify(room, repair=True)] == ["written"] * 4
    assert verify(room) == []


def test_what_waits_to_be_published_is_no_difference(room: Newsroom, server: Server) -> None:
    server.put("/good", rss(item(1), item(2, description="Edited, and longer than it was"), item(5)))

    def unpublished(app: App) -> None:
        """The cycle alone, as if the process were killed before it published."""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.newsroom.publish_changed", unpublished)
        assert room.once().new == 1
    assert verify(room) == []
    assert {difference.fault for difference in verify(room, repair=True)} == {"its publication was pending"}
    assert len(room.articles()) == 4


def test_a_strangers_file_is_named_and_left(room: Newsroom) -> None:
    strange = ["articles/good/note.md", "articles/odd\nname.md", "feeds/note.rss"]
    for place in strange:
        (room.storage / place).write_text("mine")
    for repair in (False, True):
        seen = verify(room, repair=repair)
        assert sorted(difference.subject.removeprefix(f"{room.storage}/") for difference in seen) == strange
        assert [difference.action for difference in seen] == ["", "", ""]
        assert not any("\n" in str(difference) for difference in seen)
    assert [(room.storage / place).read_text() for place in strange] == ["mine"] * 3


def test_what_killed_processes_left_is_removed(room: Newsroom) -> None:
    left = [room.storage / part / ".aggregator-7-7.tmp" for part in ("articles/good", "feeds")]
    for path in left:
        path.write_text("half")
    assert [difference.fault for difference in verify(room, repair=True)] == ["a killed process left it"] * 2
    assert not any(path.exists() for path in left)


def test_the_file_of_a_pruned_article_is_surplus(room: Newsroom) -> None:
    (old,) = (room.storage / "articles").rglob("*number-3.md")
    text = old.read_bytes()
    prune(room)
    old.parent.mkdir(parents=True)
    old.write_bytes(text)
    assert [difference.fault for difference in verify(room)] == ["its article was pruned, dropped or withdrawn"]
    assert [difference.action for difference in verify(room, repair=True)] == ["removed"]
    assert not old.exists()


def test_feeds_of_a_format_that_is_not_wanted_any_more_are_surplus(room: Newsroom) -> None:
    atom = room.feed("all.atom")
    room.configuration["feeds"] = {"formats": ["rss", "json"]}
    room.once()
    (room.storage / "feeds/all.atom").write_bytes(atom)
    assert list(faults(verify(room, repair=True), room.storage)) == ["feeds/all.atom"]
    assert verify(room) == []


def test_a_folder_that_is_shared_may_hold_files_of_others(room: Newsroom) -> None:
    room.configuration["articles"] = {"path": str(room.root / "site")}
    room.once()
    (room.root / "site/my-own-post.md").write_text("mine")
    assert verify(room) == []


def test_articles_without_keys_get_them_again(room: Newsroom, server: Server) -> None:
    prune(room)
    execute(room, "DELETE FROM key")
    assert len(verify(room)) == 3
    assert [difference.action for difference in verify(room, repair=True)] == ["keys written"] * 3
    assert verify(room) == []
    server.put("/good", rss(item(1), item(2, description="Edited, and longer than it was"), item(3, **ANCIENT)))
    done = room.once()
    assert (done.new, done.updated) == (0, 1)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM article_category WHERE category = 'world-news'",
        "DELETE FROM article_category",
        "UPDATE article_category SET category = 'other' WHERE category = 'world-news'",
    ],
)
def test_rows_of_categories_are_set_right_with_their_feeds(room: Newsroom, server: Server, statement: str) -> None:
    server.put("/other", rss(item(7)))
    room.configuration["sources"].append({"name": "other", "url": server.url("/other")})
    room.once()
    execute(room, statement)
    with room.opened() as app:
        before = app.feeds_root, {path.name: path.read_bytes() for path in app.feeds_root.iterdir()}
    assert verify(room) != []
    assert all(difference.action for difference in verify(room, repair=True))
    assert verify(room) == []
    assert {path.name: path.read_bytes() for path in before[0].iterdir()} == before[1]


def test_a_pruned_lead_of_a_story_gives_way_to_the_next(tmp_path: Path, server: Server) -> None:
    words = " ".join(f"word{number}" for number in range(80))
    ages = {"a": "Mon, 23 Nov 2026 10:00:00 +0000", "b": "Tue, 24 Nov 2026 10:00:00 +0000"}
    for name, date in ages.items():
        server.put(
            f"/{name}", rss(item(1, link=f"https://{name}.example/", guid=name, pubDate=date, description=words))
        )
    sources = [{"name": name, "url": server.url(f"/{name}"), "category": "news"} for name in ages]
    room = newsroom(tmp_path, sources, retention="1d")
    room.once("a")
    room.once("b")
    assert [entry["id"] for entry in json.loads(room.feed("news.json"))["items"]] != []
    assert prune(room) == 1
    (entry,) = json.loads(room.feed("news.json"))["items"]
    assert entry["url"].startswith("https://b.example")
    assert verify(room) == []


def test_who_publishes_waits_while_verify_looks(room: Newsroom) -> None:
    (room.storage / "feeds/all.rss").unlink()
    with room.opened() as app, (room.storage / ".publishing.lock").open("rb") as lock:
        looking = differences(app)
        next(looking)
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert list(looking) == []
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_repair_names_what_was_still_to_be_published(room: Newsroom) -> None:
    execute(room, "UPDATE article SET pending = 1, version = version + 1 WHERE title = 'Story number 1'")
    assert verify(room) == []
    (difference,) = verify(room, repair=True)
    assert difference.subject.endswith("24-story-number-1.md")
    assert difference.action == "published"
    assert verify(room, repair=True) == []


def test_verify_names_articles_that_the_search_lost_and_repair_indexes_them_anew(room: Newsroom) -> None:
    execute(
        room, "DELETE FROM searchable WHERE terms LIKE '%number 1 %'", "DELETE FROM search_index_data WHERE id > 1000"
    )
    (lost,) = verify(room)
    assert lost.fault == "the search does not have this article as it is"
    (repaired,) = verify(room, repair=True)
    assert (repaired.subject, repaired.action) == (lost.subject, "indexed anew")
    assert verify(room) == []
    with room.opened() as app:
        assert len(app.store.search.find(query_terms("story number"), 10).articles) == 3


def test_the_page_of_a_pruned_article_is_gone(room: Newsroom) -> None:
    with room.opened() as app:
        old = app.store.articles.page(None, 10)[-1].id
        client = TestClient(site(app, Health(app.clock), Metrics()))
        assert client.get(f"/article/{old}").status_code == 200
        assert prune_all(app) == 1
        for path, status in ((old, 410), (f"{old}/revisions/1", 410), ("0" * 32, 404)):
            assert client.get(f"/article/{path}").status_code == status


def test_the_database_beside_articles_is_no_difference(tmp_path: Path, server: Server) -> None:
    server.put("/good", rss(item(1), item(2)))
    room = newsroom(tmp_path, [{"name": "good", "url": server.url("/good")}], articles={"path": "."})
    room.once()
    assert list(room.storage.glob("good/*/*/*.md"))
    assert verify(room) == []
