"""Which hosts told us to stay away. Shell."""

from collections.abc import Collection, Mapping
from datetime import datetime

from aggregator.model import Failure, FeedDocument, HostState, NotModified
from aggregator.schedule import host_after
from aggregator.store import Store

FRESH = HostState()


class Hosts:
    """Host states as the store knew them at first, and as answers changed them since; for all cycles of a process.

    Those of claimed sources are read together; those to which redirects lead, one by one. Raises StoreError.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._states: dict[str, HostState] = {}
        self._changed: dict[str, HostState] = {}  # and not recorded yet

    def take_over(self, names: Collection[str], stored: Mapping[str, HostState]) -> None:
        """Take over what is `stored` of these hosts, by other processes too, but for what is newer here.

        Right as long as the worker, one after the other, reads what is stored and records what changed here.
        """
        self._states |= {**dict.fromkeys(names, FRESH), **stored, **self._changed}

    def held_until(self, name: str, now: datetime) -> datetime | None:
        """When the host may be asked again; None: now."""
        until = self._state(name).not_before
        return until if until and until > now else None

    def learn(self, name: str, answer: FeedDocument | NotModified | Failure, now: datetime) -> None:
        """Take over what `answer` says of the host that gave it."""
        before = self._state(name)
        after = host_after(answer, before, now)
        if after != before:
            self._states[name] = self._changed[name] = after

    def changes(self) -> Mapping[str, HostState]:
        """States that changed and are to be recorded."""
        return dict(self._changed)

    def recorded(self, states: Mapping[str, HostState]) -> None:
        """These are in the store now; what changed again meanwhile is still to be recorded."""
        for name, state in states.items():
            if self._changed.get(name) is state:
                del self._changed[name]

    def _state(self, name: str) -> HostState:
        if name not in self._states:
            self.take_over({name}, self._store.sources.hosts({name}))
        return self._states[name]
