"""Whether the daemon's work gets done, in words."""

from datetime import timedelta
from typing import Literal

from aggregator.clock import Clock

Work = Literal["reload", "claim", "fetch", "publish", "mend", "prune", "websub"]

STILL = timedelta(minutes=5)  # without a finished tick; publishing a whole archive anew may take some


class Health:
    """What of the daemon's work fails at the moment, and why. Told by the daemon, asked by `/healthz`."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._ticked = clock, clock()
        self._troubles: dict[Work, tuple[str, str]] = {}  # reason and cause
        self.notice = ""  # a sentence for `/status`, of what keeps no work from being done; "" where there is nothing

    def done(self, work: Work) -> None:
        """`work` was done; if it failed before, that is over."""
        self._ticked = self._clock()
        self._troubles.pop(work, None)

    def failed(self, work: Work, reason: str, cause: str = "") -> bool:
        """`work` failed for this reason, a sentence; whether that is news: nothing failed yet of the same `cause`."""
        cause = cause or reason
        news = all(cause != known for _, known in self._troubles.values())
        self._troubles[work] = reason, cause
        return news

    def troubles(self) -> tuple[str, ...]:
        """A sentence for each thing that is wrong; () while all is well."""
        wrong = tuple(f"{work}: {reason}" for work, (reason, _) in self._troubles.copy().items())
        silence = self._clock() - self._ticked
        if not wrong and silence > STILL:
            return (f"nothing was finished for {silence.total_seconds():.0f} s; the daemon may hang, restart it",)
        return wrong
