"""A process of a cluster, as others see it, and as it sees them every few seconds. Shell."""

import asyncio
import os
import socket

from aggregator import __version__
from aggregator.app import App

INTERVAL = 3.0  # seconds between two looks


def process_name() -> str:
    """Return a name for this process, unique in its cluster."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Presence:
    """Shows that this process works, and looks at what others changed: the settings, or the tables.

    A process without a `name` shows nothing.
    """

    def __init__(self, app: App, name: str) -> None:
        self._app, self._name = app, name
        self._next = 0.0  # by the event loop's clock
        self._version = 0

    async def show(self) -> int:
        """Show the process, and return the version of the stored settings.

        Raises OutdatedError if a newer version of the program migrated the database.
        """
        clock = asyncio.get_running_loop().time
        if clock() >= self._next:
            self._version = await self._app.in_writer(self._look)
            self._next = clock() + INTERVAL
        return self._version

    def end(self) -> None:
        """Show that this process ended as it should."""
        if self._name:
            self._app.store.workers.end(self._name)

    def _look(self) -> int:
        store = self._app.store
        store.database.check_version()
        if self._name:
            store.workers.show(self._name, len(store.leases), __version__, self._app.clock())
        return store.settings.version()
