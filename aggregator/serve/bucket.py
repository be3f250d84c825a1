"""The feeds of a bucket over HTTP, from memory: GET and HEAD as `folder` answers them. Edge.

A row tells at most once a second and feed whether its object changed; only then the object is read. While the database
or the bucket is away, what is in memory is served on.
"""

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from time import monotonic

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from aggregator.errors import AggregatorError, BucketError
from aggregator.objects import BucketFolder
from aggregator.serve.folder import CachedFile, FeedFolder, StoredResponse, is_servable
from aggregator.serve.health import Health

FRESH = 1.0  # seconds for which a feed is served without a look at its row

log = logging.getLogger("aggregator")


class FeedBucket(FeedFolder):
    """Serves feeds and archive pages of a bucket: as an ASGI endpoint, or without ASGI what is in memory."""

    def __init__(
        self,
        objects: BucketFolder,
        health: Health,
        max_age: Callable[[str], int],
        absent: Callable[[str], Response],
        link: Callable[[str], str],
    ) -> None:
        """Serve `objects`; `health` gets the failures to read them, the others are as those of `FeedFolder`."""
        super().__init__(Path(), max_age, absent, link)
        self._objects, self._health = objects, health
        self._checked: dict[str, float] = {}  # moments of the looks at the rows, of the files in memory
        self._failed = ""  # name of the feed that could not be read last; "" if reading succeeds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, after a look at the row of the feed unless there was one just before."""
        name = "/".join(scope["path_params"].values())
        if scope["method"] in ("GET", "HEAD") and is_servable(name) and not self._is_fresh(name):
            await run_in_threadpool(self._refresh, name)
        await super().__call__(scope, receive, send)

    def has_feeds(self) -> bool:
        """Return True if feeds can be answered, whatever else fails."""
        return bool(self._files)

    def answer(self, method: str, name: str, headers: Iterable[tuple[bytes, bytes]]) -> StoredResponse | None:
        """Return the response as `FeedFolder` does; None also if the row is to be looked at first."""
        return self._response(method, name, headers) if self._is_fresh(name) else None

    def recheck(self) -> None:
        """Look whether the failure has ended, if there was one."""
        if self._failed:
            with suppress(AggregatorError):  # it is known
                self._refresh(self._failed)

    def _is_fresh(self, name: str) -> bool:
        return name in self._files and monotonic() - self._checked.get(name, 0.0) < FRESH

    def _current(self, name: str) -> CachedFile | None:
        return self._files.get(name)

    def _refresh(self, name: str) -> None:
        """Read the object if its row has changed. Raises AggregatorError if that fails and there is none in memory."""
        present = self._files.get(name)
        if present:
            self._checked[name] = monotonic()  # requests that come meanwhile are answered from memory
        try:
            state = self._objects.state(name)
            if state is None:
                self._drop(name)
            elif present is None or present.stamp != state.etag:
                data = self._objects.read(name)
                if data is None:
                    raise BucketError(f"{self._objects.name(name)} is missing; write it with `aggregator publish`")
                modified = state.modified.replace(microsecond=0)
                self._keep(name, self._in_both_encodings(name, data, modified, state.etag or ""))
        except AggregatorError as error:
            self._failed = name
            if self._health.failed("feeds", str(error), error.cause):
                log.error("%s", error)
            if present is None:
                raise
        else:
            if self._failed:
                self._failed = ""
                self._health.done("feeds")

    def _keep(self, name: str, file: CachedFile) -> CachedFile:
        super()._keep(name, file)
        self._checked[name] = monotonic()
        return file

    def _remove(self, name: str) -> None:
        super()._remove(name)
        self._checked.pop(name, None)
