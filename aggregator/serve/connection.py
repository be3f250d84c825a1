"""HTTP connections of clients: uvicorn's, with limits on what a client may cost, and a fast path for feeds. Edge."""

import asyncio
import re
from collections.abc import Callable
from typing import Literal

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from aggregator.serve.folder import PREFIX, HeaderFields, StoredResponse

MAX_HEAD = 32_768  # bytes of a request's line and headers
TIMEOUT = 20.0  # seconds to send the head of a request, or a body that nobody reads, and to take more of a response

FeedResponder = Callable[[str, str, HeaderFields], StoredResponse | None]
Rejection = Literal["malformed", "large head", "connections"]
REJECTIONS: dict[Rejection, tuple[int, str]] = {  # status and text
    "malformed": (400, "this is no valid HTTP request"),
    "large head": (431, "the request's headers are larger than 32 KB"),
    "connections": (503, "there are too many connections at the moment"),
}

_PREFIX = PREFIX.encode()
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


class Connection(HttpToolsProtocol):
    """A connection that answers requests for feeds itself and leaves all others to uvicorn and the ASGI application.

    A stored response needs no task, no ASGI messages and no parsing of headers, which are most of a request's cost. A
    client that sends its request byte by byte, or does not read its response, is disconnected after TIMEOUT. Rejected
    requests are counted and not logged: anybody could fill the log with them.
    """

    feed_response: FeedResponder
    count_rejection: Callable[[Rejection], object]
    max_connections: int | None

    _in_head = True  # the head of a request is being received or awaited
    _head_bytes = 0  # received since then
    _chunk_bytes = 0  # received last
    _answered = False  # the current request has its response already
    _read_timer: asyncio.TimerHandle | None = None
    _write_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Start the connection and the timer of its first request; reject it if there are too many."""
        super().connection_made(transport)
        if self.max_connections is not None and len(self.connections) > self.max_connections:
            self._reject("connections")
        else:
            self._start_read_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the connection."""
        self._cancel_timers()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse the next bytes; reject a head that is too large."""
        self._chunk_bytes = len(data)
        if self._in_head and not self._head_bytes:
            data = _with_ascii_line(data)
        if self._in_head:
            self._head_bytes += len(data)
        self._feed_parser(data)
        if self.transport.is_closing():
            return
        if self._in_head and self._head_bytes > MAX_HEAD:
            self._reject("large head")
        elif self._read_timer is None and (self._head_bytes or not self._in_head):
            self._start_read_timer()  # for the rest of the head or of the body

    def _feed_parser(self, data: bytes) -> None:
        """Parse as uvicorn does, but log no invalid request and no wish for another protocol."""
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # it is answered as what it is in HTTP
        except httptools.HttpParserError:
            self._reject("malformed")

    def on_headers_complete(self) -> None:
        """Answer the request here, or hand it to the application."""
        may_be_large = self._head_bytes > MAX_HEAD or self._chunk_bytes > MAX_HEAD
        self._in_head, self._head_bytes = False, 0
        self._cancel_read_timer()
        self._answered = self.transport.is_closing()
        if self._answered:
            return
        if may_be_large and len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > MAX_HEAD:
            self._reject("large head")
        elif not self._names_one_host():
            self._reject("malformed")
        elif response := self._stored_response():
            self._send(response)
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass on a part of the request's body, unless the request is answered already."""
        if not self._answered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request and await the next one."""
        self._in_head = True
        self._cancel_read_timer()
        if not self._answered:
            super().on_message_complete()

    def shutdown(self) -> None:
        """Let the connection end: at once if a request's body is still being received, which its client can repeat."""
        if not self._in_head:
            self.transport.close()
        super().shutdown()

    def pause_writing(self) -> None:
        """Wait for the client to read its response, at most TIMEOUT."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(TIMEOUT, self.transport.abort)

    def resume_writing(self) -> None:
        """Continue to write."""
        if self._write_timer:
            self._write_timer.cancel()
        super().resume_writing()

    def _stored_response(self) -> StoredResponse | None:
        """Return the stored response, if the request is for a feed and can be answered at once."""
        name = self.url[len(_PREFIX) :]
        is_plain = self.url.startswith(_PREFIX) and b"%" not in name and b"?" not in name
        if not is_plain or self._is_busy() or self.flow.write_paused:
            return None
        return self.feed_response(self.parser.get_method().decode("latin-1"), name.decode("latin-1"), self.headers)

    def _send(self, response: StoredResponse) -> None:
        self._answered = True
        keep_alive = self.parser.should_keep_alive() and self.parser.get_http_version() != "1.0"
        lines = [STATUS_LINE[response.status]]
        lines += [b"%b: %b\r\n" % field for field in self.server_state.default_headers]
        lines += [response.lines, b"\r\n" if keep_alive else b"connection: close\r\n\r\n"]
        self.transport.write(b"".join(lines))
        if response.body:
            self.transport.write(response.body)
        if not keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _names_one_host(self) -> bool:
        """Return whether there is the one Host field that HTTP/1.1 asks for (RFC 9112, 3.2); 1.0 may have none."""
        hosts = sum(name == b"host" for name, _ in self.headers)
        return hosts == 1 or (hosts == 0 and self.parser.get_http_version() == "1.0")

    def _reject(self, reason: Rejection) -> None:
        self._answered = True
        if self.transport.is_closing():
            return
        self.count_rejection(reason)
        if self._is_busy():  # an earlier response is being sent: nothing may be written between its bytes
            self.transport.abort()
            return
        status, text = REJECTIONS[reason]
        self.transport.write(
            STATUS_LINE[status] + b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n"
            b"connection: close\r\n\r\n%b\n" % (len(text) + 1, text.encode())
        )
        self.transport.close()

    def _is_busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _start_read_timer(self) -> None:
        self._read_timer = self.loop.call_later(TIMEOUT, self._on_read_timeout)

    def _on_read_timeout(self) -> None:
        if self._is_busy():
            self._start_read_timer()
        else:
            self.transport.close()

    def _cancel_read_timer(self) -> None:
        if self._read_timer:
            self._read_timer.cancel()
            self._read_timer = None

    def _cancel_timers(self) -> None:
        self._cancel_read_timer()
        if self._write_timer:
            self._write_timer.cancel()


def _with_ascii_line(data: bytes) -> bytes:
    """Return a request with the characters of its first line percent-encoded, which `curl` and others send as UTF-8."""
    line, end, rest = data.partition(b"\n")
    if line.isascii():
        return data
    try:
        line.decode()
    except UnicodeDecodeError:  # the parser refuses it
        return data
    return _NOT_ASCII.sub(lambda match: b"%%%02X" % match[0][0], line) + end + rest


def connection_for(
    feed_response: FeedResponder,
    count_rejection: Callable[[Rejection], object] = lambda _reason: None,
    max_connections: int | None = None,
) -> type[Connection]:
    """Return a connection class that asks `feed_response` first, and rejects connections beyond `max_connections`.

    `feed_response` is called with the method, the name after /feeds/ and the header fields of a request.
    """
    functions = {"feed_response": staticmethod(feed_response), "count_rejection": staticmethod(count_rejection)}
    return type("FeedConnection", (Connection,), {**functions, "max_connections": max_connections})
