"""What a process remembers of hosts."""

from pathlib import Path

import pytest

from aggregator.model import Failure, HostState
from aggregator.pipeline import host_states
from aggregator.pipeline.host_states import HostStates
from tests.newsroom import newsroom

BUSY = Failure(stage="fetch", subject="", reason="", status=429)


def test_hosts_without_end_are_forgotten_but_none_that_is_to_be_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_states, "MAX_STATES", 100)
    room = newsroom(tmp_path, ["http://127.0.0.1/feed"])
    with room.opened() as app:
        states = HostStates(app.store)
        app.store.sources.record_states((), {"stored.example": HostState(refusals=3, not_before=app.clock())})
        assert states.held_until("stored.example", room.now) is None
        states.learn("busy.example", BUSY, room.now)
        for number in range(1_000):
            states.held_until(f"host{number}.example", room.now)
        assert len(states._states) <= 101
        assert states.held_until("busy.example", room.now) is not None
        assert states.changes().keys() == {"busy.example"}
        states.learn("stored.example", BUSY, room.now)
        assert states.changes()["stored.example"].refusals == 4


def test_hosts_of_many_claimed_sources_are_not_read_again_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_states, "MAX_STATES", 100)
    with newsroom(tmp_path, ["http://127.0.0.1/feed"]).opened() as app:
        states = HostStates(app.store)
        claimed = {f"host{number}.example" for number in range(300)}
        states.load(claimed, {})
        states.held_until("redirected.example", app.clock())
        assert states._states.keys() == claimed | {"redirected.example"}
