"""The feeds' folder over HTTP: GET and HEAD with strong ETag, Last-Modified, gzip and 304. Edge."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from aggregator.serve.negotiation import accepts_gzip, http_time, is_not_modified

MEDIA_TYPES = {
    ".rss": "application/rss+xml; charset=utf-8",
    ".atom": "application/atom+xml; charset=utf-8",
    ".json": "application/feed+json; charset=utf-8",
    ".opml": "text/x-opml; charset=utf-8",
}

Fields = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class _Representation:
    data: bytes = field(repr=False)
    etag: str
    encoding: str | None


@dataclass(frozen=True, slots=True)
class _Served:
    """A file as it was when it had this `stamp`, in both encodings."""

    stamp: tuple[int, int, int]
    media_type: str
    modified: datetime
    plain: _Representation
    gzipped: _Representation


class FeedFolder:
    """ASGI application for the files of one folder, not of those in it; each is read and compressed once a change."""

    def __init__(self, root: Path, max_age: Callable[[str], int], absent: Callable[[str], Response]) -> None:
        """`max_age` gives, for a file's name, the seconds for which a reader may keep it; `absent`, called in a thread,
        the answer where there is no such file."""
        self._root, self._max_age, self._absent = root, max_age, absent
        self._files: dict[str, _Served] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request for `path_params["name"]`."""
        if scope["method"] not in ("GET", "HEAD"):
            await _respond(send, 405, [(b"allow", b"GET, HEAD")], b"only GET and HEAD are answered here\n")
            return
        served = self._current(scope["path_params"]["name"])
        if served is None:
            answer = await run_in_threadpool(self._absent, scope["path_params"]["name"])
            await answer(scope, receive, send)
            return
        headers = Headers(scope=scope)
        chosen = served.gzipped if accepts_gzip(headers.get("accept-encoding", "")) else served.plain
        fields = _fields(served, chosen, self._max_age(scope["path_params"]["name"]))
        if is_not_modified(headers, chosen.etag, served.modified):
            await _send(send, 304, fields, b"")
            return
        fields += [
            (b"content-type", served.media_type.encode()),
            (b"content-length", str(len(chosen.data)).encode()),
        ]
        await _send(send, 200, fields, chosen.data if scope["method"] == "GET" else b"")

    def _current(self, name: str) -> _Served | None:
        """The file as it is now; None where there is none that may be served."""
        media_type = MEDIA_TYPES.get(Path(name).suffix)
        if media_type is None or name.startswith(".") or "/" in name or "\0" in name:
            return None
        try:
            found = (self._root / name).stat()
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
            known = self._files.get(name)
            if known is None or known.stamp != stamp:
                known = self._files[name] = _read(self._root / name, stamp, media_type)
            return known
        except OSError:
            self._files.pop(name, None)
            return None


def _read(path: Path, stamp: tuple[int, int, int], media_type: str) -> _Served:
    data = path.read_bytes()
    tag = blake2b(data, digest_size=12).hexdigest()
    return _Served(
        stamp=stamp,
        media_type=media_type,
        modified=datetime.fromtimestamp(stamp[0] // 10**9, UTC),
        plain=_Representation(data, f'"{tag}"', None),
        gzipped=_Representation(gzip.compress(data, mtime=0), f'"{tag}-gzip"', "gzip"),
    )


def _fields(served: _Served, chosen: _Representation, max_age: int) -> Fields:
    fields = [
        (b"etag", chosen.etag.encode()),
        (b"last-modified", http_time(served.modified).encode()),
        (b"cache-control", f"public, max-age={max_age}".encode()),
        (b"vary", b"Accept-Encoding"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if chosen.encoding:
        fields.append((b"content-encoding", chosen.encoding.encode()))
    return fields


async def _respond(send: Send, status: int, fields: Fields, text: bytes) -> None:
    common: Fields = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(text)).encode()),
        (b"x-content-type-options", b"nosniff"),
    ]
    await _send(send, status, fields + common, text)


async def _send(send: Send, status: int, fields: Fields, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})
