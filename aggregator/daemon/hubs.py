"""Both ends of WebSub while the daemon runs: hubs are asked for subscriptions and told of news, pushes taken. Shell.

What is due is a column of a row, as with sources; a tick only looks. A hub that is dead is no illness of ours: it is
tried again later, and the log hears once.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, suppress
from typing import Literal

from aggregator.app import App
from aggregator.fetch import Fetcher
from aggregator.model import Failure, Push, Subscription
from aggregator.pipeline.push import take_push
from aggregator.publish.hubs import tell
from aggregator.serve import Metrics, Work
from aggregator.settings import Settings
from aggregator.websub import callback_url, is_reachable, subscribe_form

MOST_PUSHES, MOST_BYTES = 200, 50_000_000  # that wait to be taken; what comes beyond is to come again
MOST_ASKED = 20  # hubs that are asked at once
RETRY = 1.0  # seconds until a push that could not be recorded is tried again
MOMENT = 2.0  # seconds that requests to hubs get to end in
FINISH = 3.0  # seconds that pushes get to be recorded in, once the daemon is to stop

Watched = Callable[[Work], AbstractContextManager[None]]

log = logging.getLogger("aggregator")


def subscribes(settings: Settings) -> bool:
    """Whether hubs are to push to us: where it is asked for, or where they can be expected to reach us."""
    return settings.websub == "always" or (settings.websub == "auto" and is_reachable(settings.public_url))


class Inbox:
    """Pushes that wait to be taken, as many as there is room for."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[Push] = asyncio.Queue(MOST_PUSHES)
        self._bytes = 0
        self.closed = False

    def offer(self, push: Push) -> bool:
        """Take a push; False where there is no room for it."""
        full = self._waiting.full() or (self._bytes and self._bytes + len(push.body) > MOST_BYTES)
        if self.closed or full:
            return False
        self._bytes += len(push.body)
        self._waiting.put_nowait(push)
        return True

    async def next(self) -> Push:
        """The push that came first; `done` is to be called when it was taken."""
        return await self._waiting.get()

    def done(self, push: Push) -> None:
        """Make room for others."""
        self._bytes -= len(push.body)
        self._waiting.task_done()

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return self._waiting.empty()

    async def emptied(self) -> None:
        """Wait until all were taken."""
        await self._waiting.join()


