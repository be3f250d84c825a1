"""Answers that are too large, too slow, broken or hostile end as failures, in bounded time and memory."""

import gzip
import itertools
import socket
import tracemalloc
import zlib
from datetime import timedelta

import pytest

from aggregator.model import Failure, FeedDocument, NotModified, Validators
from tests.fetch.conftest import FEED, Get, known
from tests.servers import Server


async def failure(get: Get, url: str, **changes: object) -> Failure:
    answer = await get(url, **changes)
    assert isinstance(answer, Failure), answer
    return answer


async def failure_and_peak(get: Get, url: str) -> tuple[Failure, int]:
    """The failure, and the most bytes of memory that Python took for it."""
    tracemalloc.start()
    try:
        return await failure(get, url), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def test_gzip_is_inflated(server: Server, get: Get) -> None:
    answer = await get(server.put("/feed.xml", FEED * 1000, gzip=True))
    assert isinstance(answer, FeedDocument)
    assert answer.body == FEED * 1000


@pytest.mark.parametrize("coding", [None, "identity"])
async def test_a_gzip_file_that_is_not_called_so_is_inflated(server: Server, get: Get, coding: str | None) -> None:
    headers = {"Content-Encoding": coding} if coding else {}
    answer = await get(server.put("/feed.xml.gz", gzip.compress(FEED * 1000), headers=headers))
    assert isinstance(answer, FeedDocument)
    assert answer.body == FEED * 1000
    cut = await failure(get, server.put("/cut", gzip.compress(FEED)[:-9], headers=headers))
    assert cut.reason == "the gzip body is truncated"
    packed = gzip.compress(FEED)
    slow = await get(server.put("/slow", chunks=(packed[:1], packed[1:2], packed[2:]), pause=0.05, headers=headers))
    assert isinstance(slow, FeedDocument)
    assert slow.body == FEED


async def test_what_follows_a_gzip_stream_is_left(server: Server, get: Get) -> None:
    headers = {"Content-Encoding": "gzip"}
    answer = await get(server.put("/feed.xml", gzip.compress(FEED) + b"\0\0\0", headers=headers))
    assert isinstance(answer, FeedDocument)
    assert answer.body == FEED


async def test_a_body_of_just_the_limit_is_taken_and_one_byte_more_is_not(server: Server, get: Get) -> None:
    assert isinstance(await get(server.put("/a", b"x" * 1000, gzip=True), max_bytes=1000), FeedDocument)
    assert isinstance(await get(server.put("/b", b"x" * 1000), max_bytes=1000), FeedDocument)
    for path, packed in (("/c", True), ("/d", False)):
        answer = await failure(get, server.put(path, b"x" * 1001, gzip=packed), max_bytes=1000)
        assert answer.reason == "the document is larger than 1,000 bytes"
        assert answer.status == 200
        assert answer.advice == "fetch.max_bytes is the limit"


async def test_a_gzip_bomb_is_never_unpacked(server: Server, get: Get) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b"\0" * 1_000_000) for _ in range(200)) + packer.flush()
    url = server.put("/bomb", bomb, headers={"Content-Encoding": "gzip"})
    answer, peak = await failure_and_peak(get, url)
    assert answer.reason == "the document is larger than 10,000,000 bytes"
    assert peak < 50_000_000


async def test_an_endless_body_ends_at_the_limit(server: Server, get: Get) -> None:
    answer = await failure(get, server.put("/endless", chunks=itertools.repeat(b"x" * 50_000)), max_bytes=200_000)
    assert answer.reason == "the document is larger than 200,000 bytes"


@pytest.mark.parametrize("cut", [0, 1, 10, 15_000])
@pytest.mark.parametrize("members", [2, 3, 500])
async def test_gzip_of_several_members_is_read_whole(server: Server, get: Get, members: int, cut: int) -> None:
    parts = [FEED[:50], FEED[50:], *[b"<!-- -->"] * (members - 2)]
    body = b"".join(map(gzip.compress, parts))
    chunks = (body[:cut], *(body[start : start + 7] for start in range(cut, cut + 140, 7)), body[cut + 140 :])
    url = server.put("/feed.xml", chunks=[chunk for chunk in chunks if chunk], headers={"Content-Encoding": "gzip"})
    answer = await get(url)
    assert isinstance(answer, FeedDocument)
    assert answer.body == b"".join(parts)


async def test_a_second_member_of_gzip_that_breaks_off_is_a_failure(server: Server, get: Get) -> None:
    body = gzip.compress(FEED[:50]) + gzip.compress(FEED[50:])[:-9]
    answer = await failure(get, server.put("/feed.xml", body, headers={"Content-Encoding": "gzip"}))
    assert answer.reason == "the gzip body is truncated"


