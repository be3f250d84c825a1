"""What is kept is looked after: `prune` lets go for good, `verify` finds what differs and mends it."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.commands import aggregator, configure
from tests.newsroom import item, rss
from tests.servers import Server

ANCIENT = {"pubDate": "Tue, 24 Nov 2015 10:00:00 +0000"}


def sources(server: Server) -> list[dict[str, str]]:
    return [{"name": "good", "url": server.url("/good"), "category": "World News"}]


@pytest.fixture
def folder(tmp_path: Path, server: Server) -> Path:
    server.put("/good", rss(item(1), item(2), item(3, **ANCIENT)))
    configure(tmp_path, sources=sources(server), retention="3650d")
    aggregator("once", cwd=tmp_path)
    return tmp_path


def articles(folder: Path) -> list[str]:
    return sorted(path.stem for path in (folder / "storage/articles").rglob("*.md"))


def titles(folder: Path, name: str = "all") -> list[str]:
    feed = json.loads((folder / "storage/feeds" / f"{name}.json").read_text(encoding="utf-8"))
    return sorted(entry["title"] for entry in feed["items"])


def lines(folder: Path, *words: str, status: int = 0) -> list[str]:
    return aggregator("verify", *words, cwd=folder, status=status).stdout.splitlines()


def test_what_is_pruned_never_comes_back(folder: Path, server: Server) -> None:
    assert len(articles(folder)) == 3
    assert "would remove 1 of 3 articles" in aggregator("once", cwd=folder).stderr
    assert aggregator("prune", "--dry-run", cwd=folder).stdout == "1 of 3 articles would be pruned\n"
    assert len(articles(folder)) == 3
    assert aggregator("prune", cwd=folder).stdout == "1 article pruned\n"
    left = ["Story number 1", "Story number 2"]
    assert (len(articles(folder)), titles(folder), titles(folder, "world-news")) == (2, left, left)
    assert b"Story number 3" not in b"".join(path.read_bytes() for path in (folder / "storage/feeds").iterdir())
    server.put("/good", rss(item(1), item(2), item(3, description="Edited, and longer than it was", **ANCIENT)))
    edited = json.loads(aggregator("once", "--all", "--json", cwd=folder).stdout)
    server.put("/good", rss(item(1), item(2), item(3, title="Another title", guid="https://source.example/new")))
    renamed = json.loads(aggregator("once", "--all", "--json", cwd=folder).stdout)
    for figures in (edited, renamed):
        assert (figures["new"], figures["updated"], figures["articles_written"]) == (0, 0, 0)
    aggregator("publish", cwd=folder)
    assert (len(articles(folder)), titles(folder)) == (2, left)


def test_without_retention_there_is_nothing_to_prune(folder: Path, server: Server) -> None:
    configure(folder, sources=sources(server))
    for words in (("prune", "--dry-run"), ("prune",)):
        assert aggregator(*words, cwd=folder).stdout.startswith("nothing to do")
    assert len(articles(folder)) == 3


@pytest.mark.parametrize(("retention", "old"), [(None, 1), ("3650d", 2)])
def test_a_dry_run_counts_what_rules_dropped_as_pruning_does(
    folder: Path, server: Server, retention: str | None, old: int
) -> None:
    server.put("/good", rss(item(1), item(2), item(3, **ANCIENT), item(4, title="Sponsored", **ANCIENT)))
    rules = [{"if": {"title": "Sponsored|number 1"}, "drop": True}]
    configure(folder, sources=sources(server), rules=rules, **({"retention": retention} if retention else {}))
    aggregator("once", "--all", cwd=folder)
    with closing(sqlite3.connect(folder / "storage/aggregator.db")) as database, database:
        changed = database.execute("UPDATE article SET dropped = 0 WHERE title = 'Sponsored'")
        assert changed.rowcount == 1
    assert aggregator("prune", "--dry-run", cwd=folder).stdout == f"{old} of 4 articles would be pruned\n"
    assert aggregator("prune", cwd=folder).stdout == f"{old} article{'s' * (old > 1)} pruned\n"
    assert aggregator("prune", "--dry-run", cwd=folder).stdout == f"0 of {4 - old} articles would be pruned\n"
    assert aggregator("prune", cwd=folder).stdout == "0 articles pruned\n"


def test_verify_finds_and_mends_files(folder: Path) -> None:
    assert lines(folder) == ["no differences"]
    storage = folder / "storage"
    deleted, edited, _ = sorted((storage / "articles").rglob("*.md"))
    before = {path: path.read_bytes() for path in (deleted, edited, storage / "feeds/all.rss")}
    deleted.unlink()
    edited.write_text("edited")
    (storage / "feeds/all.rss").unlink()
    temporary = storage / "feeds/.aggregator-1-1.tmp"
    temporary.write_bytes(b"half a fe")
    output = lines(folder, status=1)
    assert [line.rpartition("storage/")[2] for line in (*sorted(output[:2]), *output[2:])] == [
        f"{deleted.relative_to(storage)}: missing",
        f"{edited.relative_to(storage)}: its bytes are not those of the database",
        "feeds/all.rss: missing",
        "feeds/.aggregator-1-1.tmp: a killed process left it",
        "4 differences; `aggregator verify --repair` repairs what it can",
    ]
    assert not deleted.exists()
    mended = lines(folder, "--repair")
    assert mended[-1] == "4 differences, 4 repaired"
    assert [line.rpartition("; ")[2] for line in mended[:-1]] == ["written", "written", "written", "removed"]
    assert {path: path.read_bytes() for path in before} == before
    assert not temporary.exists()
    assert lines(folder) == ["no differences"]


def test_many_differences_are_counted(tmp_path: Path, server: Server) -> None:
    server.put("/good", rss(*map(item, range(150))))
    configure(tmp_path, sources=sources(server))
    aggregator("once", cwd=tmp_path)
    for path in (tmp_path / "storage/articles").rglob("*.md"):
        path.unlink()
    output = lines(tmp_path, status=1)
    assert len(output) == 102
    assert output[-2] == "and 50 more"


def test_a_damaged_database_is_one_sentence(folder: Path) -> None:
    path = folder / "storage/aggregator.db"
    aggregator("sources", cwd=folder)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2 // 4096 * 4096)
        file.write(os.urandom(8192))
    done = aggregator("verify", cwd=folder, status=1)
    assert "damaged" in done.stderr
    assert len(done.stderr.splitlines()) == 1
