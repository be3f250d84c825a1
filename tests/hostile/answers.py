"""Hostile answers: what a server can do to its client before there is a document."""

import base64
import gzip
import itertools
import zlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from zlib import crc32

from tests.hostile.rows import CANARY, Row, failed, fetched, story
from tests.newsroom import rss
from tests.servers import Answer, Request
from tests.thorough import THOROUGH

BR_BOMB = base64.b64decode("z///f/gnAOKxQCD3/p/////wTwDEYQGA7v1//sHr458AiMMiAB10fQ==")  # 50 MB of zeros
ZSTD_BLOCK = (128 * 1024 << 3 | 1 << 1).to_bytes(3, "little") + b"\0"  # 128 KB of zeros in four bytes
ZSTD_BOMB = b"\x28\xb5\x2f\xfd\x00\x58" + ZSTD_BLOCK * 800 + (1).to_bytes(3, "little")


def packed(length: int, bits: int) -> bytes:
    """So many zeros, by zlib with these window bits: 31 gzip, 15 zlib (HTTP's deflate), -15 raw deflate."""
    packer = zlib.compressobj(1, wbits=bits)
    pieces = [packer.compress(bytes(1_000_000)) for _ in range(length // 1_000_000)]
    return b"".join(pieces) + packer.flush()


def compressions() -> Iterator[Row]:
    """Bodies that grow while they are unpacked, and those that are not what they are called."""
    document = rss(story("/packed/trailing"))
    bombs = {
        "gzip": packed(100_000_000, 31),
        "deflate": packed(100_000_000, 15),
        "raw-deflate": packed(100_000_000, -15),
        "br": BR_BOMB,
        "zstd": ZSTD_BOMB,
    }

    def encoded(body: bytes, encoding: str) -> Answer:
        return Answer(body=body, headers={"Content-Encoding": encoding})

    yield failed("/packed/gzip", "larger than 10,000,000 bytes", encoded(bombs["gzip"], "gzip"))
    for name in ("deflate", "raw-deflate", "br", "zstd"):
        answer = encoded(bombs[name], name.removeprefix("raw-"))
        yield failed(f"/packed/{name}", "unsupported Content-Encoding", answer)
    twice = encoded(gzip.compress(bombs["gzip"]), "gzip, gzip")
    yield failed("/packed/twice", "unsupported Content-Encoding", twice)
    chain = encoded(bombs["gzip"], ", ".join(["gzip"] * 1000))
    yield failed("/packed/a-thousand-times", "unsupported Content-Encoding", chain)
    yield failed("/packed/within", "of another kind", encoded(gzip.compress(bombs["gzip"]), "gzip"))
    yield failed("/packed/lie", "not valid gzip", encoded(document, "gzip"))
    yield failed("/packed/cut", "the gzip body is truncated", encoded(gzip.compress(document)[:-20], "gzip"))
    yield fetched("/packed/trailing", encoded(gzip.compress(document) + b"\xff" * 3_000_000, "gzip"))
    yield fetched("/packed/unsaid", Answer(body=gzip.compress(rss(story("/packed/unsaid")))))
    yield failed("/packed/unsaid-bomb", "larger than 10,000,000 bytes", Answer(body=bombs["gzip"]))


def _raw(*pieces: bytes | Callable[[], Iterator[bytes]], **more: Any) -> Callable[[Request], Answer]:
    """An answer of just these bytes; a function gives them anew for each request."""

    def answer(_request: Request) -> Answer:
        parts = (piece() if callable(piece) else iter((piece,)) for piece in pieces)
        return Answer(raw=itertools.chain.from_iterable(parts), **more)

    return answer


def _endless(piece: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: itertools.repeat(piece)


OK = b"HTTP/1.1 200 OK\r\n"
LATE = "no complete response within"
NO_HTTP = "invalid HTTP response"
BROKEN = "closed the connection before the response was complete"


def bodies() -> Iterator[Row]:
    """Answers that never end, come drop by drop, or are no HTTP."""
    document = rss(story("/http/length-short"))
    length = b"Content-Length: %d\r\n" % len(document)
    chunked = OK + b"Transfer-Encoding: chunked\r\n\r\n"
    yield failed("/http/endless", f"larger than|{LATE}", lambda _: Answer(chunks=itertools.repeat(b"x" * 65_536)))
    yield failed("/http/drip", LATE, lambda _: Answer(chunks=itertools.repeat(b"<"), pause=1))
    yield failed("/http/silent", LATE, Answer(hang=True))
    yield failed("/http/silent-after-head", LATE, _raw(OK + length + b"\r\n", _endless(b""), pause=1))
    yield failed("/http/head-drip", LATE, _raw(OK + b"X: ", _endless(b"x"), pause=1))
    yield failed(
        "/http/header-flood", f"64 KB of headers|{NO_HTTP}", Answer(headers={f"X{n}": "x" * 100 for n in range(5000)})
    )
    yield failed("/http/header-long", f"64 KB of headers|{NO_HTTP}", Answer(headers={"X": "x" * 1_000_000}))
    yield failed("/http/header-endless", f"{NO_HTTP}|{LATE}", _raw(OK, _endless(b"X: " + b"x" * 8000 + b"\r\n")))
    yield failed("/http/header-line-endless", f"{NO_HTTP}|{LATE}", _raw(OK + b"X: ", _endless(b"x" * 8000)))
    yield failed("/http/status-line-endless", f"{NO_HTTP}|{LATE}", _raw(b"HTTP/1.1 200 ", _endless(b"x" * 8000)))
    yield failed(
        "/http/1xx-endless",
        f"too many 1xx responses|{LATE}",
        _raw(_endless(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)),
    )
    yield failed("/http/1xx-slow", LATE, _raw(_endless(b"HTTP/1.1 102 Processing\r\n\r\n"), pause=0.5))
    yield failed(
        "/http/1xx-headers",
        f"too many 1xx responses|{LATE}",
        _raw(_endless(b"HTTP/1.1 103 Early Hints\r\nX: " + b"x" * 60_000 + b"\r\n\r\n")),
    )
    yield failed(
        "/http/switching",
        "answered 101",
        _raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
    )
    yield failed("/http/0.9", NO_HTTP, _raw(document))
    yield failed("/http/2", NO_HTTP, _raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
    yield failed("/http/ssh", NO_HTTP, _raw(b"SSH-2.0-OpenSSH_9.2\r\n"))
    yield failed("/http/status-0", "answered 0", _raw(b"HTTP/1.1 000 Zero\r\n" + length + b"\r\n" + document))
    yield failed("/http/status-999", "999", Answer(status=999, body=document))
    yield failed("/http/chunk-huge", BROKEN, _raw(chunked, b"ffffffffffffffff\r\nx", reset=True))
    yield failed("/http/chunk-larger", NO_HTTP, _raw(chunked, b"f" * 40 + b"\r\nx"))
    yield failed("/http/chunk-negative", NO_HTTP, _raw(chunked, b"-5\r\nabcde\r\n0\r\n\r\n"))
    yield failed("/http/chunk-extension", f"{NO_HTTP}|{LATE}", _raw(chunked, b"5;", _endless(b"x" * 8000)))
    tiny = _endless(b"1\r\n<\r\n" * 5000)  # as fast as they are read keep a processor busy until the time-out
    yield failed("/http/chunk-tiny", f"larger than|{LATE}", _raw(chunked, tiny, pause=0 if THOROUGH else 0.5))
    yield failed(
        "/http/trailers",
        f"{BROKEN}|{NO_HTTP}|{LATE}",
        _raw(chunked, b"1\r\n<\r\n0\r\n", _endless(b"X: " + b"x" * 8000 + b"\r\n")),
    )
    for name, announced in (("long", b"100000"), ("huge", b"1000000000000000000")):  # but the document has its end
        head = OK + b"Content-Length: " + announced + b"\r\n\r\n"
        yield fetched(f"/http/length-{name}", _raw(head, rss(story(f"/http/length-{name}"))))
        yield failed(f"/http/length-{name}-cut", BROKEN, _raw(head, document[:-9]))
    short = OK + b"Content-Length: %d\r\n\r\n" % (len(document) - 9)
    yield failed("/http/length-short", "truncated", _raw(short, document), entries=1)
    yield failed("/http/length-huger", NO_HTTP, _raw(OK + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n" + document))
    yield failed("/http/length-negative", NO_HTTP, _raw(OK + b"Content-Length: -1\r\n\r\n" + document))
    yield failed("/http/length-two", NO_HTTP, _raw(OK + length + b"Content-Length: 5\r\n\r\n" + document))
    yield failed("/http/reset-at-once", BROKEN, _raw(reset=True))
    yield failed("/http/reset-in-status", BROKEN, _raw(b"HTTP/1.1 20", reset=True))
    yield failed("/http/reset-in-head", BROKEN, _raw(OK + b"Content-Le", reset=True))
    yield failed("/http/reset-after-head", BROKEN, _raw(OK + length + b"\r\n", reset=True))
    yield failed("/http/reset-in-body", BROKEN, _raw(OK + length + b"\r\n" + document[:50], reset=True))
    yield failed("/http/reset-in-chunk", BROKEN, _raw(chunked + b"ff\r\nabc", reset=True))
    yield failed("/http/closed-at-once", BROKEN, _raw(b""))
    for status in (204, 205):
        yield failed(f"/http/{status}", f"answered {status}", _raw(b"HTTP/1.1 %d None\r\n\r\n" % status))
    yield failed(
        "/http/206",
        "answered 206",
        Answer(status=206, body=document[:200], headers={"Content-Range": "bytes 0-199/900"}),
    )
    yield failed("/http/304", "unconditional request", Answer(status=304, body=document))
    for status in (300, 400, 401, 403, 404, 407, 410, 418, 431, 451, 500, 502, 504, 599):
        yield failed(f"/http/{status}", f"answered {status}", Answer(status=status, body=document))
    yield failed("/http/empty", "empty", b"")
    yield failed("/http/blank", "empty", b" \n\t " * 1000)


def headers(forbidden: str) -> Iterator[Row]:
    """Headers that want to be kept, sent back, or believed."""

    def conditional(etag: str) -> Callable[[Request], Answer]:
        """A server that gives `etag` and, as many do, refuses long headers of requests."""

        def answer(request: Request) -> Answer:
            sent = request.header("If-None-Match") or ""
            if len(sent) > 8192:
                return Answer(status=431)
            return Answer(body=rss(story(f"/header/{crc32(etag.encode())}")), headers={"ETag": etag}, conditional=False)

        return answer

    cookie = {"Set-Cookie": f"session={CANARY}; Path=/; Max-Age=99999999"}
    yield fetched("/header/cookie", Answer(body=rss(story("/header/cookie")), headers=cookie))
    yield fetched("/header/etag-long", conditional('"' + "x" * 60_000 + '"'))
    yield fetched("/header/etag-control", conditional('"\x01\x1b[31m\x7f"'))
    yield fetched("/header/etag-latin", conditional('"\xe9\xff"'))
    yield fetched("/header/etag-fold", conditional('"a\tb"; x=1, W/"y"'))
    kinds = {
        "type-long": {"Content-Type": "text/xml; charset=" + "x" * 10_000},
        "type-codec": {"Content-Type": "text/xml; charset=zlib_codec"},
        "type-path": {"Content-Type": "text/xml; charset=../../etc/passwd"},
        "link": {"Link": '<javascript:alert(1)>; rel="hub", <file:///etc/passwd>; rel="self", <//[>; rel=hub'},
        "hub": {"Link": f'<{forbidden}>; rel="hub", <http://source.example/hub-topic>; rel="self"'},
        "age": {"Cache-Control": f"max-age={10**30}", "Age": "-5", "Expires": "Mon, 99 Foo", "Date": "never"},
        "modified": {"Last-Modified": "x" * 5000},
        "refresh": {
            "Refresh": "0; url=http://127.0.0.2/",
            "Content-Location": "http://127.0.0.2/",
            "Alt-Svc": 'h2="127.0.0.2:80"',
        },
    }
    for name, fields in kinds.items():
        yield fetched(f"/header/{name}", Answer(body=rss(story(f"/header/{name}")), headers=fields))


def waits() -> Iterator[Row]:
    """Servers that ask to be left alone, for an absurd time; each is a host of its own."""
    hour, month = timedelta(minutes=59), timedelta(days=31, minutes=1)
    for name, value, least, most in (
        ("trillion", str(10**12), timedelta(days=30), month),
        ("negative", "-5", timedelta(seconds=30), timedelta(hours=2)),
        ("garbage", "soon\x01", hour, timedelta(hours=2)),
        ("far", "Fri, 31 Dec 9999 23:59:59 GMT", timedelta(days=30), month),
        ("past", "Thu, 01 Jan 1970 00:00:00 GMT", timedelta(seconds=30), timedelta(hours=2)),
        ("digits", "9" * 5000, timedelta(days=30), month),
        ("exponent", "1e400", hour, timedelta(hours=2)),
        ("none", "", hour, timedelta(hours=2)),
    ):
        for status in (429, 503):
            answer = Answer(status=status, headers={"Retry-After": value} if value else {})
            yield failed(f"/wait/{name}-{status}", f"answered {status}", answer, alone=True, waits=(least, most))


# Forms of an address that no source may lead to; `{port}` is the canary's.
PRIVATE = (
    "http://127.0.0.2:{port}/",
    "http://127.255.255.254/",
    "http://１２７.０.０.２:{port}/",  # full-width digits
    "http://①②⑦.⓪.⓪.②:{port}/",
    "http://127。0。0。2:{port}/",  # ideographic full stops
    "http://[::ffff:127.0.0.2]:{port}/",
    "http://[::ffff:7f00:2]:{port}/",
    "http://[0:0:0:0:0:FFFF:7F00:0002]:{port}/",
    "http://[::127.0.0.2]:{port}/",
    "http://[64:ff9b::127.0.0.2]:{port}/",
    "http://[64:ff9b:1::7f00:2]:{port}/",
    "http://[2002:7f00:2::]:{port}/",
    "http://[::1]:{port}/",
    "http://[::]:{port}/",
    "http://[fe80::1%25lo]:{port}/",
    "http://[fd00::1]:{port}/",
    "http://[ff02::1]:{port}/",
    "http://0.0.0.0:{port}/",
    "http://255.255.255.255:{port}/",
    "http://224.0.0.1:{port}/",
    "http://100.64.0.1:{port}/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://192.168.0.1/",
    "http://172.31.255.255/",
    "http://127.0.0.1@127.0.0.2:{port}/",
    "http://127.0.0.1\\@127.0.0.2:{port}/",
    "//127.0.0.2:{port}/",
)
# IPv4 addresses that only some programs read as such.
NUMBERS = (
    "http://2130706434:{port}/",
    "http://0177.0.0.2:{port}/",
    "http://0177.0.0.02:{port}/",
    "http://017700000002:{port}/",
    "http://0x7f000002:{port}/",
    "http://0X7F.0.0.2:{port}/",
    "http://127.2:{port}/",
    "http://127.0.2:{port}/",
    "http://127.0.0.2.:{port}/",
    "http://0:{port}/",
)
# Read in several ways, each of which ends elsewhere or nowhere.
ASTRAY = (
    "http://127.0.0.2%2e:{port}/",
    "http://%31%32%37.0.0.2:{port}/",
    "http://localhost.:{port}/",
    "http://LOCALHOST:{port}/",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:{port}/",
    "http://ｌｏｃａｌｈｏｓｔ:{port}/",
    "\\\\127.0.0.2:{port}/",
    "http:\\\\127.0.0.2:{port}/",
)
NOT_WEB = (
    "file:///etc/passwd",
    "FILE:/etc/passwd",
    "gopher://127.0.0.2:{port}/_x",
    "ftp://127.0.0.2:{port}/",
    "dict://127.0.0.2:{port}/",
    "jar:http://127.0.0.2:{port}/!/",
    "javascript:alert(1)",
    "data:application/rss+xml,<rss/>",
    "http://",
    "http://[",
    "http:///etc/passwd",
    "http://127.0.0.2:99999/",
    "http://127.0.0.2:{port}:80/",
)


def redirects(port: int) -> Iterator[Row]:
    """Redirects that go round, or lead where no source may."""
    for status in (301, 302, 303, 307, 308):
        path = f"/redirect/loop-{status}"
        yield failed(path, "redirect loop", Answer(status=status, headers={"Location": path}))
    pair = ("/redirect/ping", "/redirect/pong")
    for here, there in (pair, pair[::-1]):
        yield failed(here, "redirect loop", Answer(status=301, headers={"Location": there}))
    yield failed("/redirect/nowhere", "does not lead to an http or https URL", Answer(status=301))

    def growing(request: Request) -> Answer:
        return Answer(status=302, headers={"Location": request.target + "/redirect" * 3})

    yield failed("/redirect/grows", "answered 404", growing)
    kinds = (
        ("private", PRIVATE, "is in a private network"),
        ("number", NUMBERS, "unusual form of an IPv4 address"),
        ("astray", ASTRAY, "redirect|DNS lookup failed|refused|404"),
        ("odd", NOT_WEB, "redirect"),
    )
    for kind, locations, says in kinds:
        for count, location in enumerate(locations):
            headers = {"Location": location.format(port=port).encode().decode("latin-1")}
            status = 301 if count % 2 else 302
            yield failed(f"/redirect/{kind}-{count}", says, Answer(status=status, headers=headers))
    yield failed("/direct/private", "is in a private network", b"", url=PRIVATE[0].format(port=port))
    yield failed("/direct/number", "unusual form of an IPv4 address", b"", url=NUMBERS[0].format(port=port))
