"""First transport: aiohttp behind httpx's interface, under our guard. Edge.

aiohttp's parser costs a fraction of httpcore's. It rejects some responses that browsers accept, such as a doubled
Content-Length; for these, `lenient` is the second try. httpx-aiohttp is not used, because it lets yarl rewrite URLs
(%7E becomes ~) and reports a failed DNS lookup as a time-out.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from functools import partial

import aiohttp
import httpx
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from aggregator.fetch.failures import ResponseError
from aggregator.fetch.guard import AddressGuard, Resolver

MAX_HEADER_BYTES = 65_536  # of all headers of a response
CHUNK = 65_536  # bytes of a body read at once
PARSED_AT_ONCE = 16_384  # bytes
MAX_QUEUED_HEADS = 50  # of responses, 1xx among them
KEEP_ALIVE = 3.0  # seconds: longer than the usual gap, and short enough that thousands of hosts do not pile up sockets
DNS_CACHE = 300  # seconds


class AiohttpTransport(httpx.AsyncBaseTransport):
    """aiohttp's client as a transport of httpx. Raises aiohttp.ClientError and OSError unchanged."""

    def __init__(
        self, resolver: Resolver, guard: AddressGuard | None, tls: Callable[[], ssl.SSLContext], proxy: str | None
    ) -> None:
        self._tls = tls
        connector = aiohttp.TCPConnector(
            resolver=resolver,
            socket_factory=guard.open_socket if guard else None,
            limit=0,  # `rate_limit` counts
            ttl_dns_cache=DNS_CACHE,
            keepalive_timeout=KEEP_ALIVE,
        )
        handler: Callable[..., ResponseHandler] = _BoundedHandler
        connector._factory = partial(handler, loop=asyncio.get_running_loop())  # aiohttp has no argument for it
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(),  # none: the client's own covers everything
            auto_decompress=False,
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
            proxy=proxy,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response, its body unread and as it was sent."""
        response = await self._session.request(
            request.method,
            URL(str(request.url), encoded=True),
            headers=[(name.decode(), value.decode()) for name, value in request.headers.raw],
            data=request.content or None,
            allow_redirects=False,
            ssl=self._tls() if request.url.scheme == "https" else True,
        )
        return httpx.Response(response.status, headers=response.raw_headers, stream=_Stream(response))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._session.close()


class _BoundedHandler(ResponseHandler):
    """aiohttp's connection handler with a limit on queued response heads.

    aiohttp parses and queues everything that arrives, some 10 KB a head: a server that floods its response with
    "100 Continue" made it take 150 MB.
    """

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data) or 1, PARSED_AT_ONCE):
            super().data_received(data[start : start + PARSED_AT_ONCE])
            if len(self) > MAX_QUEUED_HEADS:
                self.set_exception(ResponseError("the server sent too many 1xx responses"))
                if self.transport:
                    self.transport.close()
                return


class _Stream(httpx.AsyncByteStream):
    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._response.content.iter_chunked(CHUNK):
            yield chunk

    async def aclose(self) -> None:
        self._response.release()
