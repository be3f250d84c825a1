"""Rules end to end: a loopback source, a real database, files, feeds and pages."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.testclient import TestClient

from aggregator import files
from aggregator.errors import FilesError
from aggregator.maintain.prune import count_old, prune_all
from aggregator.maintain.verify import differences
from aggregator.serve import Health, Metrics, site
from aggregator.settings.rules import ACTIONS, CONDITIONS
from tests.commands import aggregator, configure, running, until
from tests.newsroom import Newsroom, front_matter, item, newsroom, prose, rss
from tests.servers import Server

DROP = {"if": {"title": "sponsored"}, "drop": True}
SHORTEN = {"replace": {"in": "title", "find": r" \| Site$", "with": ""}}
STORIES = (item(1, title="A | Site"), item(2, title="Sponsored: B | Site"), item(3, title="C | Site"))


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Newsroom:
    """A newsroom with one source `example`, of three stories."""
    server.put("/feed", rss(*STORIES))
    return newsroom(tmp_path, [{"name": "example", "url": server.url("/feed"), "categories": ["news"]}])


def set_rules(room: Newsroom, *rules: dict[str, Any]) -> None:
    room.configuration["rules"] = list(rules)


def set_own_rules(room: Newsroom, *rules: dict[str, Any]) -> None:
    room.configuration["sources"][0]["rules"] = list(rules)


def bytes_of(room: Newsroom) -> dict[str, bytes]:
    return {name: data for name, (_, data) in room.files().items()}


def ids_by_title(room: Newsroom) -> dict[str, str]:
    feed = json.loads(room.feed("all.json"))
    return {entry["title"]: entry["_id"] if "_id" in entry else entry["id"] for entry in feed["items"]}


def article_ids(room: Newsroom) -> list[str]:
    with room.opened() as app:
        return [article.id for article in app.store.articles.page(None, 100)]


def page_status(room: Newsroom, path: str) -> int:
    with room.opened() as app:
        client = TestClient(site(app, Health(app.clock), Metrics()), follow_redirects=False)
        return client.get(path).status_code


def faults(room: Newsroom, *, repair: bool = False) -> list[str]:
    with room.opened() as app:
        return [str(difference) for difference in differences(app, repair=repair)]


def test_a_dropped_entry_is_stored_but_in_no_file_feed_or_count(room: Newsroom) -> None:
    set_rules(room, DROP)
    cycle = room.once()
    assert (cycle.new, cycle.report.entries) == (2, 3)
    assert room.titles() == ["A | Site", "C | Site"]
    for name in ("all.rss", "all.atom", "all.json", "news.json"):
        assert b"Sponsored" not in room.feed(name)
        assert b"C | Site" in room.feed(name)
    assert faults(room) == []
    room.later(hours=1)
    cycle = room.once()
    assert (cycle.new, cycle.updated, cycle.duplicates, cycle.rows) == (0, 0, 0, 0)


def test_a_new_rule_takes_an_article_back_and_its_end_brings_it_again_as_it_was(room: Newsroom, server: Server) -> None:
    room.once()
    before, ids, requests = bytes_of(room), article_ids(room), len(server.requests)
    for put in (set_rules, set_own_rules):
        put(room, DROP)
        room.later(minutes=1)
        room.once(everything=False)
        (gone,) = set(ids) - set(article_ids(room))
        assert room.titles() == ["A | Site", "C | Site"]
        assert page_status(room, f"/article/{gone}") == 404
        assert b"Sponsored" not in b"".join(bytes_of(room).values())
        assert faults(room) == []
        put(room)
        room.later(minutes=1)
        room.once(everything=False)
        assert bytes_of(room) == before
        assert article_ids(room) == ids
        assert page_status(room, f"/article/{gone}") == 200
    assert len(server.requests) == requests  # nothing was fetched for it


def test_a_drop_is_decided_anew_for_each_edit(room: Newsroom, server: Server) -> None:
    set_rules(room, DROP)
    room.once()
    server.put("/feed", rss(item(1, title="Sponsored: A"), item(2, title="B"), item(3, title="C | Site")))
    room.later(hours=1)
    cycle = room.once()
    assert (cycle.new, cycle.duplicates) == (0, 0)
    assert room.titles() == ["B", "C | Site"]
    (head,) = (head for head in room.heads() if head["title"] == "B")
    assert str(head["date"]).startswith("2026-11-24 02:00")


def test_labels_set_by_rules_are_rows_and_go_with_them(room: Newsroom) -> None:
    room.once()
    before = bytes_of(room)
    set_rules(room, {"if": {"title": "^a"}, "tags": ["brief"], "categories": ["Short Notes"]})
    room.later(minutes=1)
    room.once(everything=False)
    (head,) = (head for head in room.heads() if head["title"] == "A | Site")
    assert (head["categories"], head["tags"]) == (["Short Notes"], ["example", "brief"])
    assert [entry["title"] for entry in json.loads(room.feed("short-notes.json"))["items"]] == ["A | Site"]
    assert b"A | Site" not in room.feed("news.json")
    assert b"A | Site" in room.feed("all.json")
    assert page_status(room, "/category/short-notes") == 200
    assert faults(room) == []
    set_rules(room)
    room.later(minutes=1)
    room.once(everything=False)
    assert bytes_of(room) == before
    assert page_status(room, "/category/short-notes") == 410


def test_a_category_that_only_a_rule_names_exists_before_anything_is_in_it(room: Newsroom) -> None:
    set_own_rules(room, {"if": {"title": "nothing"}, "categories": ["Later"]})
    room.once()
    assert json.loads(room.feed("later.json"))["items"] == []
    assert b"later" in room.feed("feeds.opml")


def test_categories_of_a_source_change_under_its_rules(room: Newsroom) -> None:
    set_own_rules(room, {"if": {"title": "^a"}, "categories": ["notes"]}, DROP)
    room.once()
    room.configuration["sources"][0]["categories"] = ["press"]
    room.later(minutes=1)
    room.once(everything=False)
    assert [entry["title"] for entry in json.loads(room.feed("notes.json"))["items"]] == ["A | Site"]
    assert [entry["title"] for entry in json.loads(room.feed("press.json"))["items"]] == ["C | Site"]
    assert faults(room) == []


def test_a_replaced_text_is_published_and_the_entry_is_kept(room: Newsroom, server: Server) -> None:
    room.once()
    before = bytes_of(room)
    set_rules(room, SHORTEN, {"replace": {"in": "text", "find": prose(1, 3), "with": "Start <b> of A"}})
    room.later(minutes=1)
    room.once(everything=False)
    assert room.titles() == ["A", "C", "Sponsored: B"]
    assert room.articles().keys() == {name.removeprefix("articles/") for name in before if name.startswith("articles/")}
    (text,) = (text for text in room.articles().values() if front_matter(text)["title"] == "A")
    assert "\nStart &lt;b> of A word1x4" in text
    assert front_matter(text)["summary"].startswith("Start \\<b> of A word1x4")
    feed = json.loads(room.feed("all.json"))
    (entry,) = (entry for entry in feed["items"] if entry["title"] == "A")
    assert "Start &lt;b&gt; of A" in entry["content_html"]
    assert entry.get("date_modified", entry["date_published"]) == entry["date_published"]  # not edited
    room.later(hours=1)
    cycle = room.once()  # the same entries again
    assert (cycle.new, cycle.updated, cycle.rows) == (0, 0, 0)
    set_rules(room)
    room.later(minutes=1)
    room.once(everything=False)
    assert bytes_of(room) == before


def test_an_edit_of_an_entry_with_a_replaced_text(room: Newsroom, server: Server) -> None:
    set_rules(room, SHORTEN)
    room.once()
    server.put("/feed", rss(item(1, title="A edited | Site"), *STORIES[1:]))
    room.later(hours=1)
    cycle = room.once()
    assert (cycle.new, cycle.updated) == (0, 1)
    assert room.titles() == ["A edited", "C", "Sponsored: B"]
    set_rules(room)
    room.later(minutes=1)
    room.once(everything=False)
    assert room.titles() == ["A edited | Site", "C | Site", "Sponsored: B | Site"]


def test_a_replaced_title_and_category_name_the_files_of_new_articles(room: Newsroom) -> None:
    room.configuration["articles"] = {"name": "{category}/{slug}.md"}
    set_rules(room, SHORTEN, {"if": {"title": "^a$"}, "categories": ["Short Notes"]})
    room.once()
    assert sorted(room.articles()) == ["news/c.md", "news/sponsored-b.md", "short-notes/a.md"]


def test_rules_of_a_source_come_before_those_of_all(room: Newsroom) -> None:
    set_rules(room, {"drop": True})
    set_own_rules(room, {"if": {"title": "^c"}, "keep": True})
    room.once()
    assert room.titles() == ["C | Site"]


def test_equal_titles_made_by_rules_merge_nothing(room: Newsroom) -> None:
    room.once()
    ids = article_ids(room)
    set_rules(
        room,
        {"replace": {"in": "title", "find": ".+", "with": "Same"}},
        {"replace": {"in": "text", "find": ".+", "with": "Same"}},
    )
    for _ in range(2):
        room.later(hours=1)
        cycle = room.once()
        assert (cycle.new, cycle.updated, cycle.duplicates) == (0, 0, 0)
    assert article_ids(room) == ids
    assert room.titles() == ["Same"] * 3
    assert len(json.loads(room.feed("all.json"))["items"]) == 3


def test_the_age_is_measured_once(room: Newsroom) -> None:
    set_rules(room, {"if": {"age": ">10h"}, "drop": True})  # story 1 is of 01:00, it is 12:00
    room.once()
    assert room.titles() == ["C | Site", "Sponsored: B | Site"]
    room.later(days=1)
    set_rules(room, {"if": {"age": ">10h"}, "drop": True}, {"tags": ["seen"]})
    room.once()
    assert room.titles() == ["C | Site", "Sponsored: B | Site"]


def test_an_article_of_two_sources_is_there_while_one_of_them_publishes_it(room: Newsroom, server: Server) -> None:
    server.put("/other", rss(*STORIES))
    sources = room.configuration["sources"]
    sources.append({"name": "other", "url": server.url("/other"), "categories": ["press"]})
    set_own_rules(room, {"if": {"title": "^a"}, "drop": True})
    room.once()
    (head,) = (head for head in room.heads() if head["title"] == "A | Site")
    assert (head["categories"], head["tags"]) == (["press"], ["other"])
    assert len(room.titles()) == 3
    assert b"A | Site" not in room.feed("news.json")
    assert b"A | Site" in room.feed("press.json")
    sources[1]["rules"] = [{"if": {"title": "^a"}, "drop": True}]
    room.later(minutes=1)
    room.once(everything=False)
    assert room.titles() == ["C | Site", "Sponsored: B | Site"]
    assert faults(room) == []
    del sources[1]["rules"]
    set_own_rules(room)
    room.later(minutes=1)
    room.once(everything=False)
    (head,) = (head for head in room.heads() if head["title"] == "A | Site")
    assert (head["categories"], head["tags"]) == (["news", "press"], ["example", "other"])


def test_the_first_of_a_cluster_dropped_shows_the_next(room: Newsroom, server: Server) -> None:
    room.configuration["sources"].append({"name": "other", "url": server.url("/other")})
    server.put("/feed", rss(item(1, title="First")))
    server.put("/other", rss(item(1, title="Second", link="https://other.example/x", guid="x")))
    room.once()
    shown = {entry["title"] for entry in json.loads(room.feed("all.json"))["items"]}
    assert len(shown) == 1
    set_rules(room, {"if": {"title": f"^{next(iter(shown))}$"}, "drop": True})
    room.later(minutes=1)
    room.once(everything=False)
    (remaining,) = json.loads(room.feed("all.json"))["items"]
    assert remaining["title"] not in shown
    assert not remaining.get("_also")
    assert faults(room) == []


@pytest.mark.parametrize("retention", [None, "200d"])
def test_dropped_entries_are_pruned_after_a_time(room: Newsroom, retention: str | None) -> None:
    room.configuration["retention"] = retention
    set_rules(room, DROP)
    room.once()
    for days, pruned in ((80, 0), (12, 0 if retention else 1), (110, 3 if retention else 0)):
        room.later(days=days)
        with room.opened() as app:
            announced, _ = count_old(app)
            assert (announced, prune_all(app)) == (pruned, pruned)
    set_rules(room)
    room.once()
    assert "Sponsored: B | Site" not in room.titles()  # it never comes back
    assert faults(room) == []


def test_a_file_that_cannot_be_removed_holds_nothing_up(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    room.once()
    set_rules(room, DROP, {"if": {"title": "^a"}, "tags": ["new"]})
    room.later(minutes=1)

    def broken(*_: object) -> None:
        raise FilesError("the folder is read-only")

    with monkeypatch.context() as patched:
        patched.setattr(files, "remove", broken)
        with pytest.raises(FilesError):
            room.once(everything=False)
    assert b"Sponsored" not in room.feed("all.json")
    assert room.heads()[0]["tags"] == ["example", "new"]
    room.later(minutes=1)
    room.once(everything=False)
    assert room.titles() == ["A | Site", "C | Site"]


def test_a_kill_before_the_file_is_removed_is_made_up_for(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    room.once()
    set_rules(room, DROP)
    room.later(minutes=1)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(files, "remove", killed)
        with pytest.raises(KeyboardInterrupt):
            room.once(everything=False)
    assert "Sponsored: B | Site" in room.titles()
    room.later(minutes=1)
    room.once(everything=False)
    assert room.titles() == ["A | Site", "C | Site"]
    assert faults(room) == []


def test_a_file_of_a_dropped_article_is_surplus(room: Newsroom) -> None:
    room.once()
    (path,) = (path for path, text in room.articles().items() if "Sponsored" in text)
    text = (room.storage / "articles" / path).read_bytes()
    set_rules(room, DROP)
    room.once()
    (room.storage / "articles" / path).write_bytes(text)
    assert [fault.rpartition(": ")[2] for fault in faults(room)] == ["its article was pruned, dropped or withdrawn"]
    faults(room, repair=True)
    assert not (room.storage / "articles" / path).exists()


def test_the_command_shows_what_would_happen_and_changes_nothing(room: Newsroom) -> None:
    room.once()
    before = room.files()
    path = room.root / "feeds.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        "rules:\n"
        "  - if: {title: sponsored}\n"
        "    drop: true\n"
        "  -\n"
        "    tags: [seen]\n"
        + text.replace("- name: example", "- rules: [{if: {title: ^c}, categories: [x], keep: true}]\n  name: example"),
        encoding="utf-8",
    )
    database = (room.storage / "aggregator.db").read_bytes()
    shown = json.loads(aggregator("rules", "example", "--json", cwd=room.root).stdout)
    line = (
        path.read_text(encoding="utf-8").splitlines().index("- rules: [{if: {title: ^c}, categories: [x], keep: true}]")
        + 1
    )
    assert shown == [
        {
            "title": "C | Site",
            "link": "https://source.example/stories/3",
            "rules": [{"line": line, "does": ["categories", "keep"]}],
        },
        {
            "title": "Sponsored: B | Site",
            "link": "https://source.example/stories/2",
            "rules": [{"line": 2, "does": ["drop"]}],
        },
        {
            "title": "A | Site",
            "link": "https://source.example/stories/1",
            "rules": [{"line": 5, "does": ["tags"]}],
        },
    ]
    assert aggregator("rules", cwd=room.root).stdout.splitlines() == [
        "example: C | Site",
        "  https://source.example/stories/3",
        f"  line {line}: categories, keep",
        "example: Sponsored: B | Site",
        "  https://source.example/stories/2",
        "  line 2: drop",
        "example: A | Site",
        "  https://source.example/stories/1",
        "  line 5: tags",
        "3 stored entries: rules apply to 3 and drop 1",
    ]
    assert room.files() == before
    assert (room.storage / "aggregator.db").read_bytes() == database


def test_the_command_with_rules_of_the_environment_an_unknown_source_and_no_database(room: Newsroom) -> None:
    with room.opened():
        pass
    (room.storage / "aggregator.db").unlink()
    assert aggregator("rules", "--json", cwd=room.root).stdout == "[]\n"
    assert not (room.storage / "aggregator.db").exists()
    room.once()
    shown = aggregator("rules", "--json", cwd=room.root, AGGREGATOR_RULES="[{if: {title: ^a}, drop: true}]").stdout
    assert [entry["rules"] for entry in json.loads(shown)] == [[], [], [{"line": None, "does": ["drop"]}]]
    assert "no source is named nobody" in aggregator("rules", "nobody", cwd=room.root, status=2).stderr


def test_a_running_daemon_takes_up_changed_rules(room: Newsroom, server: Server) -> None:
    source = room.configuration["sources"][0]
    configure(room.root, sources=[source])
    with running(room.root) as daemon:
        until(lambda: "Sponsored" in daemon.get("feeds/news.rss").text)
        (path,) = (path for path, text in room.articles().items() if "Sponsored" in text)
        (article,) = (
            page
            for page in re.findall(r"article/[0-9a-f]{32}", daemon.get("").text)
            if "Sponsored" in daemon.get(page).text
        )
        configure(room.root, sources=[source], rules=[DROP])
        until(lambda: path not in room.articles())
        until(lambda: "Sponsored" not in daemon.get("feeds/news.rss").text)
        assert daemon.get(article).status_code == 404
        assert "Sponsored" not in daemon.get("").text
        configure(room.root, sources=[source])
        until(lambda: "Sponsored" in daemon.get("feeds/news.rss").text)
        assert path in room.articles()
        assert daemon.get(article).status_code == 200
    assert len(server.asked("/feed")) == 1


def test_the_example_of_the_documentation_does_what_it_says(tmp_path: Path, server: Server) -> None:
    page = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
    example = yaml.safe_load(page.partition("```yaml\n")[2].partition("```")[0])
    python = "<category>Python</category>"
    server.put(
        "/feed",
        rss(
            item(1, title="Typing in practice | The Site", author="Jane Doe") + python,
            item(2, title="Sponsored: a better editor") + python,
            item(3, title="Elections") + "<category>World</category>",
            item(4, title="Our newsletter: adverts"),
            item(5, title="Django") + "<category>django</category>",
        ),
    )
    example["sources"][0]["url"] = server.url("/feed")
    room = newsroom(tmp_path, example["sources"], rules=example["rules"])
    room.once()
    assert room.titles() == ["Django", "Our newsletter: adverts", "Typing in practice"]
    labels = {head["title"]: (head["categories"], head["tags"]) for head in room.heads()}
    assert labels["Django"] == (["example"], ["example"])
    assert labels["Typing in practice"] == (["Notes"], ["example", "brief"])


def test_the_documentation_names_every_condition_and_action() -> None:
    page = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
    assert (
        tuple(re.findall(r"^\| `(\w+)` \|", page.partition("## Conditions")[2], re.MULTILINE)) == CONDITIONS + ACTIONS
    )
