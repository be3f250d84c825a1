"""The command `articles.after` while the daemon runs: at most once a minute, one at a time. Shell."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from aggregator.app import App
from aggregator.errors import AggregatorError
from aggregator.publish import after

GAP = timedelta(minutes=1)  # between two starts

log = logging.getLogger("aggregator")


class AfterArticles:
    """Runs the command beside all other work. `app` gives the app in use at the moment."""

    def __init__(self, app: Callable[[], App]) -> None:
        self._app = app
        self._next_start = 0.0  # by the event loop's clock
        self._run: asyncio.Task[None] | None = None

    async def tick(self) -> None:
        """Start the command if files of articles changed, unless it runs or ran less than a minute ago."""
        app, now = self._app(), asyncio.get_running_loop().time()
        is_running = self._run is not None and not self._run.done()
        if not app.settings.articles.after or is_running or now < self._next_start:
            return
        with suppress(AggregatorError):  # publishing meets it too, and reports it
            if await app.in_writer(after.is_due, app):
                self._next_start = now + GAP.total_seconds()
                self._run = asyncio.create_task(self._run_command(app))

    async def stop(self) -> None:
        """Stop the command if it runs; the next process runs it again."""
        if self._run:
            self._run.cancel()
            await asyncio.gather(self._run, return_exceptions=True)

    async def _run_command(self, app: App) -> None:
        try:
            await after.run_if_due(app, wait=False)
        except AggregatorError as error:
            log.error("%s", error)
