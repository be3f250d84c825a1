"""Writing of states while requests of the same refresh go on."""

import asyncio
import threading
from pathlib import Path

from aggregator.model import NotModified, Validators
from aggregator.pipeline.host_states import HostStates
from aggregator.pipeline.leases import LEASE
from aggregator.pipeline.states import INTERVAL, StateWriter
from tests.newsroom import newsroom

NOT_MODIFIED = NotModified(url="https://a.example/", status=304, validators=Validators())


def test_a_state_added_during_the_last_write_is_stored(tmp_path: Path) -> None:
    room = newsroom(tmp_path, [{"name": name, "url": f"https://{name}.example/"} for name in ("a", "b")])
    with room.opened() as app:
        claimed = app.store.leases.claim(app.clock(), limit=2, lease=LEASE)
        thread_is_free = threading.Event()

        async def finish_one_source_during_the_write_of_another() -> StateWriter:
            states = StateWriter(app, HostStates(app.store), claimed)
            async with states.running():
                app.writer.submit(thread_is_free.wait, 60)
                states.add(claimed[0], NOT_MODIFIED, app.clock())
                await asyncio.sleep(1.5 * INTERVAL)  # its write waits for the thread now
                states.add(claimed[1], NOT_MODIFIED, app.clock())
                asyncio.get_running_loop().call_later(0.1, thread_is_free.set)
            return states

        states = asyncio.run(finish_one_source_during_the_write_of_another())
        assert not states.unfinished
        assert all(stored.state.last_fetch for stored in app.store.sources.all())
