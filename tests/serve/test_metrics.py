"""Health and figures for programs."""

import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from aggregator.model import RecordCounts
from aggregator.pipeline import SourceOutcome
from aggregator.serve import Health, Metrics, site
from aggregator.serve.phrases import DUE_REASONS
from aggregator.store import SourceSummary
from tests.newsroom import START, Newsroom, item, newsroom, rss
from tests.servers import Server
from tests.store.test_queries import statements


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Newsroom:
    server.put("/feed", rss(item(1)))
    sources: list[dict[str, Any] | str] = [
        {"name": "paper", "url": server.url("/feed")},
        {"name": "lost", "url": server.url("/lost")},
        {"name": "off", "url": server.url("/off"), "enabled": False},
    ]
    filled = newsroom(tmp_path, sources)
    filled.once()
    return filled


def figures(exposition: str) -> dict[str, float]:
    """Value of each sample, its labels' values behind its name."""
    return {
        " ".join((sample.name, *sample.labels.values())): sample.value
        for family in text_string_to_metric_families(exposition)
        for sample in family.samples
    }


def test_figures_follow_prometheus_conventions(room: Newsroom) -> None:
    metrics = Metrics()
    recorded = RecordCounts(new=2, updated=1, duplicates=3)
    metrics.count(SourceOutcome(source="paper", url="https://p.example/", kind="fetched", entries=9, recorded=recorded))
    metrics.count_new(joined=0)
    with metrics.fetch_seconds.time(), metrics.cycle_seconds.time(), metrics.publish_seconds.time():
        pass
    room.later(hours=1)
    with room.opened() as app:
        answer = TestClient(site(app, Health(app.clock), metrics)).get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert answer.headers["cache-control"] == "no-store"
    samples = figures(answer.text)
    assert samples["aggregator_outcomes_total fetched"] == 1
    assert samples["aggregator_outcomes_total failed"] == 0
    assert samples["aggregator_articles_total new"] == 2
    assert samples["aggregator_entries_total"] == 9
    assert samples["aggregator_sources working"] == samples["aggregator_sources failing"] == 1
    assert samples["aggregator_sources paused"] == 1
    due = {name: number for name, number in samples.items() if name.startswith("aggregator_sources_scheduled ")}
    assert {name.partition(" ")[2]: number for name, number in due.items() if number} == {"interval": 1, "back-off": 1}
    assert len(due) == len(DUE_REASONS) + 1
    assert samples["aggregator_due_lag_seconds"] > 600
    assert samples["aggregator_healthy"] == 1
    assert samples["aggregator_fetch_seconds_count"] == samples["aggregator_cycle_seconds_count"] == 1
    assert samples["aggregator_source_failures paper"] == 0
    assert samples["aggregator_source_failures lost"] == 1
    assert samples["aggregator_source_last_success_timestamp_seconds paper"] == START.timestamp()
    assert "aggregator_source_last_success_timestamp_seconds lost" not in samples  # it never had one
    assert "aggregator_source_failures off" not in samples  # nobody asks it
    assert "example" not in answer.text


def test_new_articles_that_join_another_one_do_not_count_as_new() -> None:
    metrics = Metrics()
    for recorded in (RecordCounts(new=3), RecordCounts(new=2, duplicates=1)):
        metrics.count_articles(SourceOutcome(source="p", url="https://p.example/", kind="fetched", recorded=recorded))
    assert decisions(metrics) == {"new": 0, "updated": 0, "duplicate": 1}  # until they are published
    metrics.count_new(joined=2)
    assert decisions(metrics) == {"new": 3, "updated": 0, "duplicate": 3}
    metrics.count_new(joined=1)  # of a document whose outcome follows
    recorded = RecordCounts(new=4)
    metrics.count_articles(SourceOutcome(source="p", url="https://p.example/", kind="fetched", recorded=recorded))
    metrics.count_new(joined=0)
    assert decisions(metrics) == {"new": 6, "updated": 0, "duplicate": 4}


def decisions(metrics: Metrics) -> dict[str, float]:
    """Numbers of articles by decision."""
    empty = SourceSummary(conditions={}, due_reasons={}, pushed=0, due_first=None, last_fetch=None)
    text = metrics.exposition(empty, (), healthy=True, now=START).decode()
    prefix = "aggregator_articles_total "
    return {name.removeprefix(prefix): value for name, value in figures(text).items() if name.startswith(prefix)}


def test_what_is_watched_costs_the_same_however_many_articles_there_are(room: Newsroom) -> None:
    with room.opened() as app, statements(app.store) as seen:
        client = TestClient(site(app, Health(app.clock), Metrics()))
        for path in ("/metrics", "/status", "/status.json", "/healthz"):
            assert client.get(path).status_code == 200
    tables = {table for statement in seen for table in re.findall(r"(?:FROM|JOIN) (\w+)", statement)}
    assert tables <= {"source", "source_day", "host", "note", "subscription", "category"}  # they grow with the sources


def test_nothing_is_late_before_it_is_due(room: Newsroom) -> None:
    with room.opened() as app:
        standing = app.store.sources.summary(app.clock())
        assert standing.due_first
        text = Metrics().exposition(standing, (), healthy=False, now=app.clock()).decode()
    assert figures(text)["aggregator_due_lag_seconds"] == 0
    assert figures(text)["aggregator_healthy"] == 0


def test_health_says_in_words_what_is_wrong(room: Newsroom) -> None:
    with room.opened() as app:
        health = Health(app.clock)
        client = TestClient(site(app, health, Metrics()))
        assert (client.get("/healthz").status_code, client.get("/healthz").text) == (200, "ok\n")
        health.failed("publish", "the disk is full")
        answer = client.get("/healthz")
    assert (answer.status_code, answer.text) == (503, "publish: the disk is full\n")
    assert answer.headers["cache-control"] == "no-store"


def test_the_title_of_a_source_is_that_of_its_settings_else_of_its_feed(room: Newsroom) -> None:
    room.configuration["sources"][1]["title"] = "The Lost Paper"
    with room.opened() as app:
        sources = TestClient(site(app, Health(app.clock), Metrics())).get("/status.json").json()["sources"]
    assert [source["title"] for source in sources] == ["A source", "The Lost Paper", None]
