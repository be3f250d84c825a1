"""Protection against server-side request forgery: no request reaches a private network unless allowed. Edge.

The check is on the address that is connected to, whatever led there. A name is resolved once, here, and both transports
connect to the result, so that a name which resolves to a public address for the check and to a private one afterwards
gains nothing (DNS rebinding).
"""

import asyncio
import socket
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address, ip_network

from aiohttp.abc import AbstractResolver, ResolveResult

from aggregator.addresses import is_public, unwrapped

Lookup = Callable[[str, int], Sequence[str]]


class PrivateAddressError(OSError):
    """The address is in a private network that `allow_private` does not list."""

    def __init__(self, address: str) -> None:
        super().__init__(f"{address} is a private address")
        self.address = address


class AddressGuard:
    """Permits public addresses, and those of the networks in `allow_private`."""

    def __init__(self, allow_private: Iterable[str]) -> None:
        self._allowed = tuple(ip_network(network, strict=False) for network in allow_private)

    def permits(self, literal: str) -> bool:
        """Return True if a connection to this literal address is allowed."""
        address = ip_address(literal)
        inner = unwrapped(address)
        return is_public(inner) or any(address in network or inner in network for network in self._allowed)

    def open_socket(self, info: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
        """Return an unconnected socket for one result of getaddrinfo. Raises PrivateAddressError."""
        family, kind, protocol, _, (address, *_) = info
        if not self.permits(str(address)):
            raise PrivateAddressError(str(address))
        return socket.socket(family, kind, protocol)


def system_lookup(host: str, port: int) -> Sequence[str]:
    """Return the addresses of `host` that the system's resolver gives; blocks. Raises OSError."""
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in infos))


class Resolver(AbstractResolver):
    """Resolves names to the addresses that the guard permits; without a guard, to all of them.

    Lookups run in threads of their own, so that a slow DNS server delays no other name and no other work. aiohttp calls
    `resolve` and `close`; it asks for names only, so the guard sees literal addresses in `AddressGuard.open_socket`.
    """

    def __init__(self, guard: AddressGuard | None, lookup: Lookup, threads: int) -> None:
        self._guard, self._lookup = guard, lookup
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="lookup")

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Return at least one address of `host`. Raises OSError, PrivateAddressError if all are private."""
        addresses = await asyncio.get_running_loop().run_in_executor(self._threads, self._lookup, host, port)
        permitted = [address for address in addresses if self._guard is None or self._guard.permits(address)]
        if not permitted:
            raise PrivateAddressError(addresses[0])
        return permitted

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the same addresses in aiohttp's form."""
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)
            for address in await self.addresses(host, port)
        ]

    async def close(self) -> None:
        """Stop without waiting for lookups in progress."""
        self._threads.shutdown(wait=False, cancel_futures=True)
