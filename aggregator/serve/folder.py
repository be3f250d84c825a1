"""The feeds' folder over HTTP: GET and HEAD with strong ETag, Last-Modified, gzip and 304. Edge.

A file is read and compressed once per change, unless others took its place in memory; a request then costs one `stat`.
"""

import gzip
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from threading import Lock

from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from aggregator.render import FORMATS
from aggregator.serve.negotiation import accepts_gzip, http_time, is_not_modified

MEDIA_TYPES = {f".{format_.suffix}": format_.media_type for format_ in FORMATS} | {".opml": "text/x-opml"}
FEED_LIST = "feeds.opml"  # written with the feeds
PREFIX = "/feeds/"
PAGE = re.compile(r"([^/.][^/]*)/([1-9][0-9]{0,8})\.(\w+)", re.ASCII)  # an archive page: category, number, suffix
MAX_BYTES = 64_000_000  # of all files in memory, in both encodings
CROSS_ORIGIN = {"Access-Control-Allow-Origin": "*"}  # readers in browsers may read what everybody may
GZIP_LEVEL = 6  # takes a third of the time of level 9, for 1 % more bytes

HeaderFields = list[tuple[bytes, bytes]]
_Stamp = tuple[int, int, int] | str  # modification time in nanoseconds, size, inode; or an object's ETag

# The request headers that select a response: decoding only these keeps an answer cheap.
_SELECTING = {name.encode(): name for name in ("accept-encoding", "if-none-match", "if-modified-since")}
_accepts_gzip = lru_cache(maxsize=64)(accepts_gzip)  # a few reader programs send the same header again and again


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """Response made in advance: `body` is empty for HEAD and 304, `lines` are the header fields as sent."""

    status: int
    fields: HeaderFields
    body: bytes = field(default=b"", repr=False)
    lines: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lines", b"".join(b"%b: %b\r\n" % pair for pair in self.fields))


@dataclass(frozen=True, slots=True)
class Representation:
    """Encoding of a file, with a response for each outcome."""

    etag: str
    get: StoredResponse
    head: StoredResponse
    not_modified: StoredResponse


@dataclass(frozen=True, slots=True)
class CachedFile:
    """A file as it was at `stamp`, in both encodings."""

    stamp: _Stamp
    modified: datetime
    identity: Representation
    gzipped: Representation

    @property
    def size(self) -> int:
        """Bytes of both encodings."""
        return len(self.identity.get.body) + len(self.gzipped.get.body)


