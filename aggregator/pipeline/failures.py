"""A document that could not be read, as its source's failure. Pure."""

from aggregator.model import Failure, Source
from aggregator.sandbox import Aborted
from aggregator.urls import without_credentials

_REPORT = "please report it with the document; --debug shows where"
_HOSTILE = "it is tried again, more and more seldom; if it goes on, ask its owner what is wrong with the document"


def failure_of(found: Failure | Aborted, source: Source) -> Failure:
    """Why `source` has nothing new: `found` itself, or what stopped the reading of its document."""
    if isinstance(found, Failure):
        return found
    reason, advice = _sentences(found)
    return Failure(stage="parse", subject=without_credentials(source.url), reason=reason, advice=advice)


def _sentences(stopped: Aborted) -> tuple[str, str]:
    match stopped.cause:
        case "time" | "memory":
            return stopped.reason, _HOSTILE
        case "error":
            return f"{stopped.reason}; the other sources go on", _REPORT
        case "death":
            return stopped.reason, _REPORT
        case "start":
            return stopped.reason, "it is tried again"
