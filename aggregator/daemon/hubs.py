"""Both ends of WebSub while the daemon runs: subscriptions to hubs, their pushes, notifications of our hub. Shell.

Due times are columns of rows, as with sources; a tick only looks. A dead hub is no problem of ours: it is tried again
later, and the log says so once.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from aggregator import hub_subscriptions
from aggregator.app import App
from aggregator.daemon.push_buffer import PushBuffer
from aggregator.errors import AggregatorError
from aggregator.fetch import Fetcher
from aggregator.model import Failure, Push, Subscription
from aggregator.pipeline.push import record_push
from aggregator.publish.hubs import notify_hub
from aggregator.serve import Metrics, Work
from aggregator.settings import Settings
from aggregator.websub import callback_url, callbacks_url, is_reachable, subscribe_form

MAX_REQUESTS = 20  # subscriptions requested at the same time
RETRY = 1.0  # seconds until a push that could not be recorded is tried again
PAUSE_SECONDS = 2.0  # for requests under way to end
FINISH_SECONDS = 3.0  # for pushes to be recorded once the daemon is to stop

log = logging.getLogger("aggregator")


def subscribes(settings: Settings) -> bool:
    """Return whether hubs are asked to push to us: if configured, or if they can be expected to reach us."""
    return settings.websub == "always" or (settings.websub == "auto" and is_reachable(settings.public_url))


class Hubs:
    """The daemon's work with hubs. `app` and `fetcher` give those in use at the moment."""

    def __init__(
        self,
        app: Callable[[], App],
        fetcher: Callable[[], Fetcher],
        watched: Callable[[Work], AbstractContextManager[None]],
        publish: Callable[[], Awaitable[None]],
        metrics: Metrics,
    ) -> None:
        self._app, self._fetcher, self._watched, self._publish, self._metrics = app, fetcher, watched, publish, metrics
        self._pushes = PushBuffer()
        self._feeds_changed = asyncio.Event()
        self._requests: set[asyncio.Task[None]] = set()
        self._recording: asyncio.Task[None] | None = None
        self._notifying: asyncio.Task[None] | None = None  # None: start no request
        self._sends = True  # requests to hubs
        self._is_hub_dead = False  # our hub, at the last notification

    def pushes(self) -> PushBuffer | None:
        """Return the buffer for pushes, or None if we do not subscribe."""
        return self._pushes if subscribes(self._app().settings) else None

    async def start(self, *, requests: bool = True) -> None:
        """Work until `finish`; without `requests` only record what is pushed: another process asks hubs."""
        self._sends = requests
        await self.apply_settings()
        self._recording = asyncio.create_task(self._record_pushes())
        self.resume()

    async def pause(self) -> None:
        """Start no request, and give those under way some time to end: the fetcher is about to be closed.

        Feeds of which our hub was not notified stay due; hubs that were not reached are asked again later.
        """
        notifying, self._notifying = self._notifying, None
        if self._requests:
            await asyncio.wait(self._requests, timeout=PAUSE_SECONDS)
        await _cancel(*self._requests, *((notifying,) if notifying else ()))

    def resume(self) -> None:
        """Go on after a pause."""
        if self._sends:
            self._notifying = asyncio.create_task(self._notify())

    async def apply_settings(self) -> None:
        """Go by the present settings: tell hubs a new address of our callbacks, or end all subscriptions."""
        with self._watched("websub"):
            app = self._app()
            if subscribes(app.settings):
                await app.in_writer(app.store.hubs.readdress, callbacks_url(app.settings.public_url), app.clock())
            else:
                await app.in_writer(hub_subscriptions.end_all, app.store, app.clock(), app.settings.fetch)

    def feeds_changed(self) -> None:
        """Notify our hub at once: feeds were published."""
        self._feeds_changed.set()

    async def tick(self) -> None:
        """Do what is due."""
        self._feeds_changed.set()
        with self._guarded():
            await self._request_subscriptions()

    async def work_off(self) -> None:
        """Do what is due to its end, as a job; a pause breaks it off, and nothing starts during one."""
        with self._guarded():
            await self._request_subscriptions()
        if self._notifying is None:
            return
        task = asyncio.create_task(self._notify_due())
        self._requests.add(task)
        task.add_done_callback(self._requests.discard)
        await asyncio.wait(set(self._requests))

    async def finish(self) -> None:
        """Record the accepted pushes as far as time allows, and stop; everything that is due stays due."""
        self._pushes.is_closed = True
        try:
            await asyncio.wait_for(self._pushes.join(), FINISH_SECONDS)
        except TimeoutError:
            log.warning("not all pushes were recorded before the end; the next polls of their sources find the entries")
        await self.pause()
        if self._recording:
            await _cancel(self._recording)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Keep errors within: the health knows of an AggregatorError, and a tick retries; others are logged."""
        try:
            with self._watched("websub"):
                yield
        except Exception as error:  # one hub must not stop the work for the others
            log.debug("while working for a hub", exc_info=True)
            log.error("internal error (%s) while working for a hub; the others go on", type(error).__name__)

    # -------------------------------------------------------------------------------------------------------- pushes

    async def _record_pushes(self) -> None:
        is_unpublished = False
        while True:
            push = await self._pushes.get()
            try:
                is_unpublished |= await self._record_with_retries(push)
            finally:
                self._pushes.done(push)
            if is_unpublished and self._pushes.empty():
                with self._guarded():
                    await self._publish()
                is_unpublished = False

    async def _record_with_retries(self, push: Push) -> bool:
        """Return whether the push changed anything; wait for a database that cannot be written."""
        while True:
            rows, is_retried = 0, False
            with self._guarded():
                try:
                    rows = await self._record(push)
                except AggregatorError:
                    is_retried = not self._pushes.is_closed
                    raise
            if not is_retried:
                return rows > 0
            await asyncio.sleep(RETRY)

    async def _record(self, push: Push) -> int:
        """Record a push; return the number of changed rows. Raises StoreError."""
        outcome = await record_push(self._app(), push)
        if outcome is None:
            return 0
        counts = outcome.recorded
        self._metrics.hub_pushes.labels("failed" if outcome.failure else "recorded").inc()
        self._metrics.count_articles(outcome)
        if outcome.failure:
            log.warning(
                "%s: its hub pushed a document that cannot be read: %s",
                outcome.source,
                outcome.failure,
                extra=outcome.log_fields("push"),
            )
        elif counts.new or counts.updated:
            message = "%s: %d new, %d updated, pushed by its hub"
            log.info(message, outcome.source, counts.new, counts.updated, extra=outcome.log_fields("push"))
        return counts.rows

    # ------------------------------------------------------------------------------------------------- subscriptions

    async def _request_subscriptions(self) -> None:
        app, room = self._app(), MAX_REQUESTS - len(self._requests)
        if room <= 0 or self._notifying is None or not subscribes(app.settings):
            return
        address = app.settings.public_url
        due = await app.in_writer(
            hub_subscriptions.claim_due,
            app.store,
            app.clock(),
            limit=room,
            public_url=address,
            fetch=app.settings.fetch,
        )
        for subscription in due if self._notifying else ():  # a pause may have begun meanwhile
            task = asyncio.create_task(self._request(subscription, callback_url(address, subscription.token)))
            self._requests.add(task)
            task.add_done_callback(self._requests.discard)

    async def _request(self, subscription: Subscription, callback: str) -> None:
        with self._guarded():
            form = subscribe_form(callback=callback, topic=subscription.topic, secret=subscription.secret)
            answer = await self._fetcher().post(subscription.hub, form)
            if isinstance(answer, Failure):
                reason = f"its hub takes no subscription ({answer.reason})"
                if subscription.failures == 1:
                    log.info("%s: %s; %s is asked again later", subscription.source, reason, answer.subject)
                app = self._app()
                await app.in_writer(app.store.hubs.fail, subscription.token, reason)

    # ------------------------------------------------------------------------------------------------- notifications

    async def _notify(self) -> None:
        while True:
            await self._feeds_changed.wait()
            self._feeds_changed.clear()
            await self._notify_due()

    async def _notify_due(self) -> None:
        with self._guarded():
            failure = await notify_hub(self._app(), self._fetcher(), self._count_notification)
            if failure and not self._is_hub_dead:
                log.warning("cannot notify the hub of changed feeds, it is tried again: %s", failure)
            self._is_hub_dead = self._is_hub_dead or failure is not None

    def _count_notification(self, is_notified: bool) -> None:
        self._metrics.hub_pings.labels("accepted" if is_notified else "failed").inc()
        if is_notified and self._is_hub_dead:
            log.info("the hub is notified of changed feeds again")
            self._is_hub_dead = False


async def _cancel(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
