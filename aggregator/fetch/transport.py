"""The way to send a request: aiohttp behind httpx's transport interface, and our guard. Edge.

With aiohttp's parser a request costs a fraction of what httpcore's costs. It refuses some answers that browsers take,
such as a doubled Content-Length; for these, `lenient` is the second try. aiohttp is wrapped here rather than by
httpx-aiohttp, which lets yarl rewrite URLs (%7E becomes ~) and shows a name that does not resolve as a time-out.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from functools import partial

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from aggregator.fetch.failures import AnswerError
from aggregator.fetch.guard import Guard, Names

MAX_HEADER_BYTES = 65_536  # of all headers of an answer
CHUNK = 65_536
PIECE = 16_384  # bytes parsed at once
MOST_HEADS = 50  # of answers, 1xx among them, that wait to be looked at
KEEP_ALIVE = 3.0  # seconds: longer than the usual gap, and short enough that thousands of hosts do not pile up sockets
DNS_CACHE = 300  # seconds


class FastTransport(httpx.AsyncBaseTransport):
    """aiohttp's client. Raises aiohttp.ClientError and OSError as they come."""

    def __init__(self, names: Names, guard: Guard | None, tls: Callable[[], ssl.SSLContext], proxy: str | None) -> None:
        self._tls = tls
        connector = aiohttp.TCPConnector(
            resolver=_Resolver(names),
            socket_factory=guard.open_socket if guard else None,
            limit=0,  # `hosts` counts
            ttl_dns_cache=DNS_CACHE,
            keepalive_timeout=KEEP_ALIVE,
        )
        bounded: Callable[..., ResponseHandler] = _Bounded
        connector._factory = partial(bounded, loop=asyncio.get_running_loop())  # aiohttp has no argument for it
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(),  # none of its own: the client's covers everything
            auto_decompress=False,
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
            proxy=proxy,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer; its body is still to be read, and as it was sent."""
        answer = await self._session.request(
            request.method,
            URL(str(request.url), encoded=True),
            headers=[(name.decode(), value.decode()) for name, value in request.headers.raw],
            data=request.content or None,
            allow_redirects=False,
            ssl=self._tls() if request.url.scheme == "https" else True,
        )
        return httpx.Response(answer.status, headers=answer.raw_headers, stream=_Stream(answer))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._session.close()


class _Bounded(ResponseHandler):
    """aiohttp's end of a connection, which holds a few heads of answers at most.

    aiohttp parses and queues whatever has come, some 10 KB a head: a server that floods its answer with "100 Continue"
    made it take 150 MB.
    """

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data) or 1, PIECE):
            super().data_received(data[start : start + PIECE])
            if len(self) > MOST_HEADS:
                self.set_exception(AnswerError("the server announces its answer without end (status 1xx)"))
                if self.transport:
                    self.transport.close()
                return


class _Stream(httpx.AsyncByteStream):
    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._answer.content.iter_chunked(CHUNK):
            yield chunk

    async def aclose(self) -> None:
        self._answer.release()


class _Resolver(AbstractResolver):
    """Feeds aiohttp's connector, which asks it for names only: literal addresses meet the guard at their socket."""

    def __init__(self, names: Names) -> None:
        self._names = names

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)
            for address in await self._names.addresses(host, port)
        ]

    async def close(self) -> None:
        pass
