"""Which hosts told us to stay away, for the length of a cycle. Shell."""

from collections.abc import Iterable
from datetime import datetime

from aggregator.model import Failure, FeedDocument, HostState, NotModified
from aggregator.schedule import host_after
from aggregator.store import Store

FRESH = HostState()


class Hosts:
    """Host states as the store knew them at the start, and as the cycle's answers changed them since."""

    def __init__(self, store: Store, names: Iterable[str]) -> None:
        self._states = dict(store.hosts(set(names)))
        self._changed: dict[str, HostState] = {}

    def held_until(self, name: str, now: datetime) -> datetime | None:
        """When the host may be asked again; None: now."""
        until = self._states.get(name, FRESH).not_before
        return until if until and until > now else None

    def learn(self, name: str, answer: FeedDocument | NotModified | Failure, now: datetime) -> None:
        """Take over what `answer` says of the host that gave it."""
        before = self._states.get(name, FRESH)
        after = host_after(answer, before, now)
        if after != before:
            self._states[name] = self._changed[name] = after

    def taken_changes(self) -> dict[str, HostState]:
        """States that changed since this was last asked, to be recorded."""
        changed, self._changed = self._changed, {}
        return changed
