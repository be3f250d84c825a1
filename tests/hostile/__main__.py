"""A daemon on all hostile sources and 200 healthy ones, for some minutes: `python -m tests.hostile [SECONDS]`.

Each healthy source tells a new story every ten seconds, whenever it is asked. In the end all of them must be published,
and the table says how late the latest was, what the process took, and which hostile sources did not end as expected.
"""

import re
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.hostile import Hostile, hostile
from tests.hostile.watched import Watched, configure, running

SECONDS = 300.0
HEALTHY = 200
EVERY = 10.0  # seconds between two stories of a healthy source
PATIENCE = 600.0  # seconds that the last stories may take; other work may use the machine too
MOST_MEMORY = 300_000_000  # bytes; tests/whole/test_hostile.py, with a tenth of the healthy sources, allows 200 MB


@dataclass(slots=True)
class Watch:
    """What was first told when, and first seen on disk when, by (source, number of its stories)."""

    folder: Path
    published: dict[tuple[str, int], float] = field(default_factory=dict)
    seen: dict[tuple[str, int], float] = field(default_factory=dict)

    def tell(self, sources: Hostile, edition: int) -> None:
        """Let every healthy source have so many stories from now on."""
        for source in sources.healthy_ones(HEALTHY):
            sources.editions["/" + source["name"]] = edition
            self.published[source["name"], edition] = time.monotonic()

    def look(self) -> None:
        """Note which stories are on disk."""
        now = time.monotonic()
        for root in (self.folder / "storage" / "articles").glob("good-*"):
            for edition in range(1, 1 + sum(1 for _ in root.rglob("*.md"))):
                self.seen.setdefault((root.name, edition), now)

    @property
    def missing(self) -> list[tuple[str, int]]:
        """Told and not seen."""
        return sorted(self.published.keys() - self.seen.keys())

    @property
    def delays(self) -> list[float]:
        """Seconds from told to seen, the daemon's interval included, shortest first."""
        return sorted(
            self.seen[edition] - self.published[edition] for edition in self.published.keys() & self.seen.keys()
        )


def run(seconds: float, folder: Path) -> bool:
    """Run, print the table; whether everything is as it should be."""
    with hostile() as sources:
        configured = sources.configured(HEALTHY)
        configure(folder, configured, interval="5s", min_interval="0s")
        watch = Watch(folder)
        with running(folder, sources, "run", "--port", "0") as watched:
            _tell_and_look(sources, watch, watched, seconds)
            watched.process.send_signal(signal.SIGTERM)
            status = watched.process.wait(60)
        return _table(sources, watch, watched, status)


def _tell_and_look(sources: Hostile, watch: Watch, watched: Watched, seconds: float) -> None:
    started = time.monotonic()
    edition = 0
    while (passed := time.monotonic() - started) < seconds + PATIENCE and watched.process.poll() is None:
        if passed < seconds and passed >= edition * EVERY:
            edition += 1
            watch.tell(sources, edition)
        watch.look()
        if passed >= seconds and not watch.missing:
            break
        time.sleep(0.5)


def _table(sources: Hostile, watch: Watch, watched: Watched, status: int) -> bool:
    log = "".join(watched.log)
    warnings = Counter(match[1] for line in watched.log if (match := re.search(r'"message": "([a-z0-9-]+):', line)))
    loudest = warnings.most_common(1)
    faults = {
        "stories that were not published": len(watch.missing),
        "connections to canaries": sum(sources.touched().values()),
        "tracebacks in the log": log.count("raceback"),
        "internal errors in the log": log.count("internal error"),
        "hostile sources that nobody asked": _unasked(sources),
        "exit status": status,
        "memory beyond 300 MB": max(0, watched.peak - MOST_MEMORY),
    }
    figures = {
        "hostile sources": len(sources.rows),
        "requests to them (on the common server)": len(sources.server.requests),
        "healthy sources": HEALTHY,
        "requests to them": len(sources.healthy.requests),
        "stories told and published": f"{len(watch.published)} and {len(watch.published) - len(watch.missing)}",
        "seconds until published, median and most": (
            f"{median(watch.delays):.1f} and {watch.delays[-1]:.1f}" if watch.delays else "-"
        ),
        "peak of the process's memory": f"{watched.peak / 10**6:.0f} MB",
        "lines in the log": len(watched.log),
        "most lines of one source": f"{loudest[0][1]} ({loudest[0][0]})" if loudest else 0,
    }
    for name, value in (figures | faults).items():
        print(f"{name:42} {value}")
    for name, edition in watch.missing[:20]:
        print(f"not published: {name}, story {edition}")
    if status:
        print("the end of its log:", *watched.log[-10:], sep="\n")
    return not any(faults.values())


def _unasked(sources: Hostile) -> int:
    """Rows on the common server that no request came for, those that are no path there left out."""
    asked = {request.path for request in sources.server.requests}
    return sum(
        row.path not in asked for row in sources.rows if not (row.url or row.alone or row.path.startswith("/tls/"))
    )


def main(words: list[str]) -> int:
    """Run for as many seconds as the first word says."""
    seconds = float(words[0]) if words else SECONDS
    print(f"for {timedelta(seconds=seconds)}, and until everything told is published", flush=True)
    with TemporaryDirectory(prefix="hostile-") as folder:
        return 0 if run(seconds, Path(folder)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
