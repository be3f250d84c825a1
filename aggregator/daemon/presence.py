"""A process of a cluster, as others see it, and as it sees them every few seconds. Shell."""

import asyncio
import os
import socket
from collections.abc import Callable, Sequence

from aggregator import __version__
from aggregator.app import App
from aggregator.errors import AggregatorError
from aggregator.publish import foreign_settings

INTERVAL = 3.0  # seconds between two looks


def process_name() -> str:
    """Return a name for this process, unique in its cluster."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Presence:
    """Shows that this process works, and looks at what others changed: the settings, or the tables.

    A process without a `name` shows nothing. One that `keeps` the settings, which it reads from a file, shows that too:
    no daemon starts beside it whose file gives another form. `writes` is True for one that writes files.
    """

    def __init__(self, app: Callable[[], App], name: str, *, keeps: bool, writes: bool) -> None:
        self._app, self._name, self._keeps, self._writes = app, name, keeps, writes
        self._foreign: tuple[str, ...] = ()  # settings that differed at the last look
        self._next = 0.0  # by the event loop's clock
        self._version = 0

    async def show(self) -> int:
        """Show the process, and return the version of the stored settings.

        Raises OutdatedError if a newer version of the program migrated the database, AggregatorError if this process
        writes no files, as it has other settings than the stored ones; those that just changed are taken over first.
        """
        clock = asyncio.get_running_loop().time
        if clock() >= self._next:
            before = self._foreign
            self._version, self._foreign = await self._app().in_writer(self._look)
            self._next = clock() + INTERVAL
            if before and self._foreign:
                raise AggregatorError(_sentence(self._foreign))
        return self._version

    def end(self) -> None:
        """Show that this process ended as it should."""
        if self._name:
            self._app().store.workers.end(self._name)
        if self._keeps:
            self._app().store.settings.leave(process_name())

    def _look(self) -> tuple[int, tuple[str, ...]]:
        app = self._app()
        store = app.store
        store.database.check_version()
        if self._name:
            store.workers.show(self._name, len(store.leases), __version__, app.clock())
        if self._keeps:
            store.settings.keep(process_name(), app.clock())
        version = store.settings.version()
        return version, foreign_settings(app) if self._writes else ()


def _sentence(names: Sequence[str]) -> str:
    quoted = ", ".join(f"`{name}`" for name in names)
    return (
        f"this process writes no files, as {quoted} would give them another form than the settings in the database do; "
        "have all processes use the same feeds.yaml and the same environment"
    )
