"""Callbacks of our WebSub subscriptions at `/websub/<token>`: GET verifies, POST delivers (WebSub, 5.3 and 7). Edge.

A client without a valid token learns nothing. A push is answered once its signature is verified, and read later by the
consumer of the queue. A forged push gets the same answer as a valid one and is dropped. A push that is lost, because it
was refused or because the next one took its place, has its source fetched at once.
"""

import logging
from datetime import datetime, timedelta
from typing import Literal, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from aggregator import hub_subscriptions, websub
from aggregator.app import App
from aggregator.model import Push, Subscription
from aggregator.serve.metrics import Metrics
from aggregator.serve.push_bodies import NoRoomError, PushBodies, TooLargeError

HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
FORGERY_LOG_INTERVAL = timedelta(hours=1)  # between two log lines about one callback

LOST_PUSH = "lost push"  # reason of the next fetch

log = logging.getLogger("aggregator")

Offer = Literal["accepted", "replaced", "refused"]  # "replaced": accepted, in place of one that is lost


class PushQueue(Protocol):
    """Destination of pushes."""

    def offer(self, push: Push) -> Offer:
        """Take a push if there is room, in place of the one of its subscription that waits."""


class Callbacks:
    """ASGI endpoint for `path_params["token"]`. Without a queue nobody is subscribed, and hubs are told so."""

    def __init__(self, app: App, metrics: Metrics, queue: PushQueue | None) -> None:
        self._app, self._metrics, self._queue = app, metrics, queue
        self._bodies = PushBodies()
        self._forgery_logged: dict[str, datetime] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        await (await self._answer(request, scope["path_params"]["token"]))(scope, receive, send)

    async def _answer(self, request: Request, token: str) -> Response:
        if request.method not in ("GET", "HEAD", "POST"):
            return _text(405, "method not allowed; use GET or POST", Allow="GET, HEAD, POST")
        subscription = await run_in_threadpool(self._app.store.hubs.subscription, token) if self._queue else None
        if request.method == "POST":
            return await self._receive_push(request, subscription)
        if self._queue is None:
            return _text(410, "not subscribed any more")
        return await self._verify(request, subscription)

    async def _verify(self, request: Request, subscription: Subscription | None) -> Response:
        intent = websub.verification(request.scope["query_string"].decode("latin-1"))
        if intent is None or subscription is None or intent.topic != subscription.topic or intent.mode == "unsubscribe":
            return _text(404, "no such subscription was requested")
        now, app, may_write = self._app.clock(), self._app, request.method == "GET"
        if intent.mode == "denied":
            reason = f"its hub denies the subscription ({intent.reason or 'without a reason'})"
            refusal = subscription.token, reason, now, app.settings.fetch
            if may_write and await run_in_threadpool(hub_subscriptions.deny, app.store, *refusal):
                log.warning("%s: %s; the source is polled as before", subscription.source, reason)
            return _text(200, "noted")
        if may_write:
            await run_in_threadpool(hub_subscriptions.grant, app.store, subscription.token, intent.lease, now)
            log.info("%s: subscribed to its hub, which pushes new entries from now on", subscription.source)
        return PlainTextResponse(intent.challenge, headers=HEADERS)

    async def _receive_push(self, request: Request, subscription: Subscription | None) -> Response:
        if subscription is None or self._queue is None:
            return _text(410, "not subscribed any more")
        settings = self._app.settings.fetch
        try:
            body = await self._bodies.receive(request, subscription.hub, settings)
        except (TimeoutError, ClientDisconnect):
            return _text(408, "the body did not arrive in time", Connection="close")
        except NoRoomError:
            return await self._no_room(subscription)
        except TooLargeError:
            self._metrics.hub_pushes.labels("too large").inc()
            await self._make_due(subscription)
            return _text(413, f"the body is larger than {settings.max_bytes:,} bytes", Connection="close")
        headers = request.headers
        signature = headers.get("x-hub-signature", "")
        if not await run_in_threadpool(websub.is_signed, body, subscription.secret, signature):
            return self._forged(subscription)
        link = ", ".join(headers.getlist("link"))
        push = Push(token=subscription.token, body=body, content_type=headers.get("content-type"), link=link)
        offer = self._queue.offer(push)
        if offer == "refused":
            return await self._no_room(subscription)
        if offer == "replaced":
            self._metrics.hub_pushes.labels("replaced").inc()
            await self._make_due(subscription)
        self._metrics.hub_pushes.labels("accepted").inc()
        return _text(202, "accepted")

    def _forged(self, subscription: Subscription) -> Response:
        self._metrics.hub_pushes.labels("forged").inc()
        now, last = self._app.clock(), self._forgery_logged.get(subscription.token)
        if last is None or now - last >= FORGERY_LOG_INTERVAL:
            self._forgery_logged[subscription.token] = now
            log.warning("%s: dropped a push to its callback with an invalid signature", subscription.source)
        return _text(202, "accepted")

    async def _no_room(self, subscription: Subscription) -> Response:
        self._metrics.hub_pushes.labels("no room").inc()
        await self._make_due(subscription)
        return _text(503, "too many pushes at the moment", **{"Retry-After": "30", "Connection": "close"})

    async def _make_due(self, subscription: Subscription) -> None:
        due = ((subscription.source_id, (self._app.clock(), LOST_PUSH)),)
        await run_in_threadpool(self._app.store.sources.reschedule, due)


def _text(status: int, text: str, **headers: str) -> Response:
    return PlainTextResponse(text + "\n", status, headers={**HEADERS, **headers})
