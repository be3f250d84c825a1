"""The socket that readers reach us at. Edge."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from aggregator.errors import AggregatorError


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens there; who comes before the server runs waits for it. Raises AggregatorError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen()
        except OSError as error:
            raise AggregatorError(
                f"cannot listen on {host}, port {port}: {error.strerror or error}; "
                "stop the program that holds it, or choose another with --host and --port"
            ) from None
        yield listener


def address(listener: socket.socket) -> str:
    """Host and port, as in a URL, at which this machine reaches the listener."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # read, not bound
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
