"""Outages of our own network, told from failures of sources. Shell.

If no host can be reached, the fault is ours: no source's back-off grows then, and one source a minute is tried until
one answers.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from aggregator.model import Failure, FeedDocument, NotModified, SourceState, StoredSource
from aggregator.schedule.state import after_outage

WINDOW = timedelta(minutes=5)
RETRY = timedelta(minutes=1)  # between two sources that are tried during an outage
MIN_HOSTS = 2  # a single host may be gone for good

log = logging.getLogger(__name__)


class Outage:
    """Judges by the latest requests whether our network is down; one instance for all refreshes of a process.

    It is if at least two hosts were asked within five minutes, and all that were asked failed by name resolution or
    for want of a route. Requests in flight are waited for.
    """

    def __init__(self) -> None:
        self.is_on = False
        self._in_flight = 0
        self._unreachable: dict[str, datetime] = {}  # hosts, and the last failure of each
        self._answered: datetime | None = None  # the last result of any other kind
        self._before: dict[int, SourceState] = {}  # by source: its state before these failures
        self._retry_at: datetime | None = None

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Count a request as in flight while the context is open."""
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1

    def learn(self, host: str, answer: FeedDocument | NotModified | Failure, now: datetime) -> None:
        """Take the result of a request to `host` into account."""
        if not isinstance(answer, Failure) or not answer.is_unreachable:
            if self.is_on:
                log.info("a source answers again: polling resumes")
            self.is_on, self._answered = False, now
            self._unreachable.clear()
            self._before.clear()
            return
        self._unreachable[host] = now
        recent = [at for at in self._unreachable.values() if now - at < WINDOW]
        answered = self._answered is not None and now - self._answered < WINDOW
        if len(recent) >= MIN_HOSTS and not answered and not self._in_flight and not self.is_on:
            self.is_on = True
            log.warning(
                "none of %d hosts can be reached (%s): this machine's network or DNS is down; "
                "no source is blamed for it, and one a minute is tried until one answers",
                len(recent),
                answer.reason,
            )

    def states_after(self, stored: StoredSource, failed: SourceState, now: datetime) -> list[tuple[int, SourceState]]:
        """Return states to write, by id, for a source that could not be reached; `failed` blames it.

        With an outage they are those of the sources that were blamed before it was recognised, too.
        """
        self._before.setdefault(stored.source.id, stored.state)
        if not self.is_on:
            return [(stored.source.id, failed)]
        before, self._before = self._before, {}
        return [(source_id, after_outage(state, now)) for source_id, state in before.items()]

    def allows(self, now: datetime) -> bool:
        """Return whether a source may be tried now: once a minute during an outage."""
        if self.is_on and self._retry_at is not None and now < self._retry_at <= now + RETRY:
            return False
        self._retry_at = now + RETRY
        return True
