"""The callbacks of our subscriptions, `/websub/<token>`: GET verifies one, POST brings news (WebSub, 5.3 and 7). Edge.

Who does not know a token learns nothing. A push is answered as soon as its signature is found to be right; what it says
is looked at later, by whoever empties the inbox. What is forged is answered like what is not, and dropped.
"""

import asyncio
import logging
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from aggregator import websub
from aggregator.app import App
from aggregator.model import Push, Subscription
from aggregator.serve.metrics import Metrics

HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
MOST_AT_ONCE = 8  # bodies that are being read; each may take `fetch.max_bytes` of memory
LONGEST_DRAIN = 5.0  # seconds for which more than that is still taken, and thrown away, so that our answer is heard
FORGED_AGAIN = timedelta(hours=1)  # between two log lines about one callback

log = logging.getLogger("aggregator")


class Inbox(Protocol):
    """Where pushes go."""

    def offer(self, push: Push) -> bool:
        """Take a push, or say that there is no room."""


class Callbacks:
    """ASGI application for `path_params["token"]`; without an inbox nobody is subscribed, and hubs hear so."""

    def __init__(self, app: App, metrics: Metrics, inbox: Inbox | None) -> None:
        self._app, self._metrics, self._inbox = app, metrics, inbox
        self._reading = 0
        self._told_of: dict[str, datetime] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        await (await self._answer(request, scope["path_params"]["token"]))(scope, receive, send)

    async def _answer(self, request: Request, token: str) -> Response:
        if request.method not in ("GET", "HEAD", "POST"):
            return _said(405, "hubs come with GET and POST", Allow="GET, HEAD, POST")
        found = await run_in_threadpool(self._app.store.subscription, token) if self._inbox else None
        if request.method == "POST":
            return await self._push(request, found)
        if self._inbox is None:
            return _said(410, "nobody is subscribed here any more")
        return await self._verify(request, found)

    async def _verify(self, request: Request, found: Subscription | None) -> Response:
        asked = websub.verification(request.url.query)
        if asked is None or found is None or asked.topic != found.topic or asked.mode == "unsubscribe":
            return _said(404, "no such subscription was asked for")
        now, store, changes = self._app.clock(), self._app.store, request.method == "GET"
        if asked.mode == "denied":
            reason = f"its hub denies the subscription ({asked.reason or 'without a reason'})"
            if changes and await run_in_threadpool(store.deny_subscription, found.token, reason, now):
                log.warning("%s: %s; the source is polled as before", found.source, reason)
            return _said(200, "noted")
        if changes:
            await run_in_threadpool(store.grant_subscription, found.token, asked.lease, now)
            log.info("%s: its hub tells us of news from now on", found.source)
        return PlainTextResponse(asked.challenge, headers=HEADERS)

    async def _push(self, request: Request, found: Subscription | None) -> Response:
        if found is None or self._inbox is None:
            return _said(410, "nobody is subscribed here any more")
        if self._reading >= MOST_AT_ONCE:
            return self._no_room()
        self._reading += 1
        try:
            body = await self._body(request)
        except (TimeoutError, ClientDisconnect):
            return _said(408, "the body did not come in time", Connection="close")
        finally:
            self._reading -= 1
        if body is None:
            self._metrics.push("too large")
            limit = self._app.settings.fetch.max_bytes
            return _said(413, f"more than {limit:,} bytes are not taken", Connection="close")
        signature = request.headers.get("x-hub-signature", "")
        if not await run_in_threadpool(websub.is_signed, body, found.secret, signature):
            return self._forged(found)
        fields = request.headers
        link = ", ".join(fields.getlist("link"))
        push = Push(token=found.token, body=body, content_type=fields.get("content-type"), link=link)
        if not self._inbox.offer(push):
            return self._no_room()
        self._metrics.push("accepted")
        return _said(202, "taken")

    async def _body(self, request: Request) -> bytes | None:
        """The body; None where it is larger than what is taken. Raises TimeoutError, ClientDisconnect."""
        limit, body = self._app.settings.fetch.max_bytes, bytearray()
        pieces = request.stream()
        async with asyncio.timeout(self._app.settings.fetch.timeout.total_seconds()):
            async for piece in pieces:
                body += piece
                if len(body) > limit:
                    break
            else:
                return bytes(body)
        del body
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_DRAIN):
                async for _ in pieces:
                    pass
        return None

    def _forged(self, found: Subscription) -> Response:
        self._metrics.push("forged")
        now, last = self._app.clock(), self._told_of.get(found.token)
        if last is None or now - last >= FORGED_AGAIN:
            self._told_of[found.token] = now
            log.warning("%s: what came to its callback is not signed by its hub, and is dropped", found.source)
        return _said(202, "taken")

    def _no_room(self) -> Response:
        self._metrics.push("no room")
        return _said(503, "there is no room for more at the moment", **{"Retry-After": "30"})


def _said(status: int, text: str, **headers: str) -> Response:
    return PlainTextResponse(text + "\n", status, headers={**HEADERS, **headers})
