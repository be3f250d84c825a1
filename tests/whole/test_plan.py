"""`aggregator plan`, as a user calls it."""

import json
from pathlib import Path

from tests.commands import aggregator, configure
from tests.newsroom import item, rss
from tests.servers import Server

SOURCES = [{"name": "a", "url": "https://a.example/", "category": "World"}, {"name": "b", "url": "https://b.example/"}]


def test_a_plan_is_for_people_and_for_programs(tmp_path: Path) -> None:
    configure(tmp_path, sources=SOURCES)
    aggregator("publish", cwd=tmp_path)
    assert aggregator("plan", cwd=tmp_path).stdout == "nothing changes\n"
    folder = tmp_path / "other"
    folder.mkdir()
    new = configure(folder, sources=[{"name": "c", "url": "https://a.example/", "category": "US", "interval": "1h"}])
    before = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))
    assert aggregator("plan", str(new), cwd=tmp_path).stdout.splitlines() == [
        "remove source b; its articles stay",
        "rename source a to c: /source/a answers 301, to /source/c",
        "change source c: categories, interval",
        "remove category b: /category/b and /feeds/b.* answer 410",
        "rename category world to us: /category/world and /feeds/world.* answer 301, to those of us",
        "rewrite 1 feed file",
    ]
    assert json.loads(aggregator("plan", str(new), "--json", cwd=tmp_path).stdout) == {
        "sources": {"add": [], "remove": ["b"], "rename": [["a", "c"]], "change": ["c"]},
        "categories": {"add": [], "remove": ["b"], "rename": [["world", "us"]]},
        "articles": {"rewrite": 0},
    }
    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*")) == before
    new.write_text("sources: []")
    assert aggregator("plan", str(new), cwd=tmp_path, status=2).stderr.startswith(f"{new}:1:10: `sources` is an empty")


def test_what_changes_feeds_or_the_place_of_articles_is_said(tmp_path: Path, server: Server) -> None:
    sources = [{"name": "a", "url": server.put("/a", rss(item(1), item(2)))}]
    configure(tmp_path, sources=sources)
    aggregator("once", cwd=tmp_path)
    for settings, line in (
        ({"title": "Other"}, "rewrite 7 feed files"),
        ({"feeds": {"formats": ["rss", "json"]}}, "remove 2 feed files in formats that `feeds.formats` does not name"),
        ({"articles": {"path": "elsewhere"}}, "write 2 articles into another folder"),
    ):
        configure(tmp_path, sources=sources, **settings)
        assert line in aggregator("plan", cwd=tmp_path).stdout


def test_without_a_database_everything_is_added_and_nothing_made(tmp_path: Path) -> None:
    configure(tmp_path, sources=SOURCES)
    plan = json.loads(aggregator("plan", "--json", cwd=tmp_path).stdout)
    assert plan["sources"]["add"] == ["a", "b"]
    assert plan["categories"]["add"] == ["world", "b"]
    assert [path.name for path in tmp_path.iterdir()] == ["feeds.yaml"]
