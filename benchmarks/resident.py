"""What the daemon costs while it stays: a source that has nothing new, asked again and again."""

import time
from dataclasses import dataclass

from benchmarks.measuring import Sources, configured, cpu_of, daemon, folder, peak_of

SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """CPU milliseconds a source that is asked and answers 304, ticks and all; the requests it is the mean of."""

    cpu_ms: float
    requests: int
    peak_mb: float


def resident(number: int, entries: int) -> Resident:
    """A daemon that asks each source every ten seconds, measured once all have been asked twice."""
    with Sources(number, entries) as sources:
        config = configured(folder(), sources, interval="10s", min_interval="10s")
        with daemon(config) as pid:
            _wait_for(sources, 2 * number)
            cpu, requests = cpu_of(pid), sources.tell("count")
            time.sleep(SECONDS)
            requests = sources.tell("count") - requests
            return Resident(
                cpu_ms=1000 * (cpu_of(pid) - cpu) / max(requests, 1), requests=requests, peak_mb=peak_of(pid)
            )


def _wait_for(sources: Sources, requests: int) -> None:
    deadline = time.monotonic() + 300
    while sources.tell("count") < requests:
        assert time.monotonic() < deadline, "the daemon does not get on"
        time.sleep(0.5)
