"""A process of a cluster, as it looks at the others every few seconds. Shell."""

import asyncio

from aggregator.app import App

INTERVAL = 3.0  # seconds between two looks


class Presence:
    """Looks at what other processes changed: the settings, or the tables."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._next = 0.0  # by the event loop's clock
        self._version = 0

    async def show(self) -> int:
        """Return the version of the stored settings. Raises OutdatedError if a newer program migrated the database."""
        clock = asyncio.get_running_loop().time
        if clock() >= self._next:
            self._version = await self._app.in_writer(self._look)
            self._next = clock() + INTERVAL
        return self._version

    def _look(self) -> int:
        self._app.store.database.check_version()
        return self._app.store.settings.version()
