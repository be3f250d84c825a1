"""A loopback server that costs little: it compresses all documents beforehand.

    python -m benchmarks.server generated SOURCES ENTRIES BODY_BYTES
    python -m benchmarks.server corpus FOLDER COPIES
    python -m benchmarks.server undeclared FOLDER SOURCES

prints its port and the number of sources, then reads commands from standard input and prints after each the number of
requests so far: `validators on|off`, `newer N PERCENT` (N more entries in that share of the sources), `count`.
"""

import asyncio
import gzip
import sys
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Protocol, cast

from benchmarks.corpus import RealFeeds, Undeclared
from benchmarks.documents import Generated


class Documents(Protocol):
    """The documents of all sources, by number."""

    def __len__(self) -> int: ...

    def content_type(self, number: int) -> str: ...

    def body(self, number: int, newer: int) -> bytes: ...


def documents(words: Sequence[str]) -> Documents:
    """Return the documents that the command line names."""
    match words:
        case ["generated", sources, entries, body_bytes]:
            return Generated(int(sources), int(entries), int(body_bytes))
        case ["corpus", folder, copies]:
            return RealFeeds(Path(folder), int(copies))
        case ["undeclared", folder, sources]:
            return Undeclared(Path(folder), int(sources))
    raise SystemExit(__doc__)


class Responses:
    """The responses to requests for all documents."""

    def __init__(self, documents: Documents) -> None:
        self.requests = 0
        self._documents, self._validators = documents, True
        self._newer = dict.fromkeys(range(len(documents)), 0)
        self._made = {number: self._make(number) for number in self._newer}

    def response(self, number: int, head: bytes) -> bytes:
        """Return the response to a request for document `number` with this head."""
        self.requests += 1
        etag, full = self._made[number]
        if not self._validators:
            return b"HTTP/1.1 200 OK\r\n" + full
        validators = b"ETag: %b\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n" % etag
        if etag in head:
            return b"HTTP/1.1 304 Not Modified\r\n%b\r\n" % validators
        return b"HTTP/1.1 200 OK\r\n" + validators + full

    def obey(self, line: str) -> None:
        """Carry out one line of standard input."""
        match line.split():
            case ["validators", state]:
                self._validators = state == "on"
            case ["newer", count, percent]:
                for number in range(0, len(self._documents), 100 // int(percent)):
                    self._newer[number] += int(count)
                    self._made[number] = self._make(number)

    def _make(self, number: int) -> tuple[bytes, bytes]:
        """Return the ETag of a document, and the rest of a response with it: two header lines and the body."""
        body = self._documents.body(number, self._newer[number])
        etag = b'"%b"' % blake2b(body, digest_size=8).hexdigest().encode()
        packed = gzip.compress(body, 1, mtime=0)
        content_type = self._documents.content_type(number).encode()
        fields = (content_type, len(packed), packed)
        return etag, b"Content-Type: %b\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % fields


class Connection(asyncio.Protocol):
    """A keep-alive connection: GET /N, one response a request."""

    def __init__(self, responses: Responses) -> None:
        self._responses, self._received = responses, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # TCP gives no other

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            number = int(head[5 : head.index(b" ", 5)])
            self._transport.write(self._responses.response(number, head))


async def serve(words: Sequence[str]) -> None:
    """Serve until standard input ends."""
    made = documents(words)
    responses = Responses(made)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(responses), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], len(made), flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        responses.obey(line)
        print(responses.requests, flush=True)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1:]))
