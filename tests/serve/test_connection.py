"""Connections of real clients to a real uvicorn: the short way of a feed cannot be told, and nobody holds it up."""

import asyncio
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from aggregator.serve import connection
from aggregator.serve.connection import connection_for
from aggregator.serve.folder import FeedFolder
from tests.commands import until

RSS = b"<rss>" + b"story " * 1000 + b"</rss>"
LARGE = 8_000_000  # more than the kernel's buffers take of an answer


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "all.rss").write_bytes(RSS)
    (tmp_path / "large.json").write_bytes(b"[" + bytes(range(48, 58)) * (LARGE // 10) + b"]")
    return tmp_path


@pytest.fixture
def port(root: Path) -> Iterator[int]:
    with served(root) as (free_port, _):
        yield free_port


@contextmanager
def served(
    root: Path, count: Callable[[str], object] = lambda _: None, most: int | None = None
) -> Iterator[tuple[int, uvicorn.Server]]:
    """A server of this folder, and its port."""

    async def length(request: Request) -> PlainTextResponse:
        try:
            return PlainTextResponse(f"{request.method} of {len(await request.body())} bytes")
        except ClientDisconnect:
            return PlainTextResponse("nobody is there", 408)

    feeds = FeedFolder(root, lambda _: 900, lambda _: PlainTextResponse("not here", 404), lambda _: "")
    routes = [Route("/feeds/{name}", feeds), Route("/length", length, methods=["GET", "POST"])]
    site = Starlette(routes=routes)
    kind = connection_for(feeds.answer, count, most)
    config = uvicorn.Config(site, http=kind, ws="none", lifespan="off", log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)

    def run(listener: socket.socket) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(server.serve(sockets=[listener]))

    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        thread = threading.Thread(target=run, args=(listener,))
        thread.start()
        try:
            yield listener.getsockname()[1], server
        finally:
            server.should_exit = True
            thread.join(30)


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def read_all(client: socket.socket) -> bytes:
    return b"".join(iter(lambda: client.recv(65536), b""))


def ask(port: int, *lines: str) -> bytes:
    """All bytes of the answer to a request of these lines, on a connection that closes."""
    with connect(port) as client:
        client.sendall("\r\n".join([*lines, "Host: here", "Connection: close", "", ""]).encode("latin-1"))
        return read_all(client)


def undated(answer: bytes) -> bytes:
    return re.sub(rb"date: [^\r]+", b"date", answer)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
@pytest.mark.parametrize(
    "headers", [(), ("Accept-Encoding: gzip",), ("If-None-Match: *",), ("IF-NONE-MATCH: W/{etag}",)]
)
def test_the_short_way_says_what_the_long_way_says(
    port: int, method: str, version: str, headers: tuple[str, ...]
) -> None:
    etag = re.search(rb'etag: ("[^"]+")', ask(port, "HEAD /feeds/all.rss HTTP/1.1"))
    assert etag
    lines = [line.format(etag=etag[1].decode()) for line in headers]
    short = ask(port, f"{method} /feeds/all.rss {version}", *lines)
    long = ask(port, f"{method} /feeds/all.rss?long {version}", *lines)
    assert undated(short) == undated(long)
    assert short.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 304 ", b"HTTP/1.1 405 "))
    assert re.search(rb"\r\ndate: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r\n", short)


def test_the_short_way_is_taken(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FeedFolder, "__call__", PlainTextResponse("the long way").__call__)
    with served(root) as (port, _):
        assert ask(port, "GET /feeds/all.rss HTTP/1.1").endswith(RSS)
        assert ask(port, "GET /feeds/all.rss?long HTTP/1.1").endswith(b"the long way")


def test_answers_to_requests_in_one_go_come_in_their_order(port: int) -> None:
    requests = b"".join(
        b"GET %b HTTP/1.1\r\nHost: here\r\n\r\n" % path
        for path in (b"/feeds/all.rss", b"/length", b"/feeds/all.rss", b"/feeds/none.rss", b"/feeds/all.rss")
    )
    with connect(port) as client:
        client.sendall(requests + b"GET /length HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        answers = read_all(client)
    bodies = re.findall(rb"<rss>|GET of 0 bytes|not here", answers)
    assert bodies == [b"<rss>", b"GET of 0 bytes", b"<rss>", b"not here", b"<rss>", b"GET of 0 bytes"]


def test_it_does_not_matter_where_the_network_cuts_requests(port: int) -> None:
    feed = b"GET /feeds/all.rss HTTP/1.1\r\nHost: here\r\nAccept-Encoding: %b\r\n\r\n"
    requests = b"".join(
        [
            feed % b"gzip",
            b"POST /length HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\nGET /feed",
            feed % b"br",
            b"HEAD /feeds/all.rss HTTP/1.1\r\nHost: here\r\n\r\n",
            b"POST /feeds/all.rss HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            b"GET /feeds/all.rss HTTP/1.1\r\nHost: here\r\nIf-None-Match: *\r\nContent-Length: 3\r\n\r\nabc",
            b"GET /feeds/none.rss HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n",
        ]
    )
    answers = set()
    for seed in range(12):
        random = Random(seed)
        cuts = sorted(random.sample(range(1, len(requests)), random.choice([0, 1, 3, 12])))
        with connect(port) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for begin, end in pairwise([0, *cuts, len(requests)]):
                client.sendall(requests[begin:end])
                time.sleep(0.002)  # so that pieces mostly come one by one; whole or not, the answers must be the same
            answers.add(undated(read_all(client)))
    (answer,) = answers
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200", b"200", b"200", b"200", b"405", b"304", b"404"]
    assert b"POST of 9 bytes" in answer


def test_the_body_of_a_request_for_a_feed_is_not_taken_for_another_request(port: int) -> None:
    body = b"GET /length HTTP/1.1\r\n\r\n"
    with connect(port) as client:
        client.sendall(b"GET /feeds/all.rss HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        client.sendall(b"POST /length HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc")
        answers = read_all(client)
    assert answers.count(b"HTTP/1.1 ") == 2
    assert answers.endswith(b"POST of 3 bytes")


def test_a_large_body_is_no_large_head(port: int) -> None:
    body = b"x" * 100_000
    with connect(port) as client:
        head = b"POST /length HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
        client.sendall(head + body)
        assert read_all(client).endswith(b"POST of 100000 bytes")


@pytest.mark.parametrize("path", ["/feeds/all.rss", "/length"])
def test_heads_up_to_32_kilobytes_are_read(port: int, path: str) -> None:
    assert ask(port, f"GET {path} HTTP/1.1", f"X: {'x' * 31_000}").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("path", ["/feeds/all.rss", "/length"])
@pytest.mark.parametrize(
    "parts",
    [
        [b"X: " + b"x" * 33_000],
        [b"X: "] + [b"x" * 3000] * 12,
        [b"X: %d\r\n" % n + b"Y: y\r\n" * 100 for n in range(60)],
    ],
)
def test_larger_heads_are_refused_however_they_come(port: int, path: str, parts: list[bytes]) -> None:
    with connect(port) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: here\r\n".encode())
        answer = b""
        try:
            for part in parts:
                client.sendall(part)
            client.sendall(b"\r\n\r\n")
            answer = read_all(client)
        except ConnectionError:
            pass  # it hung up while we went on
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")
    assert ask(port, "GET /feeds/all.rss HTTP/1.1").endswith(RSS)


def test_a_large_head_at_once_hears_why(port: int) -> None:
    answer = ask(port, "GET /feeds/all.rss HTTP/1.1", f"X: {'x' * 33_000}")
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert answer.endswith(b"32 KB\n")


def test_two_hundred_slow_clients_do_not_keep_a_feed_from_others(port: int) -> None:
    with ExitStack() as open_:
        slow = [open_.enter_context(connect(port)) for _ in range(200)]
        for sent in (b"GET /feeds/all.rss", b" HTTP/1.1\r\n", b"Host: here\r\nX: "):
            for client in slow:
                client.sendall(sent)
            assert ask(port, "GET /feeds/all.rss HTTP/1.1").endswith(RSS)
        for client in slow:
            client.sendall(b"slow\r\nConnection: close\r\n\r\n")
        assert all(read_all(client).endswith(RSS) for client in slow)


def half_a_second_request(client: socket.socket) -> None:
    client.sendall(b"GET /feeds/all.rss HTTP/1.1\r\nHost: here\r\n\r\n")
    client.recv(len(RSS))
    client.sendall(b"GET /feeds/all")


SLOW: dict[str, Callable[[socket.socket], None]] = {
    "says nothing": lambda client: None,
    "sends half a request": lambda client: client.sendall(b"GET /feeds/all.rss HTTP/1.1\r\nX: "),
    "sends half a second request": half_a_second_request,
}


@pytest.mark.parametrize("slow", SLOW.values(), ids=list(SLOW))
def test_a_request_that_does_not_come_is_not_awaited_for_ever(
    root: Path, monkeypatch: pytest.MonkeyPatch, slow: Callable[[socket.socket], None]
) -> None:
    monkeypatch.setattr(connection, "TIMEOUT", 0.3)
    with served(root) as (port, _), connect(port) as client:
        slow(client)
        assert read_all(client).count(b"HTTP/1.1 200 ") <= 1  # and the end, without which this would wait


@pytest.mark.parametrize("query", [b"", b"?long"])
def test_an_answer_that_is_not_taken_is_given_up(root: Path, monkeypatch: pytest.MonkeyPatch, query: bytes) -> None:
    monkeypatch.setattr(connection, "TIMEOUT", 0.3)
    with served(root) as (port, server), connect(port) as client:
        client.sendall(b"GET /feeds/large.json%b HTTP/1.1\r\nHost: here\r\n\r\n" % query)
        assert client.recv(9) == b"HTTP/1.1 "
        until(lambda: not server.server_state.connections)
        assert len(read_all(client)) < LARGE


BODY_HEAD = b"Host: here\r\nContent-Length: 1000000\r\n\r\n"


@pytest.mark.parametrize(
    "request_line", [b"GET /feeds/all.rss HTTP/1.1", b"GET /feeds/none.rss HTTP/1.1", b"DELETE /length HTTP/1.1"]
)
def test_a_body_that_nobody_reads_is_not_awaited_for_ever(
    root: Path, monkeypatch: pytest.MonkeyPatch, request_line: bytes
) -> None:
    monkeypatch.setattr(connection, "TIMEOUT", 0.5)
    with served(root) as (port, _), connect(port) as client:
        client.sendall(request_line + b"\r\n" + BODY_HEAD)
        with pytest.raises(ConnectionError):  # noqa: PT012  # it goes on until the server hangs up
            while True:
                client.sendall(b"x")
                time.sleep(0.05)


def test_a_body_that_is_being_read_may_take_longer(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "TIMEOUT", 0.2)
    with served(root) as (port, _), connect(port) as client:
        client.sendall(b"POST /length HTTP/1.1\r\nHost: here\r\nContent-Length: 4\r\nConnection: close\r\n\r\n")
        for _ in range(4):
            time.sleep(0.2)
            client.sendall(b"x")
        assert read_all(client).endswith(b"POST of 4 bytes")


@pytest.mark.parametrize("path", ["/feeds/all.rss", "/length"])
@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("HTTP/1.1\r\n", 400),
        ("HTTP/1.1\r\nHost: a\r\nHost: a\r\n", 400),
        ("HTTP/1.0\r\nHost: a\r\nhost: b\r\n", 400),
        ("HTTP/1.1\r\nHost:\r\n", 200),
        ("HTTP/1.0\r\n", 200),
    ],
)
def test_a_request_names_its_host_once(port: int, path: str, head: str, status: int) -> None:
    with connect(port) as client:
        client.sendall(f"GET {path} {head}Connection: close\r\n\r\n".encode())
        assert read_all(client).startswith(f"HTTP/1.1 {status} ".encode())


def test_a_path_is_found_that_is_not_percent_encoded(root: Path) -> None:
    """As `curl` sends it, and readers built upon its library."""
    (root / "österreich.rss").write_bytes(RSS)
    with served(root) as (port, _), connect(port) as client:
        client.sendall("GET /feeds/österreich.rss HTTP/1.1\r\nHost: here\r\n\r\n".encode())
        assert client.recv(20).startswith(b"HTTP/1.1 200 ")
    with served(root) as (port, _), connect(port) as client:
        client.sendall("GET /length?q=日本 HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n".encode())
        assert read_all(client).endswith(b"GET of 0 bytes")


MALFORMED = (
    b"nonsense\r\n\r\n",
    b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    b"\x16\x03\x01\x02",
)


@pytest.mark.parametrize("request_bytes", MALFORMED)
def test_malformed_requests_are_counted_and_not_logged(
    root: Path, caplog: pytest.LogCaptureFixture, request_bytes: bytes
) -> None:
    counts: list[str] = []
    with served(root, counts.append) as (port, _), connect(port) as client:
        client.sendall(request_bytes)
        assert read_all(client).startswith(b"HTTP/1.1 400 ")
    assert counts == ["malformed"]
    assert caplog.records == []


def test_a_wish_for_another_protocol_is_answered_in_http(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    with served(root) as (port, _):
        answer = ask(port, "GET /length HTTP/1.1", "Upgrade: websocket", "Connection: Upgrade")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert caplog.records == []


def test_connections_beyond_a_number_are_refused_and_those_before_go_on(root: Path) -> None:
    counts: list[str] = []
    with served(root, counts.append, 3) as (port, server):
        with ExitStack() as clients:
            patient = [clients.enter_context(connect(port)) for _ in range(3)]
            until(lambda: len(server.server_state.connections) == 3)
            with connect(port) as surplus:
                assert read_all(surplus).startswith(b"HTTP/1.1 503 ")
            for client in patient:
                client.sendall(b"GET /feeds/all.rss HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
                assert read_all(client).endswith(RSS)
        until(lambda: not server.server_state.connections)
        assert ask(port, "GET /feeds/all.rss HTTP/1.1").endswith(RSS)
    assert counts == ["connections"]


def test_a_stop_does_not_wait_for_a_body(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    with served(root) as (port, server), connect(port) as client:
        client.sendall(b"POST /length HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\nx")
        until(lambda: bool(server.server_state.tasks))
        server.should_exit = True
        assert read_all(client) == b""
        until(lambda: not server.server_state.connections)
    assert [record.getMessage() for record in caplog.records if record.levelname != "INFO"] == []
