"""What a call may cost, and what became of one that could not be answered. Pure."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that one call gets."""

    seconds: float = 8.0  # from when a process has taken it, not while it waits for one
    memory: int = 1_500_000_000  # bytes of address space, beyond what a process takes that does nothing yet
    reuse: int = 400_000_000  # bytes of resident memory: a process that keeps more answers no further call


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """A call without an answer.

    `why` is "time" or "memory" where it exceeded its limits, "bug" where it raised `what`, "death" where its process
    ended by the signal `what`, and "start" where there is no process, since `what`.
    """

    why: Literal["time", "memory", "bug", "death", "start"]
    what: str = ""
    trace: str = ""  # of the exception, for whoever debugs

    @property
    def reason(self) -> str:
        """What is wrong, as a sentence without its subject: the document that the call was to read."""
        match self.why:
            case "time":
                return f"it took longer than {Limits().seconds:g} s to read"
            case "memory":
                return f"it took more than {Limits().memory / 10**9:g} GB of memory to read"
            case "bug":
                return f"an error of ours ({self.what}) stopped this document"
            case "death":
                return f"an error of ours ({self.what}) ended the process that read this document"
            case "start":
                return f"no process could be started to read it ({self.what})"
