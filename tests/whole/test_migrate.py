"""`migrate --to`: the whole newsroom in another database, as an operator types it."""

import json
import random
import signal
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from aggregator.clock import utc_now
from aggregator.store import Store, transfer
from tests.clusters import Cluster
from tests.commands import aggregator, configure, running
from tests.newsroom import item, rss
from tests.servers import Server
from tests.thorough import THOROUGH
from tests.whole.forking import Forks

KILLS = 10 if THOROUGH else 3


@pytest.fixture
def folder(tmp_path: Path, server: Server) -> Path:
    for paper in range(3):
        server.put(f"/{paper}", rss(*(item(40 * paper + number) for number in range(50))))
    sources = [{"name": f"paper-{paper}", "url": server.url(f"/{paper}"), "category": "news"} for paper in range(3)]
    configure(tmp_path, sources=sources, feeds={"limit": 200})
    aggregator("once", cwd=tmp_path)
    return tmp_path


def move(folder: Path, url: str) -> None:
    """Have feeds.yaml name another database."""
    path = folder / "feeds.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), "database": url}))


def sqlite(folder: Path) -> str:
    return f"sqlite:///{folder}/storage/aggregator.db"


def contents(url: str) -> dict[str, transfer.Content]:
    with Store.open(url) as store:
        return dict(transfer.contents(store.database))


def published(folder: Path) -> dict[str, bytes]:
    storage = folder / "storage"
    return {
        str(path): path.read_bytes()
        for part in ("articles", "feeds")
        for path in (storage / part).rglob("*")
        if path.is_file()
    }


def test_the_copy_is_equal_goes_on_as_before_and_publishes_the_same_bytes(
    folder: Path, server: Server, postgresql: Cluster
) -> None:
    url = postgresql.database()
    done = aggregator("migrate", "--to", url, cwd=folder)
    assert "article: 130 rows" in done.stdout
    assert "are there and equal" in done.stdout
    assert contents(url) == contents(sqlite(folder))
    assert contents(url)["article"].rows == 130
    sources, files = aggregator("sources", "--json", cwd=folder).stdout, published(folder)
    move(folder, url)
    assert aggregator("sources", "--json", cwd=folder).stdout == sources
    assert json.loads(aggregator("once", "--json", cwd=folder).stdout)["skipped"] == 3
    server.put("/0", rss(*(item(number) for number in range(50)), item(900)))
    cycle = json.loads(aggregator("once", "paper-0", "--json", cwd=folder).stdout)
    assert (cycle["new"], cycle["articles_written"]) == (1, 1)
    aggregator("publish", cwd=folder)
    after = published(folder)
    assert {name: after[name] for name in files if "/articles/" in name} == {
        name: content for name, content in files.items() if "/articles/" in name
    }
    aggregator("verify", cwd=folder)


def test_killed_at_random_moments_and_run_again_it_is_equal(folder: Path, postgresql: Cluster, forks: Forks) -> None:
    url, moments = postgresql.database(), random.Random(15)
    for _ in range(KILLS):
        with forks.begun("migrate", "--to", url, cwd=folder, statement=moments.randint(100, 320)) as process:
            assert process.wait() in (0, -signal.SIGKILL)
    aggregator("migrate", "--to", url, cwd=folder)
    assert contents(url) == contents(sqlite(folder))


def test_an_unfinished_copy_serves_nobody_and_is_ended_although_the_database_went_on(
    folder: Path, server: Server, postgresql: Cluster
) -> None:
    url = postgresql.database()
    with Store.open(sqlite(folder)) as source, Store.open(url) as target:
        transfer.begin(target.database)
        transfer.copy_rows(source.database, target.database, lambda table, rows: None)
    before = (folder / "feeds.yaml").read_text()
    move(folder, url)
    assert "is an unfinished copy" in aggregator("once", cwd=folder, status=1).stderr
    (folder / "feeds.yaml").write_text(before)
    server.put("/1", rss(item(700)))
    aggregator("once", "paper-1", cwd=folder)
    done = aggregator("migrate", "--to", url, cwd=folder)
    assert "it is copied anew" in done.stderr
    assert contents(url) == contents(sqlite(folder))
    assert contents(url)["article"].rows == 131


def test_it_names_what_it_refuses(folder: Path, postgresql: Cluster) -> None:
    assert "name another one" in aggregator("migrate", "--to", sqlite(folder), cwd=folder, status=1).stderr
    relative = aggregator("migrate", "--to", "sqlite:///storage/aggregator.db", cwd=folder, status=1)
    assert "name another one" in relative.stderr
    assert "--to names no database; write" in aggregator("migrate", "--to", "oracle:thin", cwd=folder, status=2).stderr
    url = postgresql.database()
    aggregator("migrate", "--to", url, cwd=folder)
    assert "are there and equal" in aggregator("migrate", "--to", url, cwd=folder).stdout
    aggregator("once", "--all", cwd=folder)
    assert "is not empty; name a new one" in aggregator("migrate", "--to", url, cwd=folder, status=1).stderr
    with Store.open(url) as store:
        store.workers.show("one:7", 0, "1.0", utc_now() - timedelta(seconds=50))
        store.workers.show("two:8", 0, "1.0", utc_now() - timedelta(seconds=70))
    refusal = aggregator("migrate", "--to", url, cwd=folder, status=1)
    assert "the process one:7 worked on the database" in refusal.stderr
    before = (folder / "feeds.yaml").read_text()
    move(folder, url)
    refusal = aggregator("migrate", "--to", postgresql.database(), cwd=folder, status=1)
    assert "stop each, or wait for a minute if it was killed" in refusal.stderr
    (folder / "feeds.yaml").write_text(before)
    with running(folder):
        refusal = aggregator("migrate", "--to", "sqlite:///copy.db", cwd=folder, status=1)
        assert not (folder / "copy.db").exists()
    assert "has the database" in refusal.stderr
    assert "stop it first" in refusal.stderr


def test_a_database_that_is_not_there_is_not_copied(tmp_path: Path) -> None:
    configure(tmp_path, sources=["https://example.org/feed.xml"])
    assert "there is no database" in aggregator("migrate", "--to", "sqlite:///copy.db", cwd=tmp_path, status=1).stderr
    assert [path.name for path in tmp_path.iterdir()] == ["feeds.yaml"]
