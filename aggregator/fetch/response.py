"""One HTTP response, read within bounds: its headers, and the decompressed body of a success. Edge."""

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import aiohttp
import httpx

from aggregator.fetch.backlog import Backlog, Body
from aggregator.fetch.decoding import Decoder, decoder_for
from aggregator.fetch.failures import ResponseError
from aggregator.fetch.transport import MAX_HEADER_BYTES

# Of a document: all of 2xx, but for parts of one (206) and changes to one (226).
WITH_DOCUMENT = frozenset(range(200, 300)) - {206, 226}
_END = re.compile(rb"(?:</(?:\w+:)?(?:rss|feed|rdf|html)\s*>|\})\s*\Z", re.IGNORECASE)  # of a document
MAX_END = 1000  # bytes in which it is looked for
_LISTS = frozenset({"cache-control", "content-encoding", "link", "transfer-encoding", "vary", "x-robots-tag"})


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """Status, headers and, if the status is one `WITH_DOCUMENT`, the body; b"" for any other.

    `headers` are by lower-case name. Repeated ones are joined if their value is a list (RFC 9110, 5.3), else the first
    counts, as in browsers. Values are the response's bytes decoded as UTF-8, so that a validator is sent back
    unchanged; a value that is not UTF-8 is left out.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Bounds on reading one response."""

    max_bytes: int  # of the body; 0: none is read
    backlog: Backlog
    on_data: Callable[[], None]  # called each time bytes arrive
    text_only: bool = False  # no body of a media type that is no text is read


async def read_response(transport: httpx.AsyncBaseTransport, request: httpx.Request, bounds: Bounds) -> HttpResponse:
    """Send `request` and return the response. Raises ResponseError, and the errors of the transport."""
    response = await transport.handle_async_request(request)
    try:
        bounds.on_data()
        if sum(len(name) + len(value) + 4 for name, value in response.headers.raw) > MAX_HEADER_BYTES:
            raise ResponseError(f"the server sent more than {MAX_HEADER_BYTES // 1024} KB of headers")
        headers = _decoded(response.headers.raw)
        body = b""
        is_read = bounds.max_bytes and (not bounds.text_only or is_text(headers.get("content-type", "")))
        if response.status_code in WITH_DOCUMENT and is_read:
            async with bounds.backlog.receive() as counter:
                body = await _read_body(response, headers, bounds, counter)
        return HttpResponse(status=response.status_code, headers=headers, body=body)
    finally:
        await response.aclose()


def is_text(content_type: str) -> bool:
    """Return True if this Content-Type is that of a text, or none."""
    media_type = content_type.partition(";")[0].strip().lower()
    return not media_type or media_type.startswith("text/") or media_type.endswith("xml")


def _decoded(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    decoded: dict[str, str] = {}
    for raw_name, raw_value in headers:
        with suppress(UnicodeDecodeError):  # a header that is no text counts as not sent
            name, value = raw_name.decode().lower(), raw_value.decode()
            if name not in decoded:
                decoded[name] = value
            elif name in _LISTS:
                decoded[name] += f", {value}"
    return decoded


async def _read_body(response: httpx.Response, headers: Mapping[str, str], bounds: Bounds, counter: Body) -> bytes:
    """Return the decompressed body; memory use is bounded by `max_bytes` and one chunk."""
    decoder = decoder_for(headers.get("content-encoding", ""))
    body = bytearray()
    try:
        await _receive(response, decoder, body, bounds, counter)
        decoder.finish()
        return bytes(body)
    finally:
        body.clear()  # from Python 3.12 on, the traceback of an aborted body stays until the garbage collector comes


async def _receive(response: httpx.Response, decoder: Decoder, body: bytearray, bounds: Bounds, counter: Body) -> None:
    """Append the decompressed body to `body`.

    A document that has its end is whole, though the server announced more bytes or another chunk: some always do.
    """
    received = 0
    try:
        async for chunk in response.aiter_raw():
            bounds.on_data()
            received += len(chunk)
            _check_size(received, bounds)
            for piece in decoder.decode(chunk):
                body += piece
                _check_size(len(body), bounds)
                await counter.grow(len(piece))
    except (aiohttp.ClientError, httpx.TransportError, OSError):
        if not _END.search(body[-MAX_END:]):
            raise


def _check_size(size: int, bounds: Bounds) -> None:
    if size > bounds.max_bytes:
        reason = f"the document is larger than {bounds.max_bytes:,} bytes"
        raise ResponseError(reason, "fetch.max_bytes is the limit", 200)
