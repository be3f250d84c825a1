"""Upkeep that the daemon does by itself: repair files after an unclean stop, prune once a day, free memory. Shell.

All of it runs in the writer thread in steps of well under a second, so that fetching and publishing get their turn.
"""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta

from aggregator.app import App
from aggregator.errors import FilesError
from aggregator.maintain.prune import prune_batch, raise_first, retention_problem
from aggregator.maintain.repair import repair_articles, repair_feed, repair_feed_list
from aggregator.names import counted
from aggregator.publish import foreign_settings
from aggregator.publish.outbox import BATCH
from aggregator.serve import Work

DAY = timedelta(days=1)
MODEL_IDLE = timedelta(minutes=1)  # for which the language model stays in memory without use
PRUNED = "pruned"  # note with the time of the last pruning, and its retention

log = logging.getLogger("aggregator")


class Upkeep:
    """Upkeep that is due. `app` gives the app in use at the moment, `is_stopped` whether to break off."""

    def __init__(self, app: Callable[[], App], is_stopped: Callable[[], bool], *, unclean: bool) -> None:
        self._app, self._is_stopped = app, is_stopped
        self._is_repaired = not unclean
        self._pruned = ""  # the note, once it was read
        self._model_uses, self._model_used = 0, app().clock()

    def due(self, *, publishes: bool = True) -> Iterator[tuple[Work, Callable[[], Awaitable[None]]]]:
        """Yield the name and the function of each work that is due; nothing on files where others publish."""
        self._unload_model()
        if not publishes:
            return
        if not self._is_repaired:
            yield "mend", self.repair
        if self._is_unpruned_today():
            yield "prune", self.prune

    async def is_prune_due(self) -> bool:
        """Return whether articles are to be pruned today, and no process did so yet."""
        if not self._is_unpruned_today():
            return False
        app = self._app()
        note = await app.in_writer(app.store.meta.get, PRUNED)  # another process may have done it
        self._pruned = note or ""
        return self._is_unpruned_today()

    def _unload_model(self) -> None:
        """Unload the language model if it was not used for a minute."""
        language = sys.modules.get("aggregator.normalise.language")  # loaded with the first document
        uses, now = language.model_uses() if language else 0, self._app().clock()
        if uses != self._model_uses:
            self._model_uses, self._model_used = uses, now
        elif language and uses and abs(now - self._model_used) >= MODEL_IDLE:
            language.unload_model()
            self._model_uses = 0

    async def repair(self) -> None:
        """Write the files of the last day's articles, and of all feeds, where they differ from the database.

        Files are not flushed to disk, so a power cut can leave them empty or as they were before. The system has
        written older ones long since; `verify --repair` looks at all of them.
        """
        app = self._app()
        ids = await app.in_writer(app.store.maintenance.touched_articles, DAY)
        articles = feeds = 0
        for start in range(0, len(ids), BATCH):
            articles += await self._step(repair_articles, ids[start : start + BATCH])
        for name in await app.in_writer(app.store.feeds.categories):
            feeds += await self._step(repair_feed, name)
        feeds += await self._step(repair_feed_list)
        if self._is_stopped():
            return
        self._is_repaired = True
        if articles or feeds:
            log.warning("after an unclean stop %d files of articles and %d of feeds were rewritten", articles, feeds)

    async def _step(self, work: Callable[..., int], *args: object) -> int:
        return 0 if self._is_stopped() else await self._app().in_writer(work, self._app(), *args)

    async def prune(self) -> None:
        """Prune all that is too old, unless another process did it today."""
        if not await self.is_prune_due():
            return
        app = self._app()
        count, pruned_now = 0, f"{app.clock().isoformat()} {app.settings.retention}"
        if problem := await app.in_writer(retention_problem, app):
            log.warning("%s", problem)
            self._pruned = pruned_now  # not noted: the next start says it again
            return
        failures = dict[str, FilesError]()
        while not self._is_stopped() and (pruned := await self._app().in_writer(prune_batch, self._app(), failures)):
            count += pruned
        if count:
            log.info("%s older than `retention`, or dropped long ago, pruned", counted(count, "article"))
        raise_first(failures)
        if not self._is_stopped():
            await app.in_writer(app.store.meta.set, PRUNED, pruned_now)
            self._pruned = pruned_now

    async def is_verify_due(self) -> bool:
        """Return whether a part of the database is to be compared with its files."""
        from aggregator.maintain.compare import is_comparison_due  # it loads the renderer

        app = self._app()
        return is_comparison_due(await app.in_writer(app.store.comparisons.last), app.clock())

    async def verify(self) -> None:
        """Compare the part that is due, in a thread of its own: it takes its time, and waits for who writes files."""
        from aggregator.maintain.compare import compare_next

        app = self._app()
        if not await app.in_writer(foreign_settings, app):  # else its files have another form
            await asyncio.to_thread(compare_next, app, self._is_stopped)

    def _is_unpruned_today(self) -> bool:
        """Return whether there is something to prune by, and the note is not of today and of the same retention.

        Today is less than a day ago, in either direction.
        """
        app = self._app()
        if app.settings.retention is None and not app.has_rules:
            return False
        moment, _, retention = self._pruned.partition(" ")
        is_same_retention = bool(moment) and retention == str(app.settings.retention)
        return not is_same_retention or abs(app.clock() - datetime.fromisoformat(moment)) >= DAY
