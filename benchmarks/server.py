"""A loopback server that costs little: answers are bytes made beforehand.

`python -m benchmarks.server SOURCES ENTRIES BODY_BYTES` prints its port, then obeys lines on standard input:
`validators on|off`, `newer N PERCENT` (that share of the sources gains N entries), `count` (prints requests so far).
"""

import asyncio
import gzip
import sys
from hashlib import blake2b
from typing import cast

from benchmarks.documents import document


class Documents:
    """The documents of all sources, as whole answers."""

    def __init__(self, sources: int, entries: int, body_bytes: int) -> None:
        self.sources, self.entries, self.body_bytes = sources, entries, body_bytes
        self.validators = True
        self.requests = 0
        self._answers: dict[int, tuple[bytes, bytes, bytes]] = {}
        self._newer: dict[int, int] = {}

    def answer(self, source: int, head: bytes) -> bytes:
        """The bytes that answer a request for `source`."""
        self.requests += 1
        etag, full, unmodified = self._answers.get(source) or self.make(source)
        return unmodified if self.validators and etag in head else full

    def make(self, source: int, newer: int = 0) -> tuple[bytes, bytes, bytes]:
        """Render a source's answers anew, with `newer` more entries than until now."""
        self._newer[source] = self._newer.get(source, 0) + newer
        body = document(source, self.entries, body_bytes=self.body_bytes, newer=self._newer[source])
        etag = b'"%b"' % blake2b(body, digest_size=8).hexdigest().encode()
        validators = b"ETag: %b\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n" % etag if self.validators else b""
        packed = gzip.compress(body, 1, mtime=0)
        full = (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Encoding: gzip\r\n"
            b"%bContent-Length: %d\r\n\r\n%b" % (validators, len(packed), packed)
        )
        made = self._answers[source] = (etag, full, b"HTTP/1.1 304 Not Modified\r\n%b\r\n" % validators)
        return made


class Conversation(asyncio.Protocol):
    """One keep-alive connection: GET /N, one answer a request."""

    def __init__(self, documents: Documents) -> None:
        self._documents, self._head = documents, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # TCP gives no other

    def data_received(self, data: bytes) -> None:
        self._head += data
        while b"\r\n\r\n" in self._head:
            head, _, self._head = self._head.partition(b"\r\n\r\n")
            source = int(head[5 : head.index(b" ", 5)])
            self._transport.write(self._documents.answer(source, head))


def obey(documents: Documents, line: str) -> None:
    """Carry out one line of standard input, and say so."""
    match line.split():
        case ["validators", state]:
            documents.validators = state == "on"
            for source in range(documents.sources):
                documents.make(source)
        case ["newer", number, percent]:
            for source in range(0, documents.sources, 100 // int(percent)):
                documents.make(source, int(number))
        case ["count"]:
            pass
    print(documents.requests, flush=True)


async def serve(sources: int, entries: int, body_bytes: int) -> None:
    """Serve until standard input ends."""
    documents = Documents(sources, entries, body_bytes)
    for source in range(sources):
        documents.make(source)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Conversation(documents), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        obey(documents, line)


if __name__ == "__main__":
    asyncio.run(serve(*map(int, sys.argv[1:4])))
