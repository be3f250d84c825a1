"""One answer, read within bounds: its headers, and of a 200 its body, decompressed. Edge."""

import zlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import httpx

from aggregator.fetch.failures import AnswerError
from aggregator.fetch.transport import MAX_HEADER_BYTES

GZIP = 31  # zlib's window bits for gzip's own header and check sum


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came; `body` is that of a 200, b"" of any other status.

    `headers` are by lower-case name, repeated ones joined (RFC 9110, 5.3). A value is the UTF-8 text of the very bytes
    that came, so that a validator goes back as it is; one that is no UTF-8 is left out.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


async def read_answer(
    transport: httpx.AsyncBaseTransport, request: httpx.Request, max_bytes: int, heard: Callable[[], None]
) -> Answer:
    """Send `request` and give the answer; `heard` is called whenever bytes come. With `max_bytes` 0 no body is read.

    Raises AnswerError, and what the transport raises.
    """
    response = await transport.handle_async_request(request)
    try:
        heard()
        if sum(len(name) + len(value) + 4 for name, value in response.headers.raw) > MAX_HEADER_BYTES:
            raise AnswerError(f"the server sends more than {MAX_HEADER_BYTES // 1024} KB of headers")
        headers = _texts(response.headers.raw)
        body = await _body(response, headers, max_bytes, heard) if response.status_code == 200 and max_bytes else b""
        return Answer(status=response.status_code, headers=headers, body=body)
    finally:
        await response.aclose()


def _texts(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for name, value in headers:
        with suppress(UnicodeDecodeError):
            key, text = name.decode().lower(), value.decode()
            texts[key] = f"{texts[key]}, {text}" if key in texts else text
    return texts


async def _body(
    response: httpx.Response, headers: Mapping[str, str], max_bytes: int, heard: Callable[[], None]
) -> bytes:
    """The decompressed body; no step of it holds more than `max_bytes` and one chunk."""
    decoder = _decoder(headers.get("content-encoding", ""))
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
