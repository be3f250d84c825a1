"""The wait for a translation server that failed. Shell.

It is a note in the database: the next run of `once`, and each process of several, waits too. Another URL or key begins
anew.
"""

from datetime import datetime, timedelta
from hashlib import blake2b

from aggregator.app import App
from aggregator.model import Failure
from aggregator.schedule.backoff import translate_backoff
from aggregator.settings.references import resolved

NOTE = "translation server"  # the digest of URL and key, failures in a row, and until when the server is left alone
MAX_HOLD = timedelta(hours=1)


class TranslationHold:
    """Failures in a row of the configured server, and the time before which it is not asked."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._failures = 0
        self.until: datetime | None = None

    async def load(self) -> None:
        """Read the note. Raises StoreError."""
        note = await self._app.in_writer(self._app.store.meta.get, NOTE)
        server, failures, until = (note or "").split(" ") if note else ("", "0", "")
        self._failures, self.until = 0, None
        if server == self._server():
            self._failures, self.until = int(failures), datetime.fromisoformat(until)

    def is_on(self) -> bool:
        """Return True if the server is left alone now. A time further ahead than any wait was set by a wrong clock."""
        now = self._app.clock()
        return self.until is not None and now < self.until <= now + MAX_HOLD

    async def extend(self, failure: Failure) -> datetime:
        """Note one more failure; return when the server is asked again. Raises StoreError."""
        self._failures += 1
        requested = min(failure.retry_after or timedelta(0), MAX_HOLD)
        until = self.until = self._app.clock() + max(translate_backoff(self._failures), requested)
        note = f"{self._server()} {self._failures} {until.isoformat()}"
        await self._app.in_writer(self._app.store.meta.set, NOTE, note)
        return until

    async def end(self) -> None:
        """Note that the server answered. Raises StoreError."""
        if self._failures:
            self._failures, self.until = 0, None
            await self._app.in_writer(self._app.store.meta.set, NOTE, "")

    def _server(self) -> str:
        settings = self._app.settings.translate
        key = resolved(settings.key, self._app.environ) if settings.key else ""
        return blake2b(f"{settings.url}\0{key}".encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
