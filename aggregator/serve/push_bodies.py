"""Bodies of pushes while they are received, with bounds for all hubs together and for each. Edge."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from urllib.parse import urlsplit

from starlette.requests import Request

from aggregator.settings import Fetch

MAX_BODIES, MAX_BODIES_OF_HUB = 64, 16  # received at the same time
MAX_BYTES, MAX_BYTES_OF_HUB = 8, 4  # of bodies received at the same time, as multiples of `fetch.max_bytes`
MAX_DRAIN = 5.0  # seconds to read on and discard a body that is too large, so that the client gets our response


class NoRoomError(Exception):
    """Too many bodies, or too many bytes of them, are being received."""


class TooLargeError(Exception):
    """The body is larger than `fetch.max_bytes`."""


class PushBodies:
    """The bodies that are being received. A hub that sends slowly, or much, leaves room for the others."""

    def __init__(self) -> None:
        self._numbers: Counter[str] = Counter()  # of bodies, by the hub's host
        self._bytes: Counter[str] = Counter()

    async def receive(self, request: Request, hub: str, settings: Fetch) -> bytes:
        """Return the body of a push from the hub at this URL, received within `fetch.timeout`.

        Raises NoRoomError, TooLargeError, TimeoutError, and ClientDisconnect.
        """
        host = urlsplit(hub).hostname or ""
        if self._numbers.total() >= MAX_BODIES or self._numbers[host] >= MAX_BODIES_OF_HUB:
            raise NoRoomError
        body, chunks = bytearray(), request.stream()
        self._numbers[host] += 1
        try:
            async with asyncio.timeout(settings.timeout.total_seconds()):
                async for chunk in chunks:
                    body += chunk
                    self._bytes[host] += len(chunk)
                    self._check(host, len(body), settings.max_bytes)
            return bytes(body)
        except (NoRoomError, TooLargeError):
            await _drain(chunks)
            raise
        finally:
            self._numbers[host] -= 1
            self._bytes[host] -= len(body)
            body.clear()  # else a traceback may hold it, until the garbage collector comes

    def _check(self, host: str, size: int, max_bytes: int) -> None:
        """Raise TooLargeError or NoRoomError if the body, now of this size, is to be received no further."""
        if size > max_bytes:
            raise TooLargeError
        if self._bytes.total() > MAX_BYTES * max_bytes or self._bytes[host] > MAX_BYTES_OF_HUB * max_bytes:
            raise NoRoomError


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    with suppress(TimeoutError):  # a hub that still sends misses our response, and sends the push again
        async with asyncio.timeout(MAX_DRAIN):
            async for _ in chunks:
                pass
