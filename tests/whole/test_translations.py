"""Translations: each text is requested once, a server that fails delays nothing, and what it sends is cleaned."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import text
from starlette.testclient import TestClient

from aggregator.config import load
from aggregator.errors import ConfigError
from aggregator.maintain.plan import Plan, plan
from aggregator.maintain.prune import prune_all
from aggregator.maintain.verify import differences
from aggregator.publish import publish_changed
from aggregator.serve import Health, Metrics, site
from aggregator.status import waiting_work
from tests.commands import configure, daemon, until
from tests.full_text.pages import html
from tests.newsroom import Newsroom, item, newsroom, rss
from tests.servers import Answer, Request, Server
from tests.thorough import with_each_database

BODY = '&lt;p&gt;The &lt;a href="https://a.example/"&gt;bridge&lt;/a&gt; is open.&lt;/p&gt;'


def translated(request: Request) -> Answer:
    """The answer of a LibreTranslate server that writes the language before each text."""
    fields = json.loads(request.body)
    answer = fields["q"].replace("The ", f"[{fields['target']}] The ")
    if answer == fields["q"]:
        answer = f"[{fields['target']}] {answer}"
    return Answer(body=json.dumps({"translatedText": answer}).encode())


def room_of(tmp_path: Path, server: Server, source: dict[str, Any] | None = None, **settings: Any) -> Newsroom:
    """One source that is translated into German; the server's address is private, and not allowed for feeds' sakes."""
    server.put("/feed", rss(item(1, title="The bridge", description=BODY)))
    server.put("/translate", translated)
    sources = [{"name": "one", "url": server.url("/feed"), "language": "en", "translate": ["de"], **(source or {})}]
    return newsroom(tmp_path, sources, translate={"url": server.url("/")}, **settings)


def sent(server: Server) -> list[dict[str, str]]:
    return [json.loads(request.body) for request in server.asked("/translate")]


STORED = """SELECT translation.*, title, html, markdown FROM translation
    JOIN (SELECT id, number FROM article) AS article ON article.id = article_id
    LEFT JOIN translation_text AS made ON made.article_number = number AND made.language = translation.language
    ORDER BY article_id, translation.language"""


def rows(room: Newsroom) -> list[Any]:
    """The stored translations."""
    with room.opened() as app, app.store.database.reading() as connection:
        return list(connection.execute(text(STORED)).mappings())


def test_an_article_is_translated_by_one_request_a_text(
    tmp_path: Path, server: Server, database: dict[str, Any]
) -> None:
    room = room_of(tmp_path, server, **database)
    room.once()
    assert sent(server) == []
    room.translate()
    assert [(each["source"], each["target"], each["format"]) for each in sent(server)] == [("en", "de", "html")] * 3
    assert all("api_key" not in each for each in sent(server))
    assert '<a href="https://a.example/"' in sent(server)[2]["q"]
    ((row),) = rows(room)
    assert (row["language"], row["title"], row["due"]) == ("de", "[de] The bridge", None)
    assert "[de] The " in row["html"]
    assert "](https://a.example/)" in row["markdown"]
    for _ in range(2):
        room.later(hours=1)
        room.once()
        room.translate()
    assert len(sent(server)) == 3


@with_each_database
def test_an_edit_requests_the_changed_text_alone(tmp_path: Path, server: Server, database: dict[str, Any]) -> None:
    room = room_of(tmp_path, server, **database)
    room.once()
    room.translate()
    server.put("/feed", rss(item(1, title="The old bridge", description=BODY)))
    room.later(hours=1)
    room.once()
    room.translate()
    assert [each["q"] for each in sent(server)[3:]] == ["The old bridge"]
    (row,) = rows(room)
    assert row["title"] == "[de] The old bridge"


@with_each_database
def test_a_story_of_two_sources_is_translated_once(tmp_path: Path, server: Server, database: dict[str, Any]) -> None:
    room = room_of(tmp_path, server, **database)
    (source,) = room.configuration["sources"]
    room.configuration["sources"].append({**source, "name": "two", "translate": ["de"]})
    cycle = room.once()
    assert (cycle.new, cycle.duplicates) == (1, 1)
    room.translate()
    assert len(sent(server)) == 3
    assert [row["language"] for row in rows(room)] == ["de"]


def test_an_article_of_that_language_is_not_translated(tmp_path: Path, server: Server) -> None:
    room = room_of(tmp_path, server, {"language": "de-AT"})
    room.once()
    room.translate()
    assert (sent(server), rows(room)) == ([], [])


def test_an_article_with_full_text_waits_for_its_page(tmp_path: Path, server: Server) -> None:
    server.put("/story", html(), headers={"Content-Type": "text/html"})
    room = room_of(tmp_path, server, {"full_text": True})
    server.put("/feed", rss(item(1, title="The bridge", link=server.url("/story"), description=BODY)))
    room.once()
    room.translate()
    assert sent(server) == []
    room.complete()
    room.translate()
    assert "eleven years" in sent(server)[2]["q"]


@pytest.mark.parametrize("answer", [{"status": 503}, {"status": 200, "body": b"<html>"}, {"status": 302}], ids=repr)
def test_a_server_that_fails_is_asked_again_with_a_back_off(
    tmp_path: Path, server: Server, answer: dict[str, Any]
) -> None:
    room = room_of(tmp_path, server)
    server.put("/translate", **{"body": b"", **answer})
    assert room.once().new == 1
    for seconds in (1, 2, 4):
        before = len(server.asked("/translate"))
        room.translate()
        assert len(server.asked("/translate")) == before + 1
        room.translate()
        assert len(server.asked("/translate")) == before + 1
        room.later(seconds=seconds)
    server.put("/translate", translated)
    room.translate()
    (row,) = rows(room)
    assert (row["title"], row["failures"], row["error"]) == ("[de] The bridge", 0, None)


def test_a_text_that_is_refused_does_not_hold_off_the_next(tmp_path: Path, server: Server) -> None:
    room = room_of(tmp_path, server)
    server.put("/feed", rss(item(1, title="The bridge"), item(2, title="The harbour")))

    def answer(request: Request) -> Answer:
        return Answer(status=400) if b"bridge" in request.body else translated(request)

    server.put("/translate", answer)
    room.once()
    room.translate()
    assert sorted(str(row["title"]) for row in rows(room)) == ["None", "[de] The harbour"]


def test_without_a_server_translate_is_a_fault(tmp_path: Path, server: Server) -> None:
    room = room_of(tmp_path, server)
    del room.configuration["translate"]
    with pytest.raises(ConfigError) as raised, room.opened():
        pass
    (fault,) = raised.value.faults
    assert "`translate` needs a server: set `translate.url`" in str(fault)
    assert (fault.line, fault.column) > (1, 1)


def test_nothing_is_stored_while_no_source_is_translated(tmp_path: Path, server: Server) -> None:
    room = room_of(tmp_path, server, {"translate": []})
    room.once()
    room.translate()
    assert (sent(server), rows(room)) == ([], [])


# -------------------------------------------------------------------------------------------------------------- outputs


def planned(room: Newsroom) -> Plan:
    """The plan of the configuration as it is now."""
    path = room.root / "feeds.yaml"
    path.write_text(yaml.safe_dump(room.configuration))
    return plan(load(path, {}), {}, lambda: room.now)


def differing(room: Newsroom, *, repair: bool = False) -> list[str]:
    with room.opened() as app:
        return [str(difference).partition(";")[0] for difference in differences(app, repair=repair)]


@with_each_database
def test_a_translation_has_a_file_and_feeds(tmp_path: Path, server: Server, database: dict[str, Any]) -> None:
    room = room_of(tmp_path, server, **database)
    room.once()
    (path,) = room.articles()
    (before,) = json.loads(room.feed("one.json"))["items"]
    room.later(minutes=1)
    room.translate()
    translated_path = f"{path.removesuffix('.md')}.de.md"
    assert set(room.articles()) == {path, translated_path}
    for article, language in ((room.articles()[path], "en"), (room.articles()[translated_path], "de")):
        assert f'lang:\n  - "{language}"\ntranslations:\n  - "en"\n  - "de"\n' in article
    assert 'title: "[de] The bridge"' in room.articles()[translated_path]
    (after,) = json.loads(room.feed("one.json"))["items"]
    assert after == before
    for name in ("one.de", "all.de"):
        (entry,) = json.loads(room.feed(f"{name}.json"))["items"]
        assert (entry["title"], entry["url"]) == ("[de] The bridge", before["url"])
        assert entry["id"].startswith("urn:uuid:")
        assert entry["id"] != before["id"]
        assert b"[de] The bridge" in room.feed(f"{name}.rss")
        assert b"[de] The bridge" in room.feed(f"{name}.atom")


def test_a_feed_of_a_language_has_the_articles_written_in_it(tmp_path: Path, server: Server) -> None:
    room = room_of(tmp_path, server, {"category": "news"})
    server.put("/german", rss(item(2, title="Der Hafen")))
    german = {"name": "two", "url": server.url("/german"), "language": "de", "category": "news"}
    server.put("/french", rss(item(3, title="Le port")))
    french = {"name": "three", "url": server.url("/french"), "language": "fr", "category": "news"}
    room.configuration["sources"] += [german, french]
    room.once()
    room.translate()
    titles = {entry["title"] for entry in json.loads(room.feed("news.de.json"))["items"]}
    assert titles == {"[de] The bridge", "Der Hafen"}
    assert not (tmp_path / "storage/feeds/news.fr.json").exists()


def test_names_of_articles_that_end_as_those_of_translations_are_told_from_them(
    tmp_path: Path, server: Server, database: dict[str, Any]
) -> None:
    room = room_of(tmp_path, server, articles={"name": "{source}/{slug}.de.md"}, **database)
    room.once()
    room.translate()
    assert list(room.articles()) == ["one/the-bridge.de.de.md", "one/the-bridge.de.md"]
    assert differing(room) == []
    (tmp_path / "storage/articles/one/the-bridge.de.md").unlink()
    assert [difference.rpartition(": ")[2] for difference in differing(room)] == ["missing"]
    (source,) = room.configuration["sources"]
    source["translate"] = []
    room.once()
    assert list(room.articles()) == ["one/the-bridge.de.md"]
    assert differing(room) == []


def test_pruning_removes_the_translation_too(tmp_path: Path, server: Server, database: dict[str, Any]) -> None:
    room = room_of(tmp_path, server, retention="2d", **database)
    room.once()
    room.translate()
    assert len(room.articles()) == 2
    with room.opened() as app:
        assert list(differences(app)) == []
    room.later(days=5)
    with room.opened() as app:
        assert prune_all(app) == 1
        publish_changed(app)
        with app.store.database.reading() as connection:
            assert connection.scalar(text("SELECT count(*) FROM translated_text")) == 0
    assert (room.articles(), rows(room)) == ({}, [])
    assert list((room.storage / "feeds").glob("*.de.*")) == []


def test_a_language_that_a_source_does_not_name_any_more_is_removed(
    tmp_path: Path, server: Server, database: dict[str, Any]
) -> None:
    room = room_of(tmp_path, server, {"translate": ["de", "fr"]}, **database)
    room.once()
    room.translate()
    (path,) = (path for path in room.articles() if path.count(".") == 1)
    (source,) = room.configuration["sources"]
    for languages in (["fr"], []):
        source["translate"] = languages
        if not languages:
            del room.configuration["translate"]
        assert planned(room).removed_translations == 1
        room.once()
        assert list(room.articles()) == [*(f"{path.removesuffix('.md')}.{each}.md" for each in languages), path]
        assert [row["language"] for row in rows(room)] == languages
        names = {file.name for file in (room.storage / "feeds").glob("*.json")}
        assert names == {
            "one.json",
            "all.json",
            *(f"{name}.{each}.json" for each in languages for name in ("one", "all")),
        }
        assert differing(room) == []
        assert planned(room).removed_translations == 0
    assert 'translations:\n  - "en"\n' in room.articles()[path]
    assert '"de"' not in room.articles()[path]


def test_a_mark_of_a_language_that_is_not_named_any_more_goes_too(tmp_path: Path, server: Server) -> None:
    room = room_of(tmp_path, server)
    room.once()
    with room.opened() as app:
        (stored,) = app.store.sources.overview(room.now)
        assert waiting_work(stored) == "translations that wait to be made: 1"
    room.configuration["sources"][0]["translate"] = ["fr"]
    room.translate()
    assert (sent(server), rows(room)) == ([], [])


def test_a_source_that_is_removed_leaves_its_translations(tmp_path: Path, server: Server) -> None:
    room = room_of(tmp_path, server)
    room.once()
    room.translate()
    before = room.articles()
    room.configuration["sources"] = [{"name": "two", "url": server.url("/none")}]
    del room.configuration["translate"]
    room.once()
    assert room.articles() == before
    assert len(rows(room)) == 1
    assert differing(room) == []


@with_each_database
def test_the_translation_of_a_dropped_article_goes_and_returns(
    tmp_path: Path, server: Server, database: dict[str, Any]
) -> None:
    room = room_of(tmp_path, server, **database)
    room.once()
    room.translate()
    before = room.articles()
    feed = json.loads(room.feed("one.de.json"))
    room.configuration["rules"] = [{"if": {"title": "bridge"}, "drop": True}]
    room.once()
    assert room.articles() == {}
    assert list((room.storage / "feeds").glob("*.de.*")) == []
    assert differing(room) == []
    del room.configuration["rules"]
    room.once()
    assert room.articles() == before
    assert json.loads(room.feed("one.de.json"))["items"] == feed["items"]
    assert len(sent(server)) == 3


def test_rules_that_change_a_text_have_it_translated_again(tmp_path: Path, server: Server) -> None:
    room = room_of(tmp_path, server)
    room.once()
    room.translate()
    room.configuration["rules"] = [{"replace": {"in": "title", "find": "bridge", "with": "old bridge"}}]
    room.once()
    room.translate()
    assert [each["q"] for each in sent(server)[3:]] == ["The old bridge"]
    assert any('title: "[de] The old bridge"' in article for article in room.articles().values())


def test_verify_finds_and_repairs_files_of_translations(tmp_path: Path, server: Server) -> None:
    room = room_of(tmp_path, server)
    room.once()
    room.translate()
    before = room.files()
    (path,) = (room.storage / "articles").rglob("*.de.md")
    path.unlink()
    with room.opened() as app, app.store.database.writing() as connection:
        connection.execute(text("UPDATE note SET value = 'de fr' WHERE name = 'languages'"))  # as after its removal
    stray = path.with_name(path.name.replace(".de.", ".fr."))
    stray.write_text("---\n---\n")
    (room.storage / "feeds" / "one.fr.rss").write_text("")
    assert differing(room) == [
        f"{path}: missing",
        f"{stray}: its article is not translated into this language any more",
        f"{room.storage}/feeds/one.fr.rss: its category, language or format is not published any more",
    ]
    assert len(differing(room, repair=True)) == 3
    assert {name: data for name, (_, data) in room.files().items()} == {
        name: data for name, (_, data) in before.items()
    }


def test_feeds_of_a_renamed_category_lead_to_those_of_the_new_one(tmp_path: Path, server: Server) -> None:
    room = room_of(tmp_path, server, {"category": "World"})
    room.once()
    room.translate()
    room.configuration["sources"][0]["category"] = "US"
    room.once()
    with room.opened() as app:
        client = TestClient(site(app, Health(app.clock), Metrics()), follow_redirects=False)
        answer = client.get("/feeds/world.de.rss")
        assert (answer.status_code, answer.headers["location"]) == (301, "us.de.rss")
        assert client.get("/feeds/us.de.rss").status_code == 200
        assert client.get("/feeds/us.fr.rss").status_code == 404


def test_the_daemon_publishes_translations(tmp_path: Path, server: Server) -> None:
    room = room_of(tmp_path, server)
    configure(tmp_path, **room.configuration)
    with daemon(tmp_path):
        until(lambda: any(path.endswith(".de.md") for path in room.articles()))
        until(lambda: (tmp_path / "storage/feeds/one.de.rss").exists())
    assert len(sent(server)) == 3
