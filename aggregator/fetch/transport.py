"""Two ways to send one request, both behind httpx's transport interface and one guard. Edge.

aiohttp's parser goes first: with it a request costs a fraction of what httpcore's costs. It refuses some answers that
browsers take, such as a doubled Content-Length; for these, httpx's own transport is the second try. aiohttp is wrapped
here rather than by httpx-aiohttp, which lets yarl rewrite URLs (%7E becomes ~) and shows a name that does not resolve
as a time-out.
"""

import socket
import ssl
from collections.abc import AsyncIterator, Iterable

import aiohttp
import httpcore
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from aggregator.fetch.guard import Guard, Names

MAX_HEADER_BYTES = 65_536  # of all headers of an answer
CHUNK = 65_536
KEEP_ALIVE = 3.0  # seconds: longer than the usual gap, and short enough that thousands of hosts do not pile up sockets
DNS_CACHE = 300  # seconds


class FastTransport(httpx.AsyncBaseTransport):
    """aiohttp's client. Raises aiohttp.ClientError and OSError as they come."""

    def __init__(self, names: Names, guard: Guard | None, tls: ssl.SSLContext, proxy: str | None) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=_Resolver(names),
                socket_factory=guard.open_socket if guard else None,
                ssl=tls,
                limit=0,  # `hosts` counts
                ttl_dns_cache=DNS_CACHE,
                keepalive_timeout=KEEP_ALIVE,
            ),
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
            allow_redirects=False,
        )
        return httpx.Response(answer.status, headers=answer.raw_headers, stream=_Stream(answer))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._session.close()


class LenientTransport(httpx.AsyncHTTPTransport):
    """httpx's own transport, connecting only where the guard permits."""

    def __init__(self, names: Names, tls: ssl.SSLContext, proxy: str | None) -> None:
        super().__init__(verify=tls, trust_env=False, proxy=proxy)
        if proxy is None:  # httpx has no argument for the backend
            self._pool = httpcore.AsyncConnectionPool(
                ssl_context=tls, network_backend=_Backend(names), max_keepalive_connections=0
            )


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


class _Backend(httpcore.AsyncNetworkBackend):
    """Connects httpcore to permitted addresses; TLS still names and checks the host."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        *others, last = await self._names.addresses(host, port)
        for address in others:
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.ConnectError:
                continue
        return await self._network.connect_tcp(last, port, timeout, local_address, socket_options)
