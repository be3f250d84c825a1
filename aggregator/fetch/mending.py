"""Heads of HTTP responses that break the grammar and that browsers read nevertheless. Pure."""

import re

_HEAD_END = re.compile(rb"\r?\n\r?\n")
MAX_END = 4  # bytes of the end of a head
_LINE_END = re.compile(rb"\r?\n")
_STATUS_LINE = re.compile(rb"\s*(?:HTTP/(\d)(?:\.(\d))?|ICY)[ \t]+(\d{3})(?!\d)[ \t]*(.*)", re.IGNORECASE | re.DOTALL)
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_LENGTH = re.compile(rb"-?\d+(?:\s*,\s*\d+)*")  # a negative one is left, and rejected
_CONTROLS = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


def split_head(data: bytes) -> tuple[bytes, bytes] | None:
    """Return the first head in `data`, mended, and what follows it; None if its end has not come."""
    end = _HEAD_END.search(data)
    return (_mended(data[: end.start()]), data[end.end() :]) if end else None


def may_have_end(data: bytes, searched: int) -> bool:
    """Return False if no head ends in `data`, of which so many bytes were searched before."""
    return _HEAD_END.search(data, max(searched - MAX_END + 1, 0)) is not None


def is_interim(head: bytes) -> bool:
    """Return whether another head follows this one (1xx; RFC 9110, 15.2)."""
    return head[9:10] == b"1"


def _mended(head: bytes) -> bytes:
    first, *lines = _LINE_END.split(head)
    fields = [mended for line in _unfolded(lines) if (mended := _mended_field(line))]
    return b"\r\n".join([_mended_status(first), *dict.fromkeys(fields), b"", b""])


def _mended_status(line: bytes) -> bytes:
    """Return a status line of HTTP/1.0 or 1.1; a line that is none stays as it is."""
    match = _STATUS_LINE.fullmatch(line)
    if not match:
        return line
    minor = b"0" if match[1] in (None, b"0") or (match[1], match[2]) == (b"1", b"0") else b"1"
    return b"HTTP/1." + minor + b" " + match[3] + b" " + _CONTROLS.sub(b" ", match[4]).strip()


def _unfolded(lines: list[bytes]) -> list[bytes]:
    unfolded: list[bytes] = []
    for line in lines:
        if line[:1] in (b" ", b"\t") and unfolded:
            unfolded[-1] += b" " + line.strip()
        else:
            unfolded.append(line)
    return unfolded


def _mended_field(line: bytes) -> bytes:
    """Return a valid header line, b"" for one without a name that a header can have."""
    name, colon, value = line.partition(b":")
    name, value = name.strip(), _CONTROLS.sub(b" ", value).strip()
    if not colon or not _TOKEN.fullmatch(name):
        return b""
    match name.lower():
        case b"content-length" if not _LENGTH.fullmatch(value):
            return b""
        case b"transfer-encoding":
            return b"Transfer-Encoding: chunked" if b"chunked" in value.lower() else b""
    return name + b": " + value
