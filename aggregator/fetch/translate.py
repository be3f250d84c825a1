"""Client of the translation server: a request in; the body of its response or a failure out. Edge.

The server is the operator's own choice, so it may have a private address. `fetch.proxy` is used, but not to
reach a server in this network. No redirect is followed: the request has the key and an article in it.
"""

import re
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import urlsplit

import aiohttp

from aggregator import __version__
from aggregator.addresses import is_public, unwrapped
from aggregator.clock import Clock
from aggregator.fetch.failures import error_reason, status_reason
from aggregator.model import Failure
from aggregator.schedule.headers import retry_after
from aggregator.secret_urls import masked_url
from aggregator.settings import Fetch

PATH = "/translate"
SECONDS = 120.0  # for one text: models on a CPU take their time
_CHUNK = 65_536
_FOR_ANY_TEXT = frozenset({401, 403, 404, 408, 429})  # statuses below 500 that say nothing of the text
_CHECK_URL, _CHECK_KEY = "check `translate.url`", "check `translate.key`"
_ADVICE = {401: _CHECK_KEY, 403: _CHECK_KEY, 404: _CHECK_URL}

Blame = Literal["server", "text", "either"]


class TranslationFailure(Failure, frozen=True, kw_only=True):
    """Failed request, and what is to blame: the server, this text, or either of them."""

    blame: Blame = "server"


class TranslationServer:
    """A LibreTranslate-compatible server at `url`, open within an `async with`."""

    def __init__(self, url: str, settings: Fetch, clock: Clock) -> None:
        self._url, self._settings, self._clock = f"{url.rstrip('/')}{PATH}", settings, clock

    async def __aenter__(self) -> Self:
        headers = {"User-Agent": f"aggregator/{__version__}", "Accept": "application/json"}
        timeout = aiohttp.ClientTimeout(total=SECONDS, sock_connect=self._settings.timeout.total_seconds())
        self._session = aiohttp.ClientSession(
            headers=headers,
            timeout=timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            proxy=None if _is_local(self._url) else self._settings.proxy,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def post(self, body: bytes) -> bytes | TranslationFailure:
        """Post a request in JSON and return the body of its 200 response, or the failure."""
        headers = {"Content-Type": "application/json"}
        try:
            async with self._session.post(self._url, data=body, headers=headers, allow_redirects=False) as response:
                if response.status != 200:
                    delay = retry_after(response.headers.get("Retry-After", ""), self._clock())
                    blame: Blame = "server" if delay else _blame(response.status)
                    advice = _ADVICE.get(response.status, "")
                    return self.failure(status_reason(response.status), blame, advice=advice, retry_after=delay)
                received = bytearray()
                async for chunk in response.content.iter_chunked(_CHUNK):
                    received += chunk
                    if len(received) > self._settings.max_bytes:
                        return self.failure(f"the response is larger than {self._settings.max_bytes:,} bytes", "either")
                return bytes(received)
        except aiohttp.ConnectionTimeoutError:
            return self.failure("timeout: no connection", "server", advice=_CHECK_URL)
        except TimeoutError:
            return self.failure(f"timeout: no complete response within {SECONDS:g} s", "either")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            reason, advice = error_reason(error)
            return self.failure(reason, "server", advice=advice if "fetch." in advice else _CHECK_URL)

    def failure(self, reason: str, blame: Blame, **fields: Any) -> TranslationFailure:
        """Return a failure of a request to this server, with further `fields` of a failure."""
        return TranslationFailure(stage="fetch", subject=masked_url(self._url), reason=reason, blame=blame, **fields)


def _blame(status: int) -> Blame:
    if status == 500:
        return "either"  # LibreTranslate answers so to a text that its model cannot take
    return "text" if 400 <= status < 500 and status not in _FOR_ANY_TEXT else "server"


def _is_local(url: str) -> bool:
    """Return True if the URL names a machine of this network: by a private address, or a name without a dot."""
    host = urlsplit(url).hostname or ""
    try:
        return not is_public(unwrapped(ip_address(host)))
    except ValueError:
        return re.search(r"\.(?!$)", host) is None or host.rstrip(".").endswith(".localhost")
