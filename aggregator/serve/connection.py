"""One client's connection: uvicorn's, with bounds on what a client may cost, and a short way for feeds. Edge."""

import asyncio
from collections.abc import Callable

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from aggregator.serve.folder import PREFIX, Answer, Fields

MAX_HEAD = 32_768  # bytes of a request's line and headers
PATIENCE = 20.0  # seconds for the whole head of a request to come, and for a client to take more of its answer

Feeds = Callable[[str, str, Fields], Answer | None]

_PREFIX = PREFIX.encode()


class Connection(HttpToolsProtocol):
    """A connection that answers for feeds by itself; all other requests go uvicorn's and ASGI's way.

    An answer made beforehand needs no task, no messages and no look at its headers, which are most of a request's cost.
    A client that sends its request byte by byte, or does not take its answer, has its place for PATIENCE and no longer.
    """

    feeds: Feeds

    _in_head = True  # the head of a request comes or is awaited
    _came = 0  # bytes since then
    _chunk = 0  # bytes that came last
    _answered = False  # the request that is being read is answered already
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin; the first request has to come in time."""
        super().connection_made(transport)
        self._hurry()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._relax()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, while the head is neither too large nor too slow."""
        self._chunk = len(data)
        if self._in_head:
            self._came += self._chunk
        super().data_received(data)
        if self._in_head and self._came:
            if self._came > MAX_HEAD:
                self._refuse()
            elif self._deadline is None:
                self._hurry()

    def on_headers_complete(self) -> None:
        """Answer, or leave that to the application."""
        may_be_large = self._came > MAX_HEAD or self._chunk > MAX_HEAD
        self._in_head, self._came = False, 0
        self._relax()
        self._answered = self.transport.is_closing()
        if self._answered:
            return
        if may_be_large and len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > MAX_HEAD:
            self._refuse()
        elif answer := self._feed():
            self._say(answer)
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of the request's body, which nobody wants who is answered."""
        if not self._answered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Await the next request."""
        self._in_head = True
        if not self._answered:
            super().on_message_complete()

    def pause_writing(self) -> None:
        """Wait for the client to take its answer, but not for ever."""
        super().pause_writing()
        self._relax()
        self._deadline = self.loop.call_later(PATIENCE, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        self._relax()
        super().resume_writing()

    def _feed(self) -> Answer | None:
        """The answer made beforehand, if this request asks for one and may have it now."""
        name = self.url[len(_PREFIX) :]
        if (
            not self.url.startswith(_PREFIX)
            or b"%" in name
            or b"?" in name
            or self._is_busy()
            or self.flow.write_paused
        ):
            return None
        return self.feeds(self.parser.get_method().decode("latin-1"), name.decode("latin-1"), self.headers)

    def _say(self, answer: Answer) -> None:
        self._answered = True
        keep_alive = self.parser.should_keep_alive() and self.parser.get_http_version() != "1.0"
        lines = [STATUS_LINE[answer.status]]
        lines += [b"%b: %b\r\n" % field for field in self.server_state.default_headers]
        lines += [answer.lines, b"\r\n" if keep_alive else b"connection: close\r\n\r\n"]
        self.transport.write(b"".join(lines))
        if answer.body:
            self.transport.write(answer.body)
        if not keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _refuse(self) -> None:
        self._answered = True
        if self._is_busy():  # an answer before this one is on its way: nothing may come between its bytes
            self.transport.abort()
        else:
            text = b"the headers of this request pass 32 KB\n"
            self.transport.write(
                b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
                b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(text), text)
            )
            self.transport.close()

    def _is_busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _hurry(self) -> None:
        self._deadline = self.loop.call_later(PATIENCE, self._late)

    def _late(self) -> None:
        self._deadline = None
        if self._is_busy():
            self._hurry()
        else:
            self.transport.close()

    def _relax(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None


def connection_for(feeds: Feeds) -> type[Connection]:
    """The class of connections that ask `feeds` first.

    For the method, the name after /feeds/ and the headers of a request it gives the answer, or None.
    """
    return type("FeedConnection", (Connection,), {"feeds": staticmethod(feeds)})
