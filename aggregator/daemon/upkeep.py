"""What the daemon does by itself for what it keeps: mends after an unclean stop, prunes once a day. Shell.

All in the worker thread, in steps of well under a second, between which fetching and publishing have their turn.
"""

import logging
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta

from aggregator.app import App
from aggregator.maintain import mend_articles, mend_feed, mend_list_of_feeds, prune_some
from aggregator.publish import BATCH
from aggregator.serve import Work

DAY = timedelta(days=1)
PRUNED = "pruned"  # the note of when that was last done, and by which retention

log = logging.getLogger("aggregator")


class Upkeep:
    """Which of that is due, and doing it. `app` gives the app as it is now, `stopped` whether to leave off."""

    def __init__(self, app: Callable[[], App], stopped: Callable[[], bool], *, unclean: bool) -> None:
        self._app, self._stopped = app, stopped
        self._mended = not unclean
        self._pruned = ""  # the note, once it was read

    def due(self) -> Iterator[tuple[Work, Callable[[], Awaitable[None]]]]:
        """What is to be done now, each with its name."""
        if not self._mended:
            yield "mend", self._mend
        if self._app().settings.retention is not None and not _is_recent(self._pruned, self._app()):
            yield "prune", self._prune

    async def _mend(self) -> None:
        """Hold the files of the last day's articles and of all feeds against the database, and write what differs.

        Files are not forced to the disk, so a power cut can leave them empty, or as they were before. Older ones the
        system has written long since; `verify --repair` looks at them all.
        """
        app = self._app()
        ids = await app.in_worker(app.store.maintenance.touched_articles, DAY)
        articles = feeds = 0
        for start in range(0, len(ids), BATCH):
            articles += await self._step(mend_articles, ids[start : start + BATCH])
        for name in await app.in_worker(app.store.feeds.categories):
            feeds += await self._step(mend_feed, name)
        feeds += await self._step(mend_list_of_feeds)
        if self._stopped():
            return
        self._mended = True
        if articles or feeds:
            log.warning(
                "the last run did not end in good order: %d files of articles and %d of feeds were written anew",
                articles,
                feeds,
            )

    async def _step(self, work: Callable[..., int], *args: object) -> int:
        return 0 if self._stopped() else await self._app().in_worker(work, self._app(), *args)

    async def _prune(self) -> None:
        app = self._app()
        note = await app.in_worker(app.store.meta.get, PRUNED)  # an earlier process may have done it
        self._pruned = note or ""
        if _is_recent(self._pruned, app):
            return
        last: str | None = None
        pruned, begun = 0, _note(app)
        while not self._stopped() and (ids := await self._app().in_worker(prune_some, self._app(), last)):
            last = ids[-1]
            pruned += len(ids)
        if pruned:
            log.info("%d article%s older than `retention` pruned", pruned, "s" if pruned != 1 else "")
        if not self._stopped():
            await self._app().in_worker(self._app().store.meta.set, PRUNED, begun)
            self._pruned = begun


def _note(app: App) -> str:
    return f"{app.clock().isoformat()} {app.settings.retention}"


def _is_recent(note: str, app: App) -> bool:
    """Whether it was done within a day, by the same retention; a clock that was put back counts as time gone by."""
    moment, _, retention = note.partition(" ")
    return (
        bool(note)
        and retention == str(app.settings.retention)
        and abs(app.clock() - datetime.fromisoformat(moment)) < DAY
    )
