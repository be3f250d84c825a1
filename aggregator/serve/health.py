"""Health of the daemon, in words. Pure."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import Literal

from aggregator.clock import Clock
from aggregator.errors import UNREACHABLE

Work = Literal[
    "reload",
    "serve",
    "feeds",
    "claim",
    "fetch",
    "complete",
    "backfill",
    "translate",
    "publish",
    "jobs",
    "mend",
    "prune",
    "verify",
    "count",
    "websub",
]

_EACH_TICK: frozenset[Work] = frozenset({"claim", "serve"})  # work that reaches the database at each tick
_OWN_CONNECTION: frozenset[Work] = frozenset({"jobs"})
_RETRIED = timedelta(seconds=10)  # work that is tried at each tick fails again within this time

MAX_SILENCE = timedelta(minutes=5)  # without finished work; publishing a whole archive anew may take some minutes


class Health:
    """Kinds of the daemon's work that fail at the moment, and the reasons. Set by the daemon, read by `/healthz`.

    Instances may be shared by threads: feeds of a bucket are read in several.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock, self._last_done = clock, clock()
        self._problems: dict[Work, tuple[str, str, datetime]] = {}  # reason, cause, and when it failed last
        self._changing = Lock()
        self.has_feeds: Callable[[], bool] = lambda: False  # a process that only serves is well while it has some
        self.notice = ""  # sentence for `/status` about a problem that stops no work; "" for none

    def done(self, work: Work) -> None:
        """Note that `work` succeeded, which ends an earlier failure of it.

        Where that shows that the database is back, failures to reach it end too: their work may be due in an hour.
        """
        now = self._last_done = self._clock()
        with self._changing:
            self._problems.pop(work, None)
            if work in _EACH_TICK:
                for other, (_, cause, failed) in list(self._problems.items()):
                    if cause == UNREACHABLE and other not in _OWN_CONNECTION and abs(now - failed) >= _RETRIED:
                        del self._problems[other]

    def failed(self, work: Work, reason: str, cause: str = "") -> bool:
        """Note that `work` failed for `reason`, a sentence; return True if nothing else fails of the same `cause`."""
        cause = cause or reason
        with self._changing:
            is_new = all(cause != present for _, present, _ in self._problems.values())
            self._problems[work] = reason, cause, self._clock()
        return is_new

    def problems(self) -> tuple[str, ...]:
        """Return a sentence for each problem, () while all is well."""
        problems = tuple(f"{work}: {reason}" for work, (reason, *_) in self._problems.copy().items())
        silence = self._clock() - self._last_done
        if not problems and silence > MAX_SILENCE:
            problems = (f"nothing was finished for {silence.total_seconds():.0f} s; the daemon may hang, restart it",)
        return () if problems and self.has_feeds() else problems
