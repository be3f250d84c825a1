"""The second try, for answers that aiohttp cannot read: httpx's own transport under the same guard. Edge.

Most runs never need it, so nothing imports it before.
"""

import ssl
from collections.abc import Iterable

import httpcore
import httpx

from aggregator.fetch.guard import Names


class LenientTransport(httpx.AsyncHTTPTransport):
    """httpx's own transport, connecting only where the guard permits."""

    def __init__(self, names: Names, tls: ssl.SSLContext, proxy: str | None) -> None:
        super().__init__(verify=tls, trust_env=False, proxy=proxy)
        if proxy is None:  # httpx has no argument for the backend
            self._pool = httpcore.AsyncConnectionPool(
                ssl_context=tls, network_backend=_Backend(names), max_keepalive_connections=0
            )


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
