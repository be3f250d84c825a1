"""One answer, read within bounds: its headers, and of a 200 its body, decompressed. Edge."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from aggregator.fetch.transport import MAX_HEADER_BYTES

GZIP = 31  # zlib's window bits for gzip's own header and check sum


class AnswerError(Exception):
    """The answer breaks a bound or a promise; reason and advice are sentences for the operator."""

    def __init__(self, reason: str, advice: str = "", status: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.advice, self.status = reason, advice, status


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came; `body` is that of a 200, b"" of any other status."""

    status: int
    headers: httpx.Headers
    body: bytes = b""


async def read_answer(
    transport: httpx.AsyncBaseTransport, request: httpx.Request, max_bytes: int, heard: Callable[[], None]
) -> Answer:
    """Send `request` and give the answer; `heard` is called whenever bytes come.

    Raises AnswerError, and what the transport raises.
    """
    response = await transport.handle_async_request(request)
    try:
        heard()
        if sum(len(name) + len(value) + 4 for name, value in response.headers.raw) > MAX_HEADER_BYTES:
            raise AnswerError(f"the server sends more than {MAX_HEADER_BYTES // 1024} KB of headers")
        body = await _body(response, max_bytes, heard) if response.status_code == 200 else b""
        return Answer(status=response.status_code, headers=response.headers, body=body)
    finally:
        await response.aclose()


async def _body(response: httpx.Response, max_bytes: int, heard: Callable[[], None]) -> bytes:
    """The decompressed body; no step of it holds more than `max_bytes` and one chunk."""
    decoder = _decoder(response.headers.get("content-encoding", ""))
    body = bytearray()
    received = 0
    async for chunk in response.aiter_raw():
        heard()
        received += len(chunk)
        try:
            body += decoder.decompress(chunk, max_bytes + 1 - len(body))
        except zlib.error:
            raise AnswerError("the document is not the gzip that the server calls it", status=200) from None
        if max(received, len(body)) > max_bytes:
            raise AnswerError(f"the document is larger than {max_bytes:,} bytes", "fetch.max_bytes is the limit", 200)
    if received and not decoder.eof:
        raise AnswerError("the document's compression breaks off before its end", status=200)
    return bytes(body)


class _Identity:
    """Stands where a zlib object would, for a body that is not compressed."""

    eof = True

    def decompress(self, chunk: bytes, _max_length: int) -> bytes:
        return chunk


def _decoder(encoding: str) -> "_Identity | zlib._Decompress":
    match encoding.strip().lower():
        case "" | "identity":
            return _Identity()
        case "gzip" | "x-gzip":
            return zlib.decompressobj(GZIP)
        case _:
            raise AnswerError("the document is compressed in a way that was not asked for; only gzip was", status=200)