class Hubs:
    """What the daemon does for subscriptions and topics. `app` and `fetcher` give what it works with at the moment."""

    def __init__(
        self,
        app: Callable[[], App],
        fetcher: Callable[[], Fetcher],
        watched: Watched,
        publish: Callable[[], Awaitable[None]],
        metrics: Metrics,
    ) -> None:
        self._app, self._fetcher, self._watched, self._publish, self._metrics = app, fetcher, watched, publish, metrics
        self._inbox = Inbox()
        self._news = asyncio.Event()
        self._asking: set[asyncio.Task[None]] = set()
        self._taking: asyncio.Task[None] | None = None
        self._telling: asyncio.Task[None] | None = None  # None: no request is to be started
        self._dead = False  # our hub, when it was last told

    def inbox(self) -> Inbox | None:
        """Where callbacks put pushes; None where we do not subscribe."""
        return self._inbox if subscribes(self._app().settings) else None

    async def begin(self) -> None:
        """Work until `finish`."""
        await self.settle()
        self._taking = asyncio.create_task(self._take())
        self.resume()

    async def pause(self) -> None:
        """Start no request, and give those under way a moment: what they ask with is exchanged, or goes.

        Feeds of which our hub did not hear stay due; hubs that were not heard are asked again later.
        """
        telling, self._telling = self._telling, None
        if self._asking:
            await asyncio.wait(self._asking, timeout=MOMENT)
        await _cancelled(*self._asking, *((telling,) if telling else ()))

    def resume(self) -> None:
        """Go on after a pause."""
        self._telling = asyncio.create_task(self._tell())

    async def settle(self) -> None:
        """Go by the settings as they are now: hubs are to know where our callbacks are, or no hub is counted on."""
        with self._watched("websub"):
            app = self._app()
            if subscribes(app.settings):
                address = app.settings.public_url
                await app.in_worker(app.store.hubs.readdress, address, app.clock())
            else:
                await app.in_worker(app.store.hubs.end_all, app.clock())

    def news(self) -> None:
        """Something was published: tell our hub at once."""
        self._news.set()

    async def tick(self) -> None:
        """Look for what is due."""
        self._news.set()
        await self._guarded(self._ask)

    async def finish(self) -> None:
        """Record the pushes that were accepted, as far as time allows, and stop; whoever is due stays so."""
        self._inbox.closed = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self._inbox.emptied(), FINISH)
        await self.pause()
        if self._taking:
            await _cancelled(self._taking)

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> Literal["done", "later", "never"]:
        """What became of `work`: an error of ours ends it for good, of the database, say, for now; the health knows."""
        became: Literal["done", "later"] = "later"
        try:
            with self._watched("websub"):
                await work()
                became = "done"
        except Exception as bug:  # whatever one hub provokes must not stop the others
            log.debug("while working for a hub", exc_info=True)
            log.error("internal error (%s) while working for a hub; the others go on", type(bug).__name__)
            return "never"
        return became

    # -------------------------------------------------------------------------------------------------------- pushes

    async def _take(self) -> None:
        unpublished = False
        while True:
            push = await self._inbox.next()
            try:
                unpublished |= await self._recorded(push)
            finally:
                self._inbox.done(push)
            if unpublished and self._inbox.empty:
                await self._guarded(self._publish)
                unpublished = False

    async def _recorded(self, push: Push) -> bool:
        """Whether the push brought something to publish. A database that cannot be written is waited for."""
        rows = 0

        async def work() -> None:
            nonlocal rows
            rows = await self._record(push)

        while await self._guarded(work) == "later" and not self._inbox.closed:
            await asyncio.sleep(RETRY)
        return rows > 0

    async def _record(self, push: Push) -> int:
        outcome = await take_push(self._app(), push)
        if outcome is None:
            return 0
        self._metrics.hub_pushes.labels("failed" if outcome.failure else "recorded").inc()
        self._metrics.count_articles(outcome)
        if outcome.failure:
            log.warning("%s: its hub pushed what cannot be read: %s", outcome.source, outcome.failure)
        elif outcome.recorded.new or outcome.recorded.updated:
            recorded = outcome.recorded
            log.info("%s: %d new, %d updated, pushed by its hub", outcome.source, recorded.new, recorded.updated)
        return outcome.recorded.rows

    # --------------------------------------------------------------------------------------------------- subscribing

    async def _ask(self) -> None:
        app, room = self._app(), MOST_ASKED - len(self._asking)
        if room <= 0 or self._telling is None or not subscribes(app.settings):
            return
        address = app.settings.public_url
        due = await app.in_worker(app.store.hubs.claim, app.clock(), limit=room, public_url=address)
        for one in () if self._telling is None else due:
            task = asyncio.create_task(self._ask_for(one, callback_url(address, one.token)))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def _ask_for(self, one: Subscription, callback: str) -> None:
        async def work() -> None:
            form = subscribe_form(callback=callback, topic=one.topic, secret=one.secret)
            answer = await self._fetcher().post(one.hub, form)
            if isinstance(answer, Failure):
                reason = f"its hub takes no subscription ({answer.reason})"
                if one.failures == 1:
                    log.info("%s: %s; %s is asked again later", one.source, reason, answer.subject)
                await self._app().in_worker(self._app().store.hubs.fail, one.token, reason)

        await self._guarded(work)

    # --------------------------------------------------------------------------------------------------------- topics

    async def _tell(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            await self._guarded(self._tell_due)

    async def _tell_due(self) -> None:
        app = self._app()
        if app.settings.feeds.hub is None:
            return
        failure = await tell(app, self._fetcher(), self._count)
        if failure and not self._dead:
            log.warning("our hub cannot be told of changed feeds and is tried again: %s", failure)
        self._dead = self._dead or failure is not None

    def _count(self, told: bool) -> None:
        self._metrics.hub_pings.labels("told" if told else "failed").inc()
        if told and self._dead:
            log.info("our hub is told of changed feeds again")
            self._dead = False


async def _cancelled(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
