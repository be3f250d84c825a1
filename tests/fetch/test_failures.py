"""Failures in words: the cause that the libraries wrap, never the name of an exception."""

import asyncio
import errno
import re
import socket
from datetime import UTC, datetime

import aiohttp
import httpx
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from aggregator.fetch import Fetcher
from aggregator.fetch.failures import error_reason, status_reason
from aggregator.fetch.guard import PrivateAddressError
from aggregator.model import Failure
from tests.cases import for_each
from tests.fetch.conftest import known, settings, source
from tests.servers import Server


def wrapped(cause: Exception) -> Exception:
    """`cause` as httpx would raise it."""
    error = httpx.ConnectError("All connection attempts failed")
    error.__cause__ = OSError("wrapped once")
    error.__cause__.__cause__ = cause
    return error


@for_each(
    ("cause", "reason"),
    [
        (PrivateAddressError("10.0.0.1"), "the address 10.0.0.1 is in a private network"),
        (socket.gaierror(socket.EAI_AGAIN, "try again"), "DNS lookup failed: try again"),
        (UnicodeError("label too long"), "DNS lookup failed: invalid host name"),
        (ConnectionRefusedError(), "connection refused"),
        (OSError(errno.EMFILE, "x"), "too many open files"),
        (OSError(errno.ENETUNREACH, "x"), "network is unreachable"),
        (OSError(errno.EHOSTUNREACH, "x"), "no route to host"),
        (httpx.RemoteProtocolError("x"), "the server sent an invalid HTTP response"),
        (httpx.ProxyError("x"), "the proxy refused the connection"),
        (httpx.InvalidURL("x"), "the URL or a header contains invalid characters"),
        (aiohttp.ServerDisconnectedError(), "the server closed the connection before the response was complete"),
        (ConnectionResetError(), "the server closed the connection before the response was complete"),
    ],
)
def test_the_innermost_cause_is_named(cause: Exception, reason: str) -> None:
    assert error_reason(cause)[0] == reason
    assert error_reason(wrapped(cause))[0] == reason


def test_a_status_is_named_by_the_standard() -> None:
    assert status_reason(404) == "the server answered 404 Not Found"
    assert status_reason(599) == "the server answered 599"


PIECES = st.sampled_from(
    [
        *(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 301 Moved\r\n", b"HTTP/1.1 304 \r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
        *(b"HTTP/9.9 999\r\n", b"Location: //[\r\n", b"Location: http://\xff/\r\n", b"Content-Length: -1\r\n"),
        *(
            b"Content-Length: 5\r\n",
            b"Transfer-Encoding: chunked\r\n",
            b"Content-Encoding: gzip\r\n",
            b"ETag: \xe9\r\n",
        ),
        *(b"\r\n", b"5\r\nabcde\r\n", b"0\r\n\r\n", b"zz\r\n", b"\x1f\x8b\x08", b"\x00", b": x\r\n", b" folded\r\n"),
    ]
)


@examples(max_examples=40, deadline=None)
@given(st.lists(PIECES | st.binary(max_size=20), max_size=8))
def test_whatever_a_server_sends_is_a_value(pieces: list[bytes]) -> None:
    async def fetched(url: str) -> object:
        async with Fetcher(settings(), lambda: datetime(2026, 11, 24, tzinfo=UTC)) as fetcher:
            return await fetcher.fetch(source(url), known('"1"'))

    with Server() as server:
        answer = asyncio.run(fetched(server.put("*", raw=b"".join(pieces))))
    assert answer is not None
    if isinstance(answer, Failure):
        assert not re.search(r"Error|Exception|Traceback|aiohttp|httpx", str(answer))
