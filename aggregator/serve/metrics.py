"""Metrics for Prometheus, named by its conventions. Edge. docs/metrics.md describes each of them.

No label names a host or feed: they are unbounded. Of the sources at most MAX_SOURCES are named.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from threading import Lock
from typing import get_args

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
from aggregator.pictures.pictures import PictureOutcome
from aggregator.pipeline import SourceOutcome
from aggregator.serve.connection import REJECTIONS, Rejection
from aggregator.serve.phrases import DUE_REASONS
from aggregator.status import CONDITIONS
from aggregator.store import ClusterState, SourceFailures, SourceSummary, StoreSize

MAX_SOURCES = 500  # named by labels: those that fail for longest
SECONDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)  # upper bounds of the histograms' buckets
OUTCOMES = ("fetched", "not_modified", "skipped", "failed")
DECISIONS = ("new", "updated", "duplicate")
NEVER_POLLED = "never polled"  # label of the sources that were never polled, which have no other reason
PUSH_OUTCOMES = ("accepted", "forged", "too large", "no room", "replaced", "recorded", "failed")


class Metrics:
    """The daemon's metrics since its start. Public metrics are counted where their event happens."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the process's own start time says as much
        self._registry = CollectorRegistry()
        self.outcomes = self._counter("outcomes", "Polls of sources, by outcome.", outcome=OUTCOMES)
        self.articles = self._counter("articles", "Articles, by the decision on an entry.", decision=DECISIONS)
        self._unjoined = 0  # new articles that may still turn out to be another source's
        self.entries = self._counter("entries", "Entries of parsed documents.")
        self.hub_pings = self._counter(
            "hub_pings", "Notifications that feeds changed, sent to `feeds.hub`.", outcome=("accepted", "failed")
        )
        self.hub_pushes = self._counter("hub_pushes", "Documents that hubs of sources pushed.", outcome=PUSH_OUTCOMES)
        self.rejected_requests = self._counter(
            "rejected_requests", "HTTP requests that were refused unread.", reason=tuple(REJECTIONS)
        )
        self._pictures = self._counter(
            "pictures", "Requests for pictures of articles, by outcome.", outcome=get_args(PictureOutcome)
        )
        self.picture_cache = self._gauge("picture_cache_bytes", "Size of the pictures in the cache.")
        self.fetch_seconds = self._histogram("fetch_seconds", "Request of one source, with the wait for its host.")
        self.cycle_seconds = self._histogram("cycle_seconds", "From the claim of due sources to the last record.")
        self.publish_seconds = self._histogram("publish_seconds", "Writing changed files; only where there were some.")
        self._subscriptions = self._gauge("hub_subscriptions", "Sources whose hub pushes what is new.")
        self._sources = self._gauge("sources", "Sources by condition.", "condition")
        self._due_reasons = self._gauge(
            "sources_scheduled", "Polled sources by the reason of their next poll.", "reason"
        )
        self._lag = self._gauge("due_lag_seconds", "Delay of the source that has been due longest.")
        self._healthy = self._gauge("healthy", "1 while `/healthz` answers 200, else 0.")
        self.last_publish = self._gauge(
            "last_publish_timestamp_seconds", "Time when everything that had changed was published last."
        )
        self._published = self._gauge("published_articles", "Articles that have a page, counted every minute.")
        self._database_size = self._gauge("database_size_bytes", "Size of the database, measured every minute.")
        self._workers = self._gauge("workers", "Workers of the cluster that gave a sign within the last minute.")
        self._leases = self._gauge("leases", "Leases that the workers of the cluster have.")
        self._jobs = self._gauge("jobs", "Jobs of the cluster by state.", "state")
        self._differences = self._gauge("differences", "Differences between database and files at the last comparison.")
        self._failures = self._gauge("source_failures", "Failures in a row of a source.", "source")
        self._successes = self._gauge(
            "source_last_success_timestamp_seconds", "Time of the last fetch of a source without a failure.", "source"
        )
        self._exposing = Lock()  # two requests at once must not mix their figures
        Info("aggregator", "1; the label is the version of the program.", registry=self._registry).info(
            {"version": __version__}
        )
        ProcessCollector(registry=self._registry)

    def count_rejection(self, reason: Rejection) -> None:
        """Count a request that was not read."""
        self.rejected_requests.labels(reason).inc()

    def count_picture(self, outcome: PictureOutcome) -> None:
        """Count a request for a picture that an article has."""
        self._pictures.labels(outcome).inc()

    def count(self, outcome: SourceOutcome) -> None:
        """Count the outcome of a source."""
        self.outcomes.labels(outcome.kind).inc()
        self.count_articles(outcome)

    def count_articles(self, outcome: SourceOutcome) -> None:
        """Count the entries and articles of a document, fetched or pushed."""
        self.entries.inc(outcome.entries)
        self._unjoined += outcome.recorded.new
        self.articles.labels("updated").inc(outcome.recorded.updated)
        self.articles.labels("duplicate").inc(outcome.recorded.duplicates)

    def count_new(self, joined: int) -> None:
        """Count the new articles before their first publication: `joined` of them are another source's."""
        self._unjoined -= joined
        self.articles.labels("duplicate").inc(joined)
        if self._unjoined > 0:  # else some joined before their outcome was counted
            self.articles.labels("new").inc(self._unjoined)
            self._unjoined = 0

    def note_size(self, size: StoreSize) -> None:
        """Note how much is stored."""
        self._published.set(size.articles)
        self._database_size.set(size.bytes)

    def note_cluster(self, cluster: ClusterState, now: datetime) -> None:
        """Note the workers and jobs as of `now`."""
        working = cluster.working(now)
        self._workers.set(len(working))
        self._leases.set(sum(worker.leases for worker in working))
        for state, number in asdict(cluster.queue).items():
            self._jobs.labels(state).set(number)
        self._differences.set(cluster.differences)

    def exposition(
        self, summary: SourceSummary, failing: Sequence[SourceFailures], *, healthy: bool, now: datetime
    ) -> bytes:
        """Return all metrics in Prometheus' text format, those of the sources as of `now`; `failing` ones are named."""
        with self._exposing:
            self._name_sources(failing)
            self._set_summary(summary, now)
            self._healthy.set(healthy)
            return generate_latest(self._registry)

    def _name_sources(self, failing: Sequence[SourceFailures]) -> None:
        self._failures.clear()
        self._successes.clear()
        for source in failing:
            self._failures.labels(source.name).set(source.failures)
            if source.last_success:
                self._successes.labels(source.name).set(source.last_success.timestamp())

    def _set_summary(self, summary: SourceSummary, now: datetime) -> None:
        for condition in CONDITIONS:
            self._sources.labels(condition).set(summary.conditions.get(condition, 0))
        for reason in (*DUE_REASONS, NEVER_POLLED):
            self._due_reasons.labels(reason).set(summary.due_reasons.get("" if reason == NEVER_POLLED else reason, 0))
        self._subscriptions.set(summary.pushed)
        self._lag.set(max((now - (summary.due_first or now)).total_seconds(), 0.0))

    def _counter(self, name: str, help_: str, **label: tuple[str, ...]) -> Counter:
        """Return a counter with at most one label, whose values start at 0: a rate needs a first sample."""
        counter = Counter(f"aggregator_{name}", help_, list(label), registry=self._registry)
        for value in (value for values in label.values() for value in values):
            counter.labels(value)
        return counter

    def _gauge(self, name: str, help_: str, *labels: str) -> Gauge:
        return Gauge(f"aggregator_{name}", help_, labels, registry=self._registry)

    def _histogram(self, name: str, help_: str) -> Histogram:
        return Histogram(f"aggregator_{name}", help_, registry=self._registry, buckets=SECONDS)
