"""`aggregator run`, a process of its own, by a clock that its test turns: `python -m tests.whole.turned FILE`.

The moment in FILE is now, for the schedule and all that is dated; how long a request takes is the machine's own time.
"""

import asyncio
import logging
import os
import sys
from datetime import datetime
from pathlib import Path

from aggregator import logs
from aggregator.daemon import run_daemon, worker
from tests.forks import TICK


class Clock:
    """The clock, of which the test has the other end."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self) -> datetime:
        return datetime.fromisoformat(self._path.read_text(encoding="ascii"))

    def turn(self, moment: datetime) -> None:
        """Make it that late for whoever looks."""
        part = self._path.with_suffix(".part")
        part.write_text(moment.isoformat(), encoding="ascii")
        part.replace(self._path)


if __name__ == "__main__":
    worker.TICK = TICK
    logs.setup(sys.stderr)
    logging.captureWarnings(True)
    asyncio.run(run_daemon(Path("feeds.yaml"), os.environ, "127.0.0.1", 0, clock=Clock(Path(sys.argv[1]))))
