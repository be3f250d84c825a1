"""Limits of a sandboxed call, and the result of one that was aborted. Pure."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of one call."""

    seconds: float = 8.0  # of CPU time, so that a busy machine aborts the same documents as an idle one
    deadline: float = 60.0  # seconds from the start of the call; waiting for a free process does not count
    memory: int = 1_500_000_000  # bytes of address space beyond those of an idle process
    reuse: int = 400_000_000  # bytes of resident memory: a process that holds more gets no further call


@dataclass(frozen=True, slots=True, kw_only=True)
class Aborted:
    """Result of a call that gave none.

    `cause` is "time", "deadline" or "memory" for a limit, "error" for an exception of the type `detail`, "death" if the
    process ended by the signal `detail`, and "start" if no process could be started, with the system's reason in
    `detail`.
    """

    cause: Literal["time", "deadline", "memory", "error", "death", "start"]
    detail: str = ""
    trace: str = ""  # traceback of the exception, for the debug log

    @property
    def reason(self) -> str:
        """Sentence without its subject, which is the document that the call was to read."""
        match self.cause:
            case "time":
                return f"it took longer than {Limits().seconds:g} s to read"
            case "deadline":
                return f"it was not read within {Limits().deadline:g} s: this machine is very busy"
            case "memory":
                return f"it took more than {Limits().memory / 10**9:g} GB of memory to read"
            case "error":
                return f"internal error ({self.detail}) while reading this document"
            case "death":
                return f"internal error ({self.detail}): the process that read this document died"
            case "start":
                return f"no process could be started to read it ({self.detail})"
