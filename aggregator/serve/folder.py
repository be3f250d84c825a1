"""The feeds' folder over HTTP: GET and HEAD with strong ETag, Last-Modified, gzip and 304. Edge.

A file is read, compressed and given its headers once a change; a request then costs one look at the file's stamp.
"""

import gzip
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from aggregator.render import FORMATS
from aggregator.serve.negotiation import accepts_gzip, http_time, is_not_modified

MEDIA_TYPES = {f".{known.suffix}": known.media_type for known in FORMATS} | {".opml": "text/x-opml"}
PREFIX = "/feeds/"
LEVEL = 6  # of gzip: a third of the time of 9, for 1 % more bytes

Fields = list[tuple[bytes, bytes]]
Stamp = tuple[int, int, int]

_accepts_gzip = lru_cache(maxsize=64)(accepts_gzip)  # a handful of readers' programs asks again and again


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered with: `body` is empty where HEAD or 304 has none, `lines` are the fields as sent."""

    status: int
    fields: Fields
    body: bytes = field(default=b"", repr=False)
    lines: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lines", b"".join(b"%b: %b\r\n" % pair for pair in self.fields))


@dataclass(frozen=True, slots=True)
class _Representation:
    """One encoding of a file and its three answers: to GET, to HEAD, and to who has it."""

    etag: bytes
    whole: Answer
    head: Answer
    unchanged: Answer


@dataclass(frozen=True, slots=True)
class _Served:
    """A file as it was when it had this `stamp`, in both encodings."""

    stamp: Stamp
    modified: datetime
    plain: _Representation
    gzipped: _Representation


class FeedFolder:
    """The files of one folder, not of those in it. An ASGI application, for the routes; `answer`, for before them."""

    def __init__(
        self,
        root: Path,
        max_age: Callable[[str], int],
        absent: Callable[[str], Response],
        link: Callable[[str], str] = lambda _name: "",
    ) -> None:
        """All three are asked by a file's name.

        `max_age` gives the seconds for which a reader may keep the file; `absent`, called in a thread, the answer where
        there is none; `link` its Link header, "" for none.
        """
        self._root, self._max_age, self._absent, self._link = str(root), max_age, absent, link
        self._files: dict[str, _Served] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request for `path_params["name"]`."""
        name = scope["path_params"]["name"]
        if scope["method"] not in ("GET", "HEAD"):
            await _send(send, _refusal(405, [(b"allow", b"GET, HEAD")], b"only GET and HEAD are answered here\n"))
        elif answer := self.answer(scope["method"], name, scope["headers"]):
            await _send(send, answer)
        else:
            await (await run_in_threadpool(self._absent, name))(scope, receive, send)

    def answer(self, method: str, name: str, headers: Iterable[tuple[bytes, bytes]]) -> Answer | None:
        """The answer to GET or HEAD of the file `name`; None where there is no such file, or the method is another.

        `headers` are the request's, their names in lower case.
        """
        if method not in ("GET", "HEAD") or (served := self._current(name)) is None:
            return None
        asked: dict[bytes, bytes] = {}
        for field_name, value in headers:
            asked[field_name] = b"%b, %b" % (asked[field_name], value) if field_name in asked else value
        packed = _accepts_gzip(asked.get(b"accept-encoding", b"").decode("latin-1"))
        chosen = served.gzipped if packed else served.plain
        if _has(asked, chosen.etag, served.modified):
            return chosen.unchanged
        return chosen.whole if method == "GET" else chosen.head

    def _current(self, name: str) -> _Served | None:
        """The file as it is now; None where there is none that may be served."""
        known = self._files.get(name)
        if known is None and not _may_be_served(name):
            return None
        place = f"{self._root}/{name}"
        try:
            if known is None or known.stamp != _stamp(os.stat(place)):  # noqa: PTH116  # a tenth of the time of a Path
                known = self._files[name] = self._read(place, name)
        except OSError:
            self._files.pop(name, None)
            return None
        return known

    def _read(self, place: str, name: str) -> _Served:
        with Path(place).open("rb") as file:
            stamp, data = _stamp(os.fstat(file.fileno())), file.read()
        modified = datetime.fromtimestamp(stamp[0] // 10**9, UTC)
        tag = blake2b(data, digest_size=12).hexdigest()
        common = [
            (b"last-modified", http_time(modified).encode()),
            (b"cache-control", b"public, max-age=%d" % self._max_age(name)),
            (b"vary", b"Accept-Encoding"),
            (b"x-content-type-options", b"nosniff"),
        ]
        if link := self._link(name):
            common.append((b"link", link.encode()))
        kind = (b"content-type", f"{MEDIA_TYPES[Path(name).suffix]}; charset=utf-8".encode())
        encoded = [*common, (b"content-encoding", b"gzip")]
        return _Served(
            stamp=stamp,
            modified=modified,
            plain=_representation(data, f'"{tag}"', common, kind),
            gzipped=_representation(gzip.compress(data, LEVEL, mtime=0), f'"{tag}-gzip"', encoded, kind),
        )


class FeedsFirst:
    """An ASGI application that answers for the feeds that are there by itself, and leaves all else to `others`.

    Routes, their matching and the layers of exceptions around them cost more than a feed does.
    """

    def __init__(self, feeds: FeedFolder, others: ASGIApp) -> None:
        self.feeds, self._others = feeds, others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        answer = None
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            answer = self.feeds.answer(scope["method"], scope["path"][len(PREFIX) :], scope["headers"])
        if answer:
            await _send(send, answer)
        else:
            await self._others(scope, receive, send)


def _stamp(found: os.stat_result) -> Stamp:
    return found.st_mtime_ns, found.st_size, found.st_ino


def _may_be_served(name: str) -> bool:
    return Path(name).suffix in MEDIA_TYPES and not name.startswith(".") and "/" not in name and "\0" not in name


def _has(asked: dict[bytes, bytes], etag: bytes, modified: datetime) -> bool:
    """Whether the client has the representation with this ETag, by the headers of its request."""
    if asked.get(b"if-none-match") == etag:  # as nearly all say it
        return True
    conditions = {
        name: asked[name.encode()] for name in ("if-none-match", "if-modified-since") if name.encode() in asked
    }
    if not conditions:
        return False
    return is_not_modified(
        {name: value.decode("latin-1") for name, value in conditions.items()}, etag.decode(), modified
    )


def _representation(data: bytes, etag: str, common: Fields, kind: tuple[bytes, bytes]) -> _Representation:
    fields = [(b"etag", etag.encode()), *common]
    full = [*fields, kind, (b"content-length", b"%d" % len(data))]
    return _Representation(etag.encode(), Answer(200, full, data), Answer(200, full), Answer(304, fields))


def _refusal(status: int, fields: Fields, text: bytes) -> Answer:
    common: Fields = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(text)),
        (b"x-content-type-options", b"nosniff"),
    ]
    return Answer(status, fields + common, text)


async def _send(send: Send, answer: Answer) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.fields})
    await send({"type": "http.response.body", "body": answer.body})
