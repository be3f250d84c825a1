"""robots.txt of the sites of pages, kept for a day (RFC 9309). Shell."""

import asyncio
from datetime import timedelta
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from aggregator.app import App
from aggregator.fetch import Admit, Fetcher
from aggregator.model import Failure, Page, RobotsQuestion
from aggregator.sandbox import Aborted
from aggregator.urls import without_credentials

KEEP = timedelta(days=1)
KEEP_FAILURE = timedelta(minutes=30)  # a site that gave no answer is asked again with the next page
MAX_BYTES = 500 * 1024  # RFC 9309, 2.5
MAX_ORIGIN = 300  # characters


class DisallowedError(Exception):
    """robots.txt does not allow the request, or nobody knows whether it does: then `failure` says why."""

    def __init__(self, failure: Failure | None = None) -> None:
        super().__init__()
        self.failure = failure


class HeldError(Exception):
    """The host of robots.txt asked to be left alone."""


class Robots:
    """Permissions of sites to request their pages; robots.txt of each is requested once for all pages that wait."""

    def __init__(self, app: App, fetcher: Fetcher) -> None:
        self._app, self._fetcher = app, fetcher
        self._locks = WeakValueDictionary[str, asyncio.Lock]()  # of the origins that are asked

    async def permit(self, url: str, admit: Admit) -> None:
        """Return if `url` may be requested; robots.txt is, from hosts that `admit` allows.

        Raises DisallowedError, HeldError, StoreError.
        """
        parts = urlsplit(without_credentials(url))
        origin = f"{parts.scheme}://{parts.netloc}".lower()
        if len(origin) > MAX_ORIGIN:
            raise DisallowedError
        async with self._locks.setdefault(origin, asyncio.Lock()):
            body, error = await self._robots_txt(origin, admit)
        if error is not None:
            raise DisallowedError(Failure(stage="fetch", subject=url, reason=f"robots.txt could not be read: {error}"))
        if not body:
            return
        allowed = await self._app.extractor.call(RobotsQuestion(robots_txt=body, url=url))
        if isinstance(allowed, Aborted):
            reason = f"robots.txt could not be read: {allowed.reason}"
            raise DisallowedError(Failure(stage="fetch", subject=url, reason=reason))
        if allowed is not True:
            raise DisallowedError

    async def _robots_txt(self, origin: str, admit: Admit) -> tuple[str, str | None]:
        """Return robots.txt of the origin, "" if there is none, or the reason why it cannot be read."""
        store, now = self._app.store.pages, self._app.clock()
        stored = await self._app.in_writer(store.robots_txt, origin)
        if stored:
            fetched, body, error = stored
            if fetched <= now < fetched + (KEEP_FAILURE if error else KEEP):
                return body, error
        answer = await self._fetcher.fetch_page(f"{origin}/robots.txt", None, admit=admit, text_only=False)
        if answer is None:
            raise HeldError
        if isinstance(answer, Failure) and answer.is_unreachable:
            raise DisallowedError(answer)
        body, error = _text(answer)
        await self._app.in_writer(store.keep_robots_txt, origin, now, body, error, KEEP)
        return body, error


def _text(answer: Page | Failure) -> tuple[str, str | None]:
    """Return the text of robots.txt, and the reason if there is no telling what it is.

    A site that answers 4xx has none; while it answers 5xx or not at all, nothing is allowed (RFC 9309, 2.3.1).
    """
    if isinstance(answer, Page):
        return answer.body[:MAX_BYTES].decode("utf-8", "replace"), None
    has_none = answer.status is not None and (answer.status == 200 or 400 <= answer.status < 500)
    return "", None if has_none and answer.status != 429 else answer.reason
