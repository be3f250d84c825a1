"""States of hosts: which of them asked to be left alone, and whether any can be reached. Shell."""

from collections.abc import Collection, Mapping
from datetime import datetime

from aggregator.model import Failure, FeedDocument, HostState, NotModified
from aggregator.pipeline.outage import Outage
from aggregator.schedule.state import host_after
from aggregator.store import Store
from aggregator.urls import host_key

MAX_STATES = 20_000  # in memory: pages and redirects may lead to any number of hosts


class HostStates:
    """Host states as stored, and as answers changed them since; one instance for all refreshes of a process.

    Hosts of claimed sources are read together, those to which redirects lead one by one. Raises StoreError.
    """

    def __init__(self, store: Store) -> None:
        self.outage = Outage()
        self._store = store
        self._states: dict[str, HostState] = {}
        self._changed: dict[str, HostState] = {}  # not stored yet
        self._max_states = MAX_STATES

    def load(self, names: Collection[str], stored: Mapping[str, HostState]) -> None:
        """Take over the stored states of these hosts, which other processes may have changed.

        States that changed here since are newer: the writer thread reads and writes them one after the other.
        """
        if len(self._states) > self._max_states:
            self._states.clear()  # they are read again where they are needed
        self._max_states = max(self._max_states, 2 * len(names))  # or a redirect would have all claimed ones read anew
        self._states |= {**dict.fromkeys(names, HostState()), **stored, **self._changed}

    def held_until(self, name: str, now: datetime) -> datetime | None:
        """Return the time before which the host must not be asked, or None if it may be asked now."""
        until = self._state(name).not_before
        return until if until and until > now else None

    def learn(self, name: str, answer: FeedDocument | NotModified | Failure, now: datetime) -> None:
        """Change the host's state by an answer that it gave."""
        before = self._state(name)
        after = host_after(answer, before, now)
        if after != before:
            self._states[name] = self._changed[name] = after

    def learn_refusal(self, failure: Failure, url: str, now: datetime) -> bool:
        """Note whether the host asked to be left alone, by the answer for a page at `url`, and return it.

        A page that the host forbids says nothing of its feeds.
        """
        is_refusal = failure.status == 429 or (failure.status == 503 and failure.retry_after is not None)
        if is_refusal:
            self.learn(failure.host or host_key(url), failure, now)
        return is_refusal

    def changes(self) -> Mapping[str, HostState]:
        """Return the states that are not stored yet."""
        return dict(self._changed)

    def stored(self, states: Mapping[str, HostState]) -> None:
        """Note that these states were stored; one that changed again meanwhile is still to be stored."""
        for name, state in states.items():
            if self._changed.get(name) is state:
                del self._changed[name]

    def _state(self, name: str) -> HostState:
        if name not in self._states:
            self.load({name}, self._store.sources.hosts({name}))
        return self._states[name]
