"""Pictures by their names: from the cache, else from their source. Shell."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Literal

from aggregator.app import App
from aggregator.errors import FilesError
from aggregator.model import Failure, PictureSize, ScaledPicture
from aggregator.pictures.addresses import article_of, named_image, signed_name
from aggregator.pictures.cache import CachedPicture, cache_of
from aggregator.pictures.source import PictureHeldError, PictureSource

KEY = "picture key"  # note with the key that signs the names of pictures
MISS = timedelta(hours=1)  # for which a picture that could not be had is not asked for again
MAX_MISSES = 10_000
MAX_WAITING = 200  # pictures on their way at once; the browsers of more are told to come back
BUSY = timedelta(seconds=10)

PictureOutcome = Literal["cached", "fetched", "failed", "held"]  # of a request for a picture that an article has

log = logging.getLogger(__name__)


class Pictures:
    """Pictures of the articles of one app; `count` gets the outcome of each request for one of them."""

    def __init__(self, app: App, count: Callable[[PictureOutcome], None] = lambda outcome: None) -> None:
        self._app, self._count = app, count
        self._key = app.store.meta.made_once(KEY, secrets.token_hex(32))
        self._cache = cache_of(app)
        self._source = PictureSource(app)
        self._tasks: dict[str, asyncio.Task[CachedPicture | None]] = {}  # by name: one request for all who wait
        self._misses: dict[str, datetime] = {}  # by URL, the oldest first

    def name(self, article_id: str, url: str, size: PictureSize) -> str:
        """Return the name of an article's picture."""
        return signed_name(self._key, article_id, url, size)

    def sizes(self, article_id: str) -> Mapping[str, tuple[int, int]]:
        """Return width and height of each picture of an article that is in the cache, by name."""
        return self._cache.sizes(article_id)

    def is_missing(self, url: str) -> bool:
        """Return True if the picture at `url` could not be had within the last hour."""
        noted = self._misses.get(url)
        return noted is not None and abs(self._app.clock() - noted) < MISS

    def cached_bytes(self) -> int:
        """Return the bytes of the pictures in the cache. Blocks while they are counted, once an hour."""
        return self._cache.size()

    async def get(self, name: str) -> CachedPicture | None:
        """Return the picture with this name, None if there is none. Raises PictureHeldError, StoreError."""
        image, picture = await asyncio.to_thread(self._find, name)
        if image is None:
            return None
        outcome: PictureOutcome = "cached"
        if picture is None:
            try:
                picture = await self._made(name, *image)
            except PictureHeldError:
                self._count("held")
                raise
            outcome = "fetched" if picture else "failed"
        self._count(outcome)
        return picture

    async def _made(self, name: str, url: str, size: PictureSize) -> CachedPicture | None:
        """Return the picture at `url`, fetched once for all who wait. Raises PictureHeldError, StoreError."""
        if self.is_missing(url):
            return None
        task = self._tasks.get(name)
        if task is None:
            if len(self._tasks) >= MAX_WAITING:
                raise PictureHeldError(BUSY)
            task = self._tasks[name] = asyncio.create_task(self._make(name, url, size))
            task.add_done_callback(lambda _: self._tasks.pop(name, None))
        await asyncio.wait({task})
        if task.cancelled():
            raise PictureHeldError(BUSY)
        return task.result()

    async def reconfigure(self, app: App) -> None:
        """Go on with the settings of `app`, which has the same store. What is on its way is given up."""
        await self.close()
        self._app, self._cache, self._source.app = app, cache_of(app), app

    async def close(self) -> None:
        """Give up what is on its way."""
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._source.close()

    def _find(self, name: str) -> tuple[tuple[str, PictureSize] | None, CachedPicture | None]:
        """Return the URL and the size of the picture with this name, and the picture if it is in the cache."""
        article_id = article_of(name)
        images = self._app.store.pictures.images(article_id) if article_id else None
        image = named_image(self._key, name, images) if images else None
        return image, self._cache.read(name) if image else None

    async def _make(self, name: str, url: str, size: PictureSize) -> CachedPicture | None:
        """Fetch, scale and keep a picture, or remember that there is none. Raises PictureHeldError."""
        answer = await self._source.fetch(url)
        scaled = None
        if isinstance(answer, Failure):
            log.debug("no picture: %s", answer)
        else:
            scaled = await self._app.scaler.call(answer.body, size)
        if not isinstance(scaled, ScaledPicture):
            self._misses.pop(url, None)
            self._misses[url] = self._app.clock()
            if len(self._misses) > MAX_MISSES:
                del self._misses[next(iter(self._misses))]
            return None
        await asyncio.to_thread(self._keep, name, scaled)
        return CachedPicture(data=scaled.data, media_type=scaled.media_type)

    def _keep(self, name: str, picture: ScaledPicture) -> None:
        try:
            self._cache.write(name, picture)
            article_id = name.partition("-")[0]
            if self._app.store.pictures.images(article_id) is None:  # pruned or dropped meanwhile
                self._cache.remove((article_id,))
        except FilesError as error:  # the picture is shown all the same
            log.warning("%s", error)
