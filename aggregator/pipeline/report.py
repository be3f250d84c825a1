"""What a cycle did, as values. Pure."""

from dataclasses import dataclass, field, replace
from typing import Literal

from aggregator.model import Failure, FeedDocument, NotModified, RecordCounts, Source, StoredSource
from aggregator.urls import without_credentials

Kind = Literal["fetched", "not_modified", "skipped", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one source."""

    source: str
    url: str  # without credentials
    kind: Kind
    entries: int = 0  # of a document that was parsed
    recorded: RecordCounts = RecordCounts()
    failure: Failure | None = None


def outcome_of(source: Source, kind: Kind) -> Outcome:
    """The bare outcome of `source`."""
    return Outcome(source=source.name, url=without_credentials(source.url), kind=kind)


def outcome_without_document(source: Source, answer: NotModified | Failure) -> Outcome:
    """The outcome of an answer that brought nothing to parse; last time's bytes in a 200 still count as fetched."""
    if isinstance(answer, Failure):
        return replace(outcome_of(source, "failed"), failure=answer)
    return outcome_of(source, "not_modified" if answer.status == 304 else "fetched")


def outcome_of_same_truncated(stored: StoredSource, document: FeedDocument) -> Outcome:
    """Return the outcome of a truncated document whose bytes came again: its failure, as it was stored."""
    outcome = outcome_of(stored.source, "failed")
    failure = Failure(stage="parse", subject=without_credentials(document.final_url), reason=stored.state.error or "")
    return replace(outcome, entries=stored.state.entries, failure=failure)


@dataclass(slots=True)
class Report:
    """The outcomes of a cycle; `sources` counts all it was about, those that were not due among them."""

    sources: int = 0
    outcomes: list[Outcome] = field(default_factory=list)

    def count(self, kind: Kind) -> int:
        """Number of sources with this outcome; what was not even claimed was skipped."""
        if kind == "skipped":
            return self.sources - self.count("fetched") - self.count("not_modified") - self.count("failed")
        return sum(outcome.kind == kind for outcome in self.outcomes)

    def total(self, name: Literal["new", "updated", "duplicates"]) -> int:
        """Sum over all sources of one figure of `RecordCounts`."""
        return sum(getattr(outcome.recorded, name) for outcome in self.outcomes)

    @property
    def entries(self) -> int:
        """Entries of all parsed documents."""
        return sum(outcome.entries for outcome in self.outcomes)

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """Outcomes with a failure."""
        return tuple(outcome for outcome in self.outcomes if outcome.failure)
