"""Second transport, for responses that aiohttp rejects: httpx's own, under the same guard. Edge.

The heads of responses are mended before it reads them, since its parser rejects more lines than browsers do. Most runs
never need it, so it is imported on first use.
"""

import ssl
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from aggregator.fetch.guard import Resolver
from aggregator.fetch.mending import is_interim, may_have_end, split_head
from aggregator.fetch.transport import MAX_HEADER_BYTES

_BLANK_LINES = b"\r\n"  # that some servers send before a head


class LenientTransport(httpx.AsyncHTTPTransport):
    """httpx's transport, connecting to permitted addresses only."""

    def __init__(self, resolver: Resolver, tls: ssl.SSLContext, proxy: str | None) -> None:
        super().__init__(verify=tls, trust_env=False, proxy=proxy)
        if proxy is None:  # httpx has no argument for the network backend
            self._pool = httpcore.AsyncConnectionPool(
                ssl_context=tls, network_backend=_GuardedBackend(resolver), max_keepalive_connections=0
            )


class _GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects httpcore to permitted addresses; TLS still checks the host name."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        *addresses, last = await self._resolver.addresses(host, port)
        for address in addresses:
            try:
                stream = await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
                return _MendingStream(stream)
            except httpcore.ConnectError:
                continue  # the error of the last address is reported
        return _MendingStream(await self._network.connect_tcp(last, port, timeout, local_address, socket_options))


class _MendingStream(httpcore.AsyncNetworkStream):
    """A connection for one response, whose head is mended."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._head: bytes | None = b""  # read so far; None once it is complete

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while self._head is not None:
            data = await self._stream.read(max_bytes, timeout)
            searched = len(self._head)
            self._head = self._head + data if self._head else data.lstrip(_BLANK_LINES)
            if not data or len(self._head) > 2 * MAX_HEADER_BYTES:
                unfinished, self._head = self._head, None
                return unfinished
            if may_have_end(self._head, searched) and (mended := self._mended()):  # bytes may come one by one
                return mended
        return await self._stream.read(max_bytes, timeout)

    def _mended(self) -> bytes:
        """Return the complete heads that came, and what follows the last one."""
        heads = b""
        while self._head and (parts := split_head(self._head)):
            head, self._head = parts
            heads += head
            if not is_interim(head):
                body, self._head = self._head, None
                return heads + body
            self._head = self._head.lstrip(_BLANK_LINES)
        return heads

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        return _MendingStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