@pytest.mark.parametrize("size", [65_536, 2 * 65_536, 1_000_000])
async def test_gzip_is_inflated_to_its_last_byte(server: Server, get: Get, size: int) -> None:
    for extra in (-1, 0, 1):
        answer = await get(server.put(f"/{extra}", b"x" * (size + extra), gzip=True))
        assert isinstance(answer, FeedDocument)
        assert len(answer.body) == size + extra


@pytest.mark.parametrize("encoding", ["utf-8", "UTF-8", "none", "text/xml", "nonsense", "identity", "", "gzip, utf-8"])
async def test_a_name_that_is_no_encoding_is_ignored(server: Server, get: Get, encoding: str) -> None:
    body = gzip.compress(FEED) if "gzip" in encoding else FEED
    answer = await get(server.put("/feed.xml", body, headers={"Content-Encoding": encoding}))
    assert isinstance(answer, FeedDocument)
    assert answer.body == FEED


async def test_a_binary_body_with_such_a_name_is_refused(server: Server, get: Get) -> None:
    url = server.put("/feed.xml", gzip.compress(FEED), headers={"Content-Encoding": "packed"})
    assert (await failure(get, url)).reason == "unsupported Content-Encoding; only gzip was requested"


@pytest.mark.parametrize("status", [201, 202, 203, 207, 250, 299])
async def test_any_success_with_a_document_counts_as_200(server: Server, get: Get, status: int) -> None:
    url = server.put("/feed.xml", FEED, status=status, headers={"ETag": '"1"'}, conditional=False)
    answer = await get(url)
    assert isinstance(answer, FeedDocument)
    assert (answer.body, answer.status, answer.validators.etag) == (FEED, 200, '"1"')
    again = await get(url, known(digest=answer.digest))
    assert isinstance(again, NotModified)
    assert again.status == 200


@pytest.mark.parametrize("status", [204, 205, 206, 226])
async def test_a_success_without_a_whole_document_is_a_failure(server: Server, get: Get, status: int) -> None:
    answer = await failure(get, server.put("/feed.xml", FEED if status > 205 else b"", status=status))
    assert answer.reason.startswith(f"the server answered {status}")


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "gzip, br"])
async def test_an_encoding_that_was_not_asked_for_is_refused(server: Server, get: Get, encoding: str) -> None:
    answer = await failure(get, server.put("/feed.xml", FEED, headers={"Content-Encoding": encoding}))
    assert answer.reason == "unsupported Content-Encoding; only gzip was requested"


async def test_gzip_that_is_none_is_a_failure(server: Server, get: Get) -> None:
    answer = await failure(get, server.put("/feed.xml", FEED, headers={"Content-Encoding": "gzip"}))
    assert answer.reason == "the body is not valid gzip, though Content-Encoding says gzip"


async def test_gzip_that_breaks_off_is_a_failure(server: Server, get: Get) -> None:
    answer = await failure(get, server.put("/a", gzip.compress(FEED)[:-9], headers={"Content-Encoding": "gzip"}))
    assert answer.reason == "the gzip body is truncated"


async def test_a_server_that_says_nothing_is_left_after_the_timeout(server: Server, get: Get) -> None:
    answer = await failure(get, server.put("/hang", hang=True), timeout=timedelta(milliseconds=200))
    assert answer.reason == "timeout: no complete response within 0.2 s"


async def test_a_slow_drip_is_left_after_the_timeout(server: Server, get: Get) -> None:
    url = server.put("/drip", chunks=itertools.repeat(b"x"), pause=0.05)
    answer = await failure(get, url, timeout=timedelta(milliseconds=400))
    assert answer.reason == "timeout: no complete response within 0.4 s"


async def test_a_slow_drip_of_headers_is_left_after_the_timeout(server: Server, get: Get) -> None:
    url = server.put("/drip", raw=itertools.chain([b"HTTP/1.1 200 OK\r\nX: "], itertools.repeat(b"x")), pause=0.05)
    answer = await failure(get, url, timeout=timedelta(milliseconds=400))
    assert answer.reason == "timeout: no complete response within 0.4 s"


async def test_all_hops_share_one_timeout(server: Server, get: Get) -> None:
    url = server.put("/a", status=302, headers={"Location": "/b"}, pause=0.3)
    server.put("/b", status=302, headers={"Location": "/c"}, pause=0.3)
    server.put("/c", FEED, pause=0.3)
    answer = await failure(get, url, timeout=timedelta(milliseconds=500))
    assert "within 0.5 s" in answer.reason
    assert server.asked("/c") == ()


