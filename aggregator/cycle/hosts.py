"""Which hosts told us to stay away, for the length of a cycle. Shell."""

from collections.abc import Collection, Iterable
from datetime import datetime

from aggregator.model import Failure, FeedDocument, HostState, NotModified
from aggregator.schedule import host_after
from aggregator.store import Store

FRESH = HostState()


class Hosts:
    """Host states as the store knew them at first, and as the cycle's answers changed them since.

    Those of `names` are read together; those to which redirects lead, one by one. Raises StoreError.
    """

    def __init__(self, store: Store, names: Iterable[str]) -> None:
        self._store = store
        self._states: dict[str, HostState] = {}
        self._read(set(names))
        self._changed: dict[str, HostState] = {}

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

    def taken_changes(self) -> dict[str, HostState]:
        """States that changed since this was last asked, to be recorded."""
        changed, self._changed = self._changed, {}
        return changed

    def _state(self, name: str) -> HostState:
        if name not in self._states:
            self._read({name})
        return self._states[name]

    def _read(self, names: Collection[str]) -> None:
        self._states |= {**dict.fromkeys(names, FRESH), **self._store.hosts(names)}
