"""Health and figures for programs."""

from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from aggregator.model import RecordCounts
from aggregator.pipeline import SourceOutcome
from aggregator.serve import Health, Metrics, site
from aggregator.serve.phrases import DUE_REASONS
from tests.newsroom import Newsroom, item, newsroom, rss
from tests.servers import Server


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
    assert "p.example" not in answer.text
    assert "paper" not in answer.text


def test_nothing_is_late_before_it_is_due(room: Newsroom) -> None:
    with room.opened() as app:
        standing = app.store.sources.summary(app.clock())
        assert standing.due_first
        text = Metrics().exposition(standing, healthy=False, now=app.clock()).decode()
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
