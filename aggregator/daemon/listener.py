"""The socket that the daemon listens on. Edge."""

import errno
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address

from aggregator.errors import AggregatorError

_REASONS = {
    errno.EADDRINUSE: "address already in use; stop the program that holds it, or choose another port with --port",
    errno.EADDRNOTAVAIL: "this machine has no such address; name one that it has with --host",
    errno.EAFNOSUPPORT: "this machine has no IPv6; name an IPv4 address with --host",
    errno.EACCES: "permission is denied; choose a port from 1024 on with --port, or run as a user that may",
}


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Open a socket that listens there; connections wait until the server runs. Raises AggregatorError."""
    with ExitStack() as stack:
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            listener = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            listener.listen()
        except (OSError, UnicodeError) as error:  # a host name that is no valid name is a UnicodeError
            raise AggregatorError(f"cannot listen on {host}, port {port}: {_reason(error)}") from None
        yield listener


def _reason(error: OSError | UnicodeError) -> str:
    if isinstance(error, socket.gaierror | UnicodeError):
        return "the name of the host does not resolve; name an address of this machine with --host"
    return _REASONS.get(error.errno or 0) or f"{error.strerror or error}; choose another with --host and --port"


def is_loopback(listener: socket.socket) -> bool:
    """Return whether only this machine can connect to the listener."""
    return ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback


def url_host(listener: socket.socket, *, bound: bool = False) -> str:
    """Return host and port, as in a URL, at which this machine reaches the listener; `bound`: as it is bound."""
    host, port = listener.getsockname()[:2]
    if not bound:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # read, not bound
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
