"""Outcomes of a cycle, as values. Pure."""

from dataclasses import dataclass, field
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from aggregator.model import Failure, RecordCounts, Source
from aggregator.secret_urls import masked_url

OutcomeKind = Literal["fetched", "not_modified", "skipped", "failed"]


class SourceOutcome(Struct, frozen=True, kw_only=True):
    """Outcome of one source's poll, or of a push from its hub."""

    source: str
    url: str  # without credentials
    kind: OutcomeKind
    entries: int = 0  # of a document that was parsed
    recorded: RecordCounts = RecordCounts()
    failure: Failure | None = None
    status: int | None = None  # of the HTTP response; None without one
    seconds: float | None = None  # from the request to the record

    def log_fields(self, event: str = "poll") -> dict[str, object]:
        """Return the fields of the outcome's log line."""
        return {
            "event": event,
            "source": self.source,
            "url": self.url,
            "status": self.status,
            "new": self.recorded.new,
            "updated": self.recorded.updated,
            "seconds": self.seconds,
        }


def outcome_of(source: Source, kind: OutcomeKind) -> SourceOutcome:
    """Return an outcome without a document."""
    return SourceOutcome(source=source.name, url=masked_url(source.url), kind=kind)


def failed(source: Source, failure: Failure) -> SourceOutcome:
    """Return the outcome of a failure without entries."""
    return replace(outcome_of(source, "failed"), failure=failure)


@dataclass(slots=True)
class Report:
    """Outcomes of a cycle; `sources` counts all that it was about, also those that were not due."""

    sources: int = 0
    outcomes: list[SourceOutcome] = field(default_factory=list)
    joined: int = 0  # new articles that turned out to be another source's, before they were published

    def count(self, kind: OutcomeKind) -> int:
        """Return the number of sources with this outcome; one that was not even claimed was skipped."""
        if kind == "skipped":
            return self.sources - self.count("fetched") - self.count("not_modified") - self.count("failed")
        return sum(outcome.kind == kind for outcome in self.outcomes)

    def total(self, name: Literal["new", "updated", "duplicates"]) -> int:
        """Return the sum of one field of `RecordCounts` over all sources."""
        joined = {"new": -self.joined, "updated": 0, "duplicates": self.joined}
        recorded = sum(int(getattr(outcome.recorded, name)) for outcome in self.outcomes)
        return max(recorded + joined[name], 0)  # a process that was killed may have recorded those that joined

    @property
    def entries(self) -> int:
        """Number of entries of all parsed documents."""
        return sum(outcome.entries for outcome in self.outcomes)

    @property
    def failures(self) -> tuple[SourceOutcome, ...]:
        """Outcomes with a failure."""
        return tuple(outcome for outcome in self.outcomes if outcome.failure)
