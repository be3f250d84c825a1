"""A real HTTP server on loopback whose every byte, pause and reset a test decides, and that records what was asked.

    with Server() as server:
        server.put("/feed.xml", b"<rss/>", headers={"ETag": '"1"'})      # 304 to If-None-Match: "1" by itself
        server.put("/moved", status=301, headers={"Location": "/feed.xml"})
        server.put("/busy", lambda request: Answer(status=503))
        server.put("/drip", chunks=(b"<rss>", b"</rss>"), pause=0.5)
        server.put("/odd", raw=b"HTTP/1.0 200 Fine\\r\\n\\r\\n<rss/>")
        fetch(server.url("/feed.xml"))
        assert server.asked("/feed.xml")[0].header("User-Agent")

It runs in a thread of its own, so that tests with and without an event loop use it alike.
"""

import asyncio
import gzip
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

# Of an event loop, from a connection's acceptance to its conversation. asyncio leaves its socket open if in between the
# listener is closed or all tasks are cancelled.
ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it came: names and values of headers as written, in their order."""

    method: str
    target: str  # path and query as sent
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    at: float = field(default_factory=time.monotonic)  # seconds, comparable between requests of one run

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def header(self, name: str) -> str | None:
        """Value of the first header of that name, None without one."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What to send. An ETag or Last-Modified among `headers` of a 200 gives 304s, unless `conditional` is off."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    chunks: Iterable[bytes] | None = None  # instead of `body`, chunked; may be endless
    raw: bytes | Iterable[bytes] | None = None  # instead of all: the connection's bytes; it is closed after them
    pause: float = 0.0  # seconds before the answer, and between chunks
    gzip: bool = False  # compressed for those who accept it
    conditional: bool = True
    hang: bool = False  # say nothing, for ever
    reset: bool = False  # cut the connection with a TCP reset after what there is to send


Answerer = Callable[[Request], Answer | bytes]


class Server:
    """The server; use it in a `with`. Unknown paths get 404; `*` as a path answers all unknown ones."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.host, self.port = host, port
        self.requests: list[Request] = []
        self.connections = 0
        self._tls = tls
        self._never = asyncio.Event()  # held here, or the conversations that wait for it would be garbage
        self._answers: dict[str, Answer | Answerer] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def put(self, path: str, body: bytes | str | Answerer = b"", **answer: Any) -> str:
        """Answer `path` with `body` and the fields of `Answer`, or with what a function of the request gives.

        Gives the path's URL.
        """
        if callable(body):
            self._answers[path] = body
        else:
            self._answers[path] = Answer(body=body.encode() if isinstance(body, str) else body, **answer)
        return self.url(path)

    def url(self, path: str = "/", host: str | None = None) -> str:
        """Absolute URL of `path`; `host` names the server differently, e.g. localhost."""
        name = host or self.host
        scheme = "https" if self._tls else "http"
        return f"{scheme}://{f'[{name}]' if ':' in name else name}:{self.port}{path}"

    def forget(self) -> None:
        """Answer nothing any more, and forget the requests that came: for another test on the same port."""
        self._answers.clear()
        self.requests.clear()

    def asked(self, path: str) -> tuple[Request, ...]:
        """Requests for `path`, whatever their query, in the order they came."""
        return tuple(request for request in self.requests if request.path == path)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(60)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()

    async def _listen(self) -> None:
        self._listener = await asyncio.start_server(
            self._converse, self.host, self.port, ssl=self._tls, backlog=1024, limit=2**20
        )
        self.port = self._listener.sockets[0].getsockname()[1]

    async def _hang_up(self) -> None:
        for listening in self._listener.sockets:
            self._loop.remove_reader(listening.fileno())
        for _ in range(ROUNDS):
            await asyncio.sleep(0)
        self._listener.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # lets the transports close

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._exchange(await _request(reader), writer):
                    pass
        finally:
            writer.close()
            with suppress(ConnectionError, ssl.SSLError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _exchange(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        """Record and answer one request; whether the connection can take another."""
        self.requests.append(request)
        answer = self._answer(request)
        await asyncio.sleep(answer.pause)
        if answer.hang:
            await self._never.wait()
        for piece in _wire(answer, request):
            writer.write(piece)
            await writer.drain()
            if answer.chunks is not None or answer.raw is not None:
                await asyncio.sleep(answer.pause)
        if answer.reset:
            _reset(writer)
        return answer.raw is None and not answer.reset

    def _answer(self, request: Request) -> Answer:
        prepared = self._answers.get(request.target) or self._answers.get(request.path) or self._answers.get("*")
        answer = prepared(request) if callable(prepared) else prepared
        if isinstance(answer, bytes):
            answer = Answer(body=answer)
        return answer or Answer(status=404)


def _reset(writer: asyncio.StreamWriter) -> None:
    with_linger_off = struct.pack("ii", 1, 0)  # the kernel then sends RST instead of FIN
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, with_linger_off)
    writer.transport.abort()


async def _request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *fields = head.removesuffix("\r\n\r\n").split("\r\n")
    method, target, _ = line.split(" ")
    headers = tuple((name, value.strip()) for name, _, value in (field.partition(":") for field in fields))
    request = Request(method=method, target=target, headers=headers)
    length = int(request.header("Content-Length") or 0)
    if not length:
        return request
    return Request(method=method, target=target, headers=headers, body=await reader.readexactly(length))


def _wire(answer: Answer, request: Request) -> Iterable[bytes]:
    """The answer's bytes, piece by piece."""
    if answer.raw is not None:
        yield from [answer.raw] if isinstance(answer.raw, bytes) else answer.raw
        return
    headers = {"Content-Type": "application/xml", **answer.headers}
    if answer.conditional and answer.status == 200 and _is_unchanged(headers, request):
        yield _head(304, headers)
        return
    if answer.chunks is not None:
        yield _head(answer.status, headers | {"Transfer-Encoding": "chunked"})
        yield from (b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in answer.chunks if chunk)
        yield b"0\r\n\r\n"
        return
    body = answer.body
    if answer.gzip and "gzip" in (request.header("Accept-Encoding") or ""):
        body = gzip.compress(body, mtime=0)
        headers["Content-Encoding"] = "gzip"
    head = _head(answer.status, {"Content-Length": str(len(body)), **headers})
    yield head if request.method == "HEAD" else head + body


def _is_unchanged(headers: Mapping[str, str], request: Request) -> bool:
    """Whether the request's conditions hold, If-None-Match before If-Modified-Since (RFC 9110, 13.2.2)."""
    fields = {name.lower(): value for name, value in headers.items()}
    if asked := request.header("If-None-Match"):
        return asked == fields.get("etag")
    since = request.header("If-Modified-Since")
    return since is not None and since == fields.get("last-modified")


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    reason = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unknown"
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")
