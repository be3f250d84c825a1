"""100,000 sources and 1,000,000 articles on PostgreSQL: what is watched answers at once.

`LARGE=url` names a database that `fill` filled already, which saves the minutes that filling takes.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from aggregator.app import App
from aggregator.serve import Health, Metrics, site
from aggregator.store import Store
from tests.cluster.large import fill
from tests.clusters import cluster
from tests.newsroom import newsroom
from tests.store.test_plans import captured, read_whole

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
SOURCES, ARTICLES = 100_000, 1_000_000


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """URL of the filled database."""
    if url := os.environ.get("LARGE"):
        yield url
        return
    with cluster() as server:
        url = server.database()
        with Store.open(url) as store:
            fill(store, NOW, SOURCES, ARTICLES)
        yield url


@pytest.fixture
def app(url: str, tmp_path: Path) -> Iterator[App]:
    """An application on the database, without a configuration of its sources."""
    room = newsroom(tmp_path, ["https://example.org/feed"], storage=str(tmp_path))
    with room.opened() as app, Store.open(url) as store:
        yield replace(app, store=store)


PATHS = ("/healthz", "/metrics", "/status", "/status?after=x50000", "/status.json", "/status.json?after=x50000", "/")
QUERIES = ("word7", "word7 word11", '"title word7"', "word7 -word8", "title")


def test_what_is_watched_and_searched_answers_at_once(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    client = TestClient(site(app, Health(app.clock), Metrics()))
    with captured(app.store) as statements:
        for path in (*PATHS, *(f"/search?{urlencode({'q': query})}" for query in QUERIES)):
            seconds = []
            for _ in range(4):
                start = time.perf_counter()
                answer = client.get(path)
                seconds.append(time.perf_counter() - start)
                assert answer.status_code == 200
            with capsys.disabled():
                print(
                    f"{path:40} {len(answer.content):9,} bytes  first {seconds[0]:.3f} s, then {min(seconds[1:]):.3f} s"
                )
    with app.store.database.reading() as connection:
        faults = {fault for statement in statements.items() for fault in read_whole(connection, *statement)}
    assert sorted(faults) == []
