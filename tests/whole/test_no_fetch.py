"""`aggregator run --no-fetch`: a process that serves what others fetched and published."""

import shutil
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from tests.clusters import Cluster
from tests.commands import aggregator, configure, running, until
from tests.newsroom import item, rss
from tests.servers import Server


def test_it_serves_what_is_stored_and_asks_no_source(tmp_path: Path, server: Server) -> None:
    server.put("/paper", rss(item(1)))
    paper = {"name": "paper", "url": server.url("/paper"), "interval": "1h"}
    configure(tmp_path, sources=[paper])
    aggregator("once", cwd=tmp_path)
    configure(tmp_path, sources=[paper, server.url("/never")])
    with running(tmp_path, "--no-fetch") as daemon:
        assert "Story number 1" in daemon.get("feeds/paper.rss").text
        configure(tmp_path, title="Another name", sources=[paper, server.url("/never")])
        until(lambda: "Another name" in daemon.get("feeds/paper.rss").text)  # SQLite: nobody else publishes it
        assert "Another name" in daemon.get("").text
        assert daemon.get("healthz").status_code == 200
    assert [request.path for request in server.requests] == ["/paper"]


def test_once_beside_it_does_what_follows_a_cycle(tmp_path: Path, server: Server) -> None:
    server.put("/paper", rss(item(1)))
    server.put("/hub", status=204)
    feeds = {"hub": server.url("/hub"), "formats": ["rss"]}
    configure(tmp_path, feeds=feeds, sources=[{"name": "paper", "url": server.url("/paper")}])
    aggregator("once", cwd=tmp_path)
    first = len(server.asked("/hub"))
    server.put("/paper", rss(item(1), item(2)))
    with running(tmp_path, "--no-fetch"):
        aggregator("once", "--all", cwd=tmp_path)
        assert len(server.asked("/hub")) == first + 2


def test_with_workers_it_writes_no_file_and_lives_without_a_database(
    tmp_path: Path, server: Server, postgresql: Cluster
) -> None:
    database = postgresql.database()
    server.put("/paper", rss(item(1)))
    configure(tmp_path, database=database, sources=[{"name": "paper", "url": server.url("/paper")}])
    aggregator("once", cwd=tmp_path)
    configure(tmp_path, database=database, title="Another", sources=[{"name": "paper", "url": server.url("/paper")}])
    with running(tmp_path, "--no-fetch") as first:
        shared = tmp_path / "beside"
        shared.mkdir()
        storage = str(tmp_path / "storage")
        configure(shared, database=database, title="Another", storage=storage, sources=[server.url("/paper")])
        with running(shared, "--no-fetch") as second:  # on the same storage
            assert second.get("feeds/paper.rss").text == first.get("feeds/paper.rss").text
        before = first.get("feeds/paper.rss").text
        assert "Another" not in before
        _drop(database)
        until(lambda: bool(first.said("cannot be reached") or first.said("does not exist")))
        assert first.get("healthz").status_code == 200
        assert first.get("feeds/paper.rss").text == before
        shutil.rmtree(tmp_path / "storage" / "feeds")
        health = first.get("healthz")
        assert (health.status_code, "serve: " in health.text) == (503, True)


def _drop(database: str) -> None:
    url = make_url(database)
    engine = create_engine(url.set(drivername="postgresql+psycopg", database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {url.database} WITH (FORCE)"))
    engine.dispose()