class FeedFolder:
    """Serves the files of a folder, and archive pages in its subfolders: as an ASGI endpoint, or without ASGI."""

    def __init__(
        self,
        root: Path,
        max_age: Callable[[str], int],
        absent: Callable[[str], Response],
        link: Callable[[str], str],
    ) -> None:
        """Serve `root`; the other arguments are called with a file's name.

        `max_age` gives the seconds that a reader may keep the file, `absent` the response if there is no such file
        (called in a thread), `link` the Link header, "" for none.
        """
        self._root, self._max_age, self._absent, self._link = str(root), max_age, absent, link
        self._files: dict[str, CachedFile] = {}  # the one that was read first in front
        self._bytes = 0  # of these files
        self._changing = Lock()  # held to change both: requests are answered in the event loop and in threads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request for the file that the path's parameters name."""
        name = "/".join(scope["path_params"].values())
        if scope["method"] not in ("GET", "HEAD"):
            fields = {"Allow": "GET, HEAD", "X-Content-Type-Options": "nosniff"}
            await PlainTextResponse("method not allowed; use GET or HEAD\n", 405, fields)(scope, receive, send)
        elif response := self._response(scope["method"], name, scope["headers"]):
            await send({"type": "http.response.start", "status": response.status, "headers": response.fields})
            await send({"type": "http.response.body", "body": response.body})
        else:
            await (await run_in_threadpool(self._absent, name))(scope, receive, send)

    def has_feeds(self) -> bool:
        """Return True if feeds can be answered, whatever else fails."""
        return self._current(FEED_LIST) is not None

    def answer(self, method: str, name: str, headers: Iterable[tuple[bytes, bytes]]) -> StoredResponse | None:
        """Return the response to GET or HEAD of the file `name`; None for other methods and absent files.

        `headers` are the request's, their names in lower case.
        """
        return self._response(method, name, headers)

    def recheck(self) -> None:
        """Look whether a failure has ended; a folder has none that lasts."""

    def _response(self, method: str, name: str, headers: Iterable[tuple[bytes, bytes]]) -> StoredResponse | None:
        if method not in ("GET", "HEAD") or (file := self._current(name)) is None:
            return None
        request: dict[str, str] = {}
        for field_name, value in headers:
            if header := _SELECTING.get(field_name):
                text = value.decode("latin-1")
                request[header] = f"{request[header]}, {text}" if header in request else text
        representation = file.gzipped if _accepts_gzip(request.get("accept-encoding", "")) else file.identity
        if is_not_modified(request, representation.etag, file.modified):
            return representation.not_modified
        return representation.get if method == "GET" else representation.head

    def _current(self, name: str) -> CachedFile | None:
        """Return the file as it is now, None if it is absent or must not be served."""
        file = self._files.get(name)
        if file is None and not is_servable(name):
            return None
        path = f"{self._root}/{name}"
        try:
            if file is None or file.stamp != _stamp(os.stat(path)):  # noqa: PTH116  # a tenth of the time of a Path
                file = self._keep(name, self._read(path, name))
        except OSError:
            self._drop(name)
            return None
        return file

    def _keep(self, name: str, file: CachedFile) -> CachedFile:
        """Keep the file for the next request; those that were read longest ago make room."""
        with self._changing:
            self._remove(name)
            self._files[name] = file
            self._bytes += file.size
            while self._bytes > MAX_BYTES and len(self._files) > 1:
                self._remove(next(iter(self._files)))
        return file

    def _drop(self, name: str) -> None:
        with self._changing:
            self._remove(name)

    def _remove(self, name: str) -> None:
        if file := self._files.pop(name, None):
            self._bytes -= file.size

    def _read(self, path: str, name: str) -> CachedFile:
        with Path(path).open("rb") as file:
            status, data = os.fstat(file.fileno()), file.read()
        modified = datetime.fromtimestamp(status.st_mtime_ns // 10**9, UTC)
        return self._in_both_encodings(name, data, modified, _stamp(status))

    def _in_both_encodings(self, name: str, data: bytes, modified: datetime, stamp: _Stamp) -> CachedFile:
        tag = blake2b(data, digest_size=12).hexdigest()
        media_type = f"{MEDIA_TYPES[Path(name).suffix]}; charset=utf-8"
        common = [
            (b"last-modified", http_time(modified).encode()),
            (b"cache-control", b"public, max-age=%d" % self._max_age(name)),
            (b"vary", b"Accept-Encoding"),
            (b"x-content-type-options", b"nosniff"),
            *((header.lower().encode(), value.encode()) for header, value in CROSS_ORIGIN.items()),
        ]
        if link := self._link(name):
            common.append((b"link", link.encode()))
        encoded = [*common, (b"content-encoding", b"gzip")]
        return CachedFile(
            stamp=stamp,
            modified=modified,
            identity=_representation(data, f'"{tag}"', common, media_type),
            gzipped=_representation(gzip.compress(data, GZIP_LEVEL, mtime=0), f'"{tag}-gzip"', encoded, media_type),
        )


def _stamp(status: os.stat_result) -> _Stamp:
    return status.st_mtime_ns, status.st_size, status.st_ino


def is_servable(name: str) -> bool:
    """Return True if a file with this name may be served if there is one."""
    is_plain = not name.startswith(".") and "\0" not in name
    return Path(name).suffix in MEDIA_TYPES and is_plain and ("/" not in name or PAGE.fullmatch(name) is not None)


def _representation(data: bytes, etag: str, common: HeaderFields, media_type: str) -> Representation:
    fields = [(b"etag", etag.encode()), *common]
    full = [*fields, (b"content-type", media_type.encode()), (b"content-length", b"%d" % len(data))]
    return Representation(etag, StoredResponse(200, full, data), StoredResponse(200, full), StoredResponse(304, fields))
