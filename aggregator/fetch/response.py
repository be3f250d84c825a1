"""One HTTP response, read within bounds: its headers, and the decompressed body of a 200. Edge."""

import zlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import httpx

from aggregator.fetch.failures import ResponseError
from aggregator.fetch.transport import MAX_HEADER_BYTES

GZIP_WINDOW_BITS = 31  # zlib's value for gzip's own header and checksum


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """Status, headers and, of a 200, the body; b"" for any other status.

    `headers` are by lower-case name, repeated ones joined (RFC 9110, 5.3). Values are the response's bytes decoded as
    UTF-8, so that a validator is sent back unchanged; a value that is not UTF-8 is left out.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


async def read_response(
    transport: httpx.AsyncBaseTransport, request: httpx.Request, max_bytes: int, on_data: Callable[[], None]
) -> HttpResponse:
    """Send `request` and return the response; with `max_bytes` 0 no body is read.

    `on_data` is called each time bytes arrive. Raises ResponseError, and the errors of the transport.
    """
    response = await transport.handle_async_request(request)
    try:
        on_data()
        if sum(len(name) + len(value) + 4 for name, value in response.headers.raw) > MAX_HEADER_BYTES:
            raise ResponseError(f"the server sent more than {MAX_HEADER_BYTES // 1024} KB of headers")
        headers = _decoded(response.headers.raw)
        wanted = response.status_code == 200 and max_bytes
        body = await _read_body(response, headers, max_bytes, on_data) if wanted else b""
        return HttpResponse(status=response.status_code, headers=headers, body=body)
    finally:
        await response.aclose()


def _decoded(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    decoded: dict[str, str] = {}
    for raw_name, raw_value in headers:
        with suppress(UnicodeDecodeError):
            name, value = raw_name.decode().lower(), raw_value.decode()
            decoded[name] = f"{decoded[name]}, {value}" if name in decoded else value
    return decoded


async def _read_body(
    response: httpx.Response, headers: Mapping[str, str], max_bytes: int, on_data: Callable[[], None]
) -> bytes:
    """Return the decompressed body; memory use is bounded by `max_bytes` and one chunk."""
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise ResponseError("unsupported Content-Encoding; only gzip was requested", status=200)
    decoder = zlib.decompressobj(GZIP_WINDOW_BITS) if "gzip" in encoding else None
    body = bytearray()
    received = 0
    async for chunk in response.aiter_raw():
        on_data()
        received += len(chunk)
        try:
            if not decoder:
                body += chunk
            elif not decoder.eof:  # zlib would copy all that follows the end again with each chunk
                body += decoder.decompress(chunk, max_bytes + 1 - len(body))
        except zlib.error:
            raise ResponseError("the body is not valid gzip, though Content-Encoding says gzip", status=200) from None
        if max(received, len(body)) > max_bytes:
            raise ResponseError(f"the document is larger than {max_bytes:,} bytes", "fetch.max_bytes is the limit", 200)
    if decoder and received and not decoder.eof:
        raise ResponseError("the gzip body is truncated", status=200)
    return bytes(body)
