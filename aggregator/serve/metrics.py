"""Figures for Prometheus, by its conventions. No host, source or feed is a label: their number has no bound."""

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from aggregator import __version__
from aggregator.pipeline import Outcome
from aggregator.status import CONDITIONS
from aggregator.store import Standing

PushOutcome = Literal["accepted", "forged", "too large", "no room", "recorded", "failed"]
PUSHES: tuple[PushOutcome, ...] = ("accepted", "forged", "too large", "no room", "recorded", "failed")
SECONDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)


class Metrics:
    """What the daemon did since it started, and how its sources are doing. Fed by the daemon, read by `/metrics`."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the process's own start time says as much
        self._registry = CollectorRegistry()
        self._outcomes = self._counter("outcomes", "Sources that were done, by what became of them.", "outcome")
        self._articles = self._counter("articles", "Articles recorded, by what the entry was.", "decision")
        self._entries = Counter("aggregator_entries", "Entries of parsed documents.", registry=self._registry)
        self._pings = self._counter(
            "hub_pings", "Times our hub was told of a changed feed, by what came of it.", "outcome"
        )
        self._pushes = self._counter("hub_pushes", "What hubs sent to our callbacks, by what became of it.", "outcome")
        self._subscriptions = Gauge(
            "aggregator_hub_subscriptions", "Sources whose hub pushes to us.", registry=self._registry
        )
        self._fetch = self._histogram("fetch", "From a source's turn to its answer, the wait for its host included.")
        self._cycle = self._histogram("cycle", "From the claim of due sources to the record of the last of them.")
        self._publish = self._histogram("publish", "Writing what had changed since the last time, be it nothing.")
        self._sources = Gauge(
            "aggregator_sources", "Sources by how they are doing.", ["condition"], registry=self._registry
        )
        self._lag = Gauge(
            "aggregator_due_lag_seconds", "How long the source that is due longest waits.", registry=self._registry
        )
        self._healthy = Gauge("aggregator_healthy", "1 while /healthz answers 200.", registry=self._registry)
        Info("aggregator", "The program.", registry=self._registry).info({"version": __version__})
        ProcessCollector(registry=self._registry)
        for outcome in ("fetched", "not_modified", "skipped", "failed"):
            self._outcomes.labels(outcome)  # a rate needs its first zero
        for outcome in ("told", "failed"):
            self._pings.labels(outcome)
        for outcome in PUSHES:
            self._pushes.labels(outcome)

    def count(self, outcome: Outcome) -> None:
        """Count what became of a source."""
        self._outcomes.labels(outcome.kind).inc()
        self.count_articles(outcome)

    def count_articles(self, outcome: Outcome) -> None:
        """Count what a document brought, be it fetched or pushed."""
        self._entries.inc(outcome.entries)
        self._articles.labels("new").inc(outcome.recorded.new)
        self._articles.labels("updated").inc(outcome.recorded.updated)
        self._articles.labels("duplicate").inc(outcome.recorded.duplicates)

    def ping(self, *, told: bool) -> None:
        """Count that our hub was told of a feed, or could not be."""
        self._pings.labels("told" if told else "failed").inc()

    def push(self, outcome: PushOutcome) -> None:
        """Count what became of something that came to a callback."""
        self._pushes.labels(outcome).inc()

    def fetching(self) -> AbstractContextManager[object]:
        """Within it one source is fetched."""
        return self._fetch.time()

    def cycling(self) -> AbstractContextManager[object]:
        """Within it claimed sources are brought to their end."""
        return self._cycle.time()

    def publishing(self) -> AbstractContextManager[object]:
        """Within it files are written."""
        return self._publish.time()

    def exposition(self, standing: Standing, *, healthy: bool, now: datetime) -> bytes:
        """All figures in Prometheus' text format, those of the sources as they are now."""
        for each in CONDITIONS:
            self._sources.labels(each).set(standing.conditions.get(each, 0))
        self._subscriptions.set(standing.pushed)
        self._lag.set(max((now - (standing.due_first or now)).total_seconds(), 0.0))
        self._healthy.set(healthy)
        return generate_latest(self._registry)

    def _counter(self, name: str, meaning: str, label: str) -> Counter:
        return Counter(f"aggregator_{name}", meaning, [label], registry=self._registry)

    def _histogram(self, name: str, meaning: str) -> Histogram:
        return Histogram(f"aggregator_{name}_seconds", meaning, registry=self._registry, buckets=SECONDS)
