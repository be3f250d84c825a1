"""Content codings of a body (RFC 9110, 8.4): gzip, inflated step by step. Pure."""

import re
import zlib
from collections.abc import Iterator
from typing import Literal

from aggregator.fetch.failures import ResponseError

_GZIP_WINDOW_BITS = 31  # zlib's value for gzip's own header and checksum
_STEP = 65_536  # bytes inflated at once
_MAGIC = b"\x1f\x8b"  # of a gzip member (RFC 1952, 2.3.1)
_FILE = _MAGIC + b"\x08"  # the same with the one method that there is
_REGISTERED = frozenset(  # content codings of the IANA registry that were not asked for
    {"aes128gcm", "br", "compress", "dcb", "dcz", "deflate", "exi", "pack200-gzip", "x-compress", "zstd"}
)
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_HEAD = 1000  # bytes of a body in which binary data shows
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")


def decoder_for(content_encoding: str) -> "Decoder":
    """Return the decoder for a Content-Encoding header. Raises ResponseError for a coding that was not asked for.

    Names that are no content coding (utf-8, none, text/xml) count as absent, if the body is plain text.
    """
    names = [name.strip().lower() for name in content_encoding.split(",")]
    gzips = [name for name in names if name in ("gzip", "x-gzip")]
    if len(gzips) > 1 or not _REGISTERED.isdisjoint(names):
        raise _unsupported()
    if gzips:
        return GzipDecoder()
    return Decoder(must_be_text=any(name not in ("", "identity") for name in names))


class Decoder:
    """Passes a body on as it is, but inflates a gzip file; one that `must_be_text` is refused if it is binary."""

    def __init__(self, *, must_be_text: bool = False) -> None:
        self._must_be_text = must_be_text
        self._start: bytes | None = b""  # that may be the beginning of a gzip file; None once that is known
        self._gzip: GzipDecoder | None = None

    def decode(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the decoded bytes of the next chunk, in bounded pieces. Raises ResponseError."""
        if self._start is not None:
            chunk, self._start = self._start + chunk, None
            if len(chunk) < len(_FILE) and _FILE.startswith(chunk):
                self._start = chunk
                return
            if not self._must_be_text and chunk.startswith(_FILE):
                self._gzip = GzipDecoder()  # compressed beforehand, by a server that does not say so
        if self._gzip:
            yield from self._gzip.decode(chunk)
            return
        if self._must_be_text and not chunk.startswith(_BYTE_ORDER_MARKS) and _BINARY.search(chunk[:_HEAD]):
            raise _unsupported()
        self._must_be_text = False
        yield chunk

    def finish(self) -> None:
        """Raise ResponseError if the body ended too early."""
        if self._gzip:
            self._gzip.finish()


class GzipDecoder(Decoder):
    """Inflates gzip of one or several members (RFC 1952, 2.2); what follows them is left."""

    def __init__(self) -> None:
        super().__init__()
        self._member = zlib.decompressobj(_GZIP_WINDOW_BITS)
        self._state: Literal["start", "member", "between members", "over"] = "start"
        self._held = b""  # may be the beginning of a member

    def decode(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the decoded bytes of the next chunk, in bounded pieces. Raises ResponseError."""
        data, self._held = self._held + chunk, b""
        is_pending = bool(data)
        while is_pending and self._state != "over":
            if self._state == "between members" and not data.startswith(_MAGIC):
                self._state = "between members" if _MAGIC.startswith(data) else "over"
                self._held = data
                return
            self._state = "member"
            try:
                piece = self._member.decompress(data, _STEP)
            except zlib.error:
                reason = "the body is not valid gzip, though Content-Encoding says gzip"
                raise ResponseError(reason, status=200) from None
            yield piece
            data = self._member.unconsumed_tail
            is_pending = bool(data) or len(piece) == _STEP  # zlib may hold output back
            if self._member.eof:
                self._state = "between members"
                data = self._member.unused_data
                is_pending = bool(data)
                self._member = zlib.decompressobj(_GZIP_WINDOW_BITS)

    def finish(self) -> None:
        """Raise ResponseError if the body ended within a member."""
        if self._state == "member":
            raise ResponseError("the gzip body is truncated", status=200)


def _unsupported() -> ResponseError:
    return ResponseError("unsupported Content-Encoding; only gzip was requested", status=200)
