"""Requests that follow a record: pages of archives and of articles, and translations. Shell.

A tick begins what is due and what no other process has claimed.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager

from aggregator.app import App
from aggregator.fetch import Fetcher
from aggregator.pipeline import SourceOutcome
from aggregator.pipeline.backfill import Backfiller
from aggregator.pipeline.complete import Completer
from aggregator.pipeline.poller import Poller
from aggregator.pipeline.translate import Translator
from aggregator.serve import Work


class FollowingRequests:
    """Such requests of a process. `app` and `fetcher` give those in use; hosts are shared with the `poller`.

    `report` gets what a page of an archive brought.
    """

    def __init__(
        self,
        app: Callable[[], App],
        fetcher: Callable[[], Fetcher],
        poller: Poller,
        watched: Callable[[Work], AbstractContextManager[None]],
        report: Callable[[SourceOutcome], None],
    ) -> None:
        self._app, self._fetcher, self._poller, self._watched, self._report = app, fetcher, poller, watched, report
        self._backfiller: Backfiller | None = None
        self._completer: Completer | None = None
        self._translator: Translator | None = None

    async def start_due(self) -> None:
        """Begin what is due; to be called once a tick."""
        await self._begin_backfill()
        await self._begin_complete()
        self._begin_translate()

    async def drain(self, seconds: float) -> None:
        """Give what is under way so many seconds to end, then cancel it; translations are cancelled at once.

        Raises StoreError if pages could not be released, after all has ended.
        """
        ends = [pages.drain(seconds) for pages in (self._completer, self._backfiller) if pages]
        if self._translator:
            ends.append(self._translator.stop())
        self._backfiller = self._completer = self._translator = None  # what begins later uses the next fetcher
        for result in await asyncio.gather(*ends, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    async def _begin_backfill(self) -> None:
        if not self._poller.is_stopped and self._app().features.backfill:
            with self._watched("backfill"):
                self._backfiller = self._backfiller or Backfiller(
                    self._app(), self._fetcher(), self._poller.hosts, self._report
                )
                await self._backfiller.start_due()

    async def _begin_complete(self) -> None:
        if not self._poller.is_stopped and self._app().features.full_text:
            with self._watched("complete"):
                self._completer = self._completer or Completer(self._app(), self._fetcher(), self._poller.hosts)
                await self._completer.start_due()

    def _begin_translate(self) -> None:
        if not self._poller.is_stopped and self._app().features.translations:
            with self._watched("translate"):
                self._translator = self._translator or Translator(self._app())
                self._translator.start_due()
