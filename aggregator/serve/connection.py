"""HTTP connections of clients: uvicorn's, with limits on what a client may cost, and a fast path for feeds. Edge."""

import asyncio
from collections.abc import Callable

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from aggregator.serve.folder import PREFIX, HeaderFields, StoredResponse

MAX_HEAD = 32_768  # bytes of a request's line and headers
TIMEOUT = 20.0  # seconds to send the head of a request, and to take more of a response

FeedResponder = Callable[[str, str, HeaderFields], StoredResponse | None]

_PREFIX = PREFIX.encode()


class Connection(HttpToolsProtocol):
    """A connection that answers requests for feeds itself and leaves all others to uvicorn and the ASGI application.

    A stored response needs no task, no ASGI messages and no parsing of headers, which are most of a request's cost. A
    client that sends its request byte by byte, or does not read its response, is disconnected after TIMEOUT.
    """

    feed_response: FeedResponder

    _in_head = True  # the head of a request is being received or awaited
    _head_bytes = 0  # received since then
    _chunk_bytes = 0  # received last
    _answered = False  # the current request has its response already
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Start the connection and the timer of its first request."""
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the connection."""
        self._cancel_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse the next bytes; reject a head that is too large."""
        self._chunk_bytes = len(data)
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes:
            if self._head_bytes > MAX_HEAD:
                self._reject_head()
            elif self._timer is None:
                self._start_timer()

    def on_headers_complete(self) -> None:
        """Answer the request here, or hand it to the application."""
        may_be_large = self._head_bytes > MAX_HEAD or self._chunk_bytes > MAX_HEAD
        self._in_head, self._head_bytes = False, 0
        self._cancel_timer()
        self._answered = self.transport.is_closing()
        if self._answered:
            return
        if may_be_large and len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > MAX_HEAD:
            self._reject_head()
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
        if not self._answered:
            super().on_message_complete()

    def pause_writing(self) -> None:
        """Wait for the client to read its response, at most TIMEOUT."""
        super().pause_writing()
        self._cancel_timer()
        self._timer = self.loop.call_later(TIMEOUT, self.transport.abort)

    def resume_writing(self) -> None:
        """Continue to write."""
        self._cancel_timer()
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

    def _reject_head(self) -> None:
        self._answered = True
        if self._is_busy():  # an earlier response is being sent: nothing may be written between its bytes
            self.transport.abort()
            return
        text = b"the request's headers are larger than 32 KB\n"
        self.transport.write(
            b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
            b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(text), text)
        )
        self.transport.close()

    def _is_busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _start_timer(self) -> None:
        self._timer = self.loop.call_later(TIMEOUT, self._on_timeout)

    def _on_timeout(self) -> None:
        self._timer = None
        if self._is_busy():
            self._start_timer()
        else:
            self.transport.close()

    def _cancel_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None


def connection_for(feed_response: FeedResponder) -> type[Connection]:
    """Return a connection class that asks `feed_response` first.

    It is called with the method, the name after /feeds/ and the header fields of a request.
    """
    return type("FeedConnection", (Connection,), {"feed_response": staticmethod(feed_response)})
