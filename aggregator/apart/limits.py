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
