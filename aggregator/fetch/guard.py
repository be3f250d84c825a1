"""Keeps sources out of private networks: the check is on the address that is connected to, whatever led there. Edge.

A name is resolved once, here, and the answer is what both transports connect to, so that a name which resolves to a
public address for a check and to a private one afterwards gains nothing (DNS rebinding).
"""

import asyncio
import socket
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address, ip_network

from aggregator.addresses import is_public, unwrapped

Lookup = Callable[[str, int], Sequence[str]]


class PrivateAddressError(OSError):
    """The address lies in a private network that `allow_private` does not name."""

    def __init__(self, address: str) -> None:
        super().__init__(f"{address} is a private address")
        self.address = address


class SpellingError(ValueError):
    """The host is an IPv4 address, `address`, in a form that some programs read so and others as a name."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__(f"{host} is {address}")
        self.host, self.address = host, address


class Guard:
    """Lets through public addresses, and those of the networks in `allow_private`."""

    def __init__(self, allow_private: Iterable[str]) -> None:
        self._allowed = tuple(ip_network(network, strict=False) for network in allow_private)

    def permits(self, address: str) -> bool:
        """Whether a connection to this literal address may be made."""
        written = ip_address(address)
        meant = unwrapped(written)
        return is_public(meant) or any(written in network or meant in network for network in self._allowed)

    def open_socket(self, info: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
        """A socket for one result of getaddrinfo, not yet connected. Raises PrivateAddressError."""
        family, kind, protocol, _, (address, *_) = info
        if not self.permits(str(address)):
            raise PrivateAddressError(str(address))
        return socket.socket(family, kind, protocol)


def spelled_address(host: str) -> str | None:
    """The IPv4 address that `host` is in a form other than four decimal numbers, None for every other host.

    That is octal, hexadecimal, one number or too few (inet_aton(3)), or a dot behind all four.
    """
    try:
        address = socket.inet_ntoa(socket.inet_aton(host.removesuffix(".")))
    except (OSError, ValueError):
        return None
    return None if address == host else address


def system_lookup(host: str, port: int) -> Sequence[str]:
    """Addresses of `host` as the system resolves it; blocks. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


class Names:
    """Resolves names to the addresses that the guard permits; without a guard, to all of them.

    Lookups have threads of their own: a nameserver that hangs holds up no other name, and no other work.
    """

    def __init__(self, guard: Guard | None, lookup: Lookup, threads: int) -> None:
        self._guard, self._lookup = guard, lookup
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="lookup")

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Addresses of `host` to connect to, at least one. Raises OSError, PrivateAddressError if all are private."""
        found = await asyncio.get_running_loop().run_in_executor(self._threads, self._lookup, host, port)
        permitted = [address for address in found if self._guard is None or self._guard.permits(address)]
        if not permitted:
            raise PrivateAddressError(found[0])
        return permitted

    def close(self) -> None:
        """Stop; a lookup that hangs is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)
