"""Client of the translation server: a request in; the body of its response or a failure out. Edge.

The server is the operator's own choice, so it may have a private address. No redirect is followed: the request has the
key and an article in it.
"""

from datetime import timedelta
from types import TracebackType
from typing import Self

import aiohttp

from aggregator import __version__
from aggregator.clock import Clock
from aggregator.fetch.failures import error_reason, status_reason
from aggregator.model import Failure
from aggregator.schedule.headers import retry_after
from aggregator.secret_urls import masked_url
from aggregator.settings import Fetch

PATH = "/translate"
SECONDS = 120.0  # for one text: models on a CPU take their time
_CHUNK = 65_536


class TranslationServer:
    """A LibreTranslate-compatible server at `url`, open within an `async with`."""

    def __init__(self, url: str, settings: Fetch, clock: Clock) -> None:
        self._url, self._settings, self._clock = f"{url.rstrip('/')}{PATH}", settings, clock

    async def __aenter__(self) -> Self:
        headers = {"User-Agent": f"aggregator/{__version__}", "Accept": "application/json"}
        timeout = aiohttp.ClientTimeout(total=SECONDS, sock_connect=self._settings.timeout.total_seconds())
        self._session = aiohttp.ClientSession(headers=headers, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def post(self, body: bytes) -> bytes | Failure:
        """Post a request in JSON and return the body of its 200 response, or the failure."""
        headers = {"Content-Type": "application/json"}
        try:
            async with self._session.post(self._url, data=body, headers=headers, allow_redirects=False) as response:
                if response.status != 200:
                    delay = retry_after(response.headers.get("Retry-After", ""), self._clock())
                    return self.failure(status_reason(response.status), response.status, delay)
                received = bytearray()
                async for chunk in response.content.iter_chunked(_CHUNK):
                    received += chunk
                    if len(received) > self._settings.max_bytes:
                        return self.failure(f"the response is larger than {self._settings.max_bytes:,} bytes", 200)
                return bytes(received)
        except TimeoutError:
            return self.failure(f"timeout: no complete response within {SECONDS:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return self.failure(error_reason(error)[0])

    def failure(self, reason: str, status: int | None = None, delay: timedelta | None = None) -> Failure:
        """Return a failure of this server."""
        return Failure(stage="fetch", subject=masked_url(self._url), reason=reason, status=status, retry_after=delay)