@pytest.mark.parametrize("value", ['"' + "x" * 60_000 + '"', '"a\x01b"', '"a\x7f"', '"\x1b[31m"'])
@pytest.mark.parametrize("name", ["ETag", "Last-Modified"])
async def test_a_validator_that_no_request_can_carry_is_not_kept(
    server: Server, get: Get, name: str, value: str
) -> None:
    """Sent back, it would be refused by us or by the server, and the source would never be read again."""
    answer = await get(server.put("/feed.xml", FEED, headers={name: value}))
    assert isinstance(answer, FeedDocument)
    assert answer.validators == Validators()


@pytest.mark.parametrize("value", ['"' + "x" * 2000 + '"', 'W/"a\tb"; "c"', '"\xc3\xa9"', "yesterday"])
async def test_any_other_validator_is_kept_as_it_came(server: Server, get: Get, value: str) -> None:
    answer = await get(server.put("/feed.xml", FEED, headers={"ETag": value, "Last-Modified": value}))
    assert isinstance(answer, FeedDocument)
    decoded = value.encode("latin-1").decode()
    assert answer.validators == Validators(etag=decoded, last_modified=decoded)


@pytest.mark.parametrize("fields", [{"A": "x" * 70_000}, {f"A{number}": "x" * 1000 for number in range(100)}])
async def test_a_flood_of_headers_is_a_failure(server: Server, get: Get, fields: dict[str, str]) -> None:
    answer = await failure(get, server.put("/flood", FEED, headers=fields))
    assert "64 KB of headers" in answer.reason


async def test_announcements_without_end_are_a_failure(server: Server, get: Get) -> None:
    flood = itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000)
    url = server.put("/flood", raw=flood)
    answer, peak = await failure_and_peak(get, url)
    assert answer.reason == "the server sent too many 1xx responses"
    assert peak < 20_000_000


async def test_a_few_announcements_are_no_matter(server: Server, get: Get) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(FEED)
    url = server.put("/early", raw=b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 9 + head + FEED)
    answer = await get(url)
    assert isinstance(answer, FeedDocument)
    assert answer.body == FEED


async def test_endless_headers_are_a_failure(server: Server, get: Get) -> None:
    url = server.put("/flood", raw=itertools.chain([b"HTTP/1.1 200 OK\r\n"], itertools.repeat(b"A: b\r\n" * 1000)))
    answer = await failure(get, url)
    assert answer.reason == "the server sent an invalid HTTP response"


@pytest.mark.parametrize("raw", [b"SSH-2.0-OpenSSH_9.2\r\n", b"\x15\x03\x01\x00\x02\x02\x16", b"HTTP/1.1 abc\r\n\r\n"])
async def test_what_is_no_http_is_a_failure(server: Server, get: Get, raw: bytes) -> None:
    answer = await failure(get, server.put("/odd", raw=raw))
    assert answer.reason == "the server sent an invalid HTTP response"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
)
async def test_an_answer_that_breaks_off_is_a_failure(server: Server, get: Get, raw: bytes) -> None:
    answer = await failure(get, server.put("/cut", raw=raw))
    assert answer.reason == "the server closed the connection before the response was complete"


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize(
    ("framing", "end"),
    [(f"Content-Length: {len(FEED) + 20}", b""), ("Transfer-Encoding: chunked", b"\r\n")],
)
async def test_a_whole_document_is_taken_though_the_server_announced_more(
    server: Server, get: Get, framing: str, end: bytes, reset: bool
) -> None:
    start = b"%x\r\n" % len(FEED) if end else b""
    raw = [f"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n".encode() + start + FEED + end]
    answer = await get(server.put("/long", raw=raw, pause=0.1, reset=reset))
    assert isinstance(answer, FeedDocument)
    assert answer.body == FEED


async def test_a_gzip_body_that_breaks_off_is_a_failure_whatever_was_inflated(server: Server, get: Get) -> None:
    body = gzip.compress(FEED)[:-2]
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % (len(body) + 2)
    answer = await failure(get, server.put("/cut", raw=head + body))
    assert answer.reason == "the gzip body is truncated"


async def test_a_reset_is_a_failure(server: Server, get: Get) -> None:
    answer = await failure(get, server.put("/cut", raw=b"HTTP/1.1 200 OK\r\nContent-", reset=True))
    assert answer.reason == "the server closed the connection before the response was complete"


async def test_a_port_where_nobody_listens_is_a_failure(get: Get) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    answer = await failure(get, f"http://127.0.0.1:{port}/")
    assert answer.reason == "connection refused"
