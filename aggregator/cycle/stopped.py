"""A document that could not be read, as its source's failure. Pure."""

from aggregator.apart import Limits, Stopped
from aggregator.model import Failure, Source
from aggregator.urls import without_credentials

_LIMITS = Limits()
_REPORT = "please report it with the document; --debug shows where"
_HOSTILE = "it is tried again, more and more seldom; if it goes on, ask its owner what is wrong with the document"


def failure_of(found: Failure | Stopped, source: Source) -> Failure:
    """Why `source` has nothing new: `found` itself, or what stopped the reading of its document."""
    if isinstance(found, Failure):
        return found
    reason, advice = _sentences(found)
    return Failure(stage="parse", subject=without_credentials(source.url), reason=reason, advice=advice)


def _sentences(stopped: Stopped) -> tuple[str, str]:
    match stopped.why:
        case "time":
            return f"it took longer than {_LIMITS.seconds:g} s to read", _HOSTILE
        case "memory":
            return f"it took more than {_LIMITS.memory / 10**9:g} GB of memory to read", _HOSTILE
        case "bug":
            return f"an error of ours ({stopped.what}) stopped this document; the other sources go on", _REPORT
        case "death":
            return f"an error of ours ({stopped.what}) ended the process that read this document", _REPORT
        case "start":
            return f"no process could be started to read it ({stopped.what})", "it is tried again"
