"""Second transport, for responses that aiohttp rejects: httpx's own, under the same guard. Edge.

Most runs never need it, so it is imported on first use.
"""

import ssl
from collections.abc import Iterable

import httpcore
import httpx

from aggregator.fetch.guard import Resolver


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
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.ConnectError:
                continue
        return await self._network.connect_tcp(last, port, timeout, local_address, socket_options)
