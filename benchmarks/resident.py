"""The daemon while it stays: the CPU time of a poll with nothing new, and its memory between polls."""

import time
from dataclasses import dataclass

from benchmarks.measuring import Sources, children_of, configure, cpu_of, daemon, memory_of, new_folder

SECONDS = 30.0
AFTER_POLL = 15.0  # seconds in which the daemon records and publishes what the first poll brought


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """CPU milliseconds of a request that is answered with 304, and the number of requests that it is the mean of."""

    cpu_ms: float
    requests: int
    peak_mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Memory of a daemon in MB: between polls, at its peak, and that of its child processes after the first poll."""

    between_polls: float
    peak: float
    children: float


def resident(words: tuple[object, ...]) -> Resident:
    """Measure a daemon that polls each source every ten seconds, after it has polled all of them twice."""
    with Sources(*words) as sources:
        config = configure(new_folder(), sources, interval="10s", min_interval="10s")
        with daemon(config) as (pid, _):
            sources.wait_for(2 * sources.number)
            cpu, requests = cpu_of(pid), sources.tell()
            time.sleep(SECONDS)
            requests = sources.tell() - requests
            cpu_ms = 1000 * (cpu_of(pid) - cpu) / max(requests, 1)
            return Resident(cpu_ms=cpu_ms, requests=requests, peak_mb=memory_of(pid))


def memory(words: tuple[object, ...]) -> Memory:
    """Measure a daemon that has polled each source once."""
    with Sources(*words) as sources, daemon(configure(new_folder(), sources)) as (pid, _):
        sources.wait_for(sources.number)
        time.sleep(AFTER_POLL)
        children = sum(memory_of(child, "VmRSS") for child in children_of(pid))
        time.sleep(SECONDS)
        return Memory(between_polls=memory_of(pid, "VmRSS"), peak=memory_of(pid), children=children)
