"""What aiohttp refuses and browsers take is read on the second try; TLS and proxies are the same for both."""

import asyncio
import re
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from shutil import which

import httpcore
import pytest

from aggregator.fetch import Fetcher
from aggregator.fetch.lenient import _MendingStream
from aggregator.model import Failure, FeedDocument
from tests.fetch.conftest import FEED, Get, known, settings, source
from tests.servers import Server

LENGTH = b"Content-Length: %d\r\n" % len(FEED)
ODD = b"HTTP/1.1 200 OK\r\n" + LENGTH + LENGTH + b"\r\n" + FEED


async def test_an_answer_that_only_the_second_transport_reads_is_taken(server: Server, get: Get) -> None:
    answer = await get(server.put("/odd", raw=ODD))
    assert isinstance(answer, FeedDocument)
    assert answer.body == FEED
    first, second = server.requests
    assert first.headers == second.headers


@pytest.mark.parametrize(
    "lines",
    [
        b"Foo Bar: x",
        b"NoColon",
        b"<br />Warning: <b>PHP</b> startup",
        b"X-Space : x",
        b"X-Tab\t: x",
        b": no name",
        b"X(y): z",
        b"caf\xe9: x",
        b"X-Nul: a\0b",
        b"X-Return: a\rb",
        b"Content-Length: abc",
        b"Content-Length:",
        b"Content-Length: +1",
        b"Transfer-Encoding: identity",
        b"X-Folded: a\r\n b\r\nNoColon",
    ],
)
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
async def test_a_header_line_that_breaks_the_grammar_is_no_matter(
    server: Server, get: Get, lines: bytes, end: bytes
) -> None:
    length = b"" if b"Content-Length" in lines else LENGTH.strip() + b"\r\n"
    head = b"HTTP/1.1 200 OK\r\n" + lines + b'\r\nETag: "1"\r\n' + length + b"\r\n"
    answer = await get(server.put("/odd", raw=head.replace(b"\r\n", end) + FEED))
    assert isinstance(answer, FeedDocument)
    assert answer.body == FEED
    assert answer.validators.etag == '"1"'


@pytest.mark.parametrize(
    "line",
    [
        b"http/1.1 200 OK",
        b"HTTP/2 200",
        b"HTTP/1.1  200  OK",
        b"HTTP/1.2 200 OK",
        b"ICY 200 OK",
        b"HTTP/1.1 200 \xe9\1",
    ],
)
async def test_a_status_line_that_breaks_the_grammar_is_no_matter(server: Server, get: Get, line: bytes) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    for raw in (line, early + line):
        answer = await get(server.put("/odd", raw=raw + b"\r\nNoColon\r\n" + LENGTH + b"\r\n" + FEED))
        assert isinstance(answer, FeedDocument)
        assert answer.body == FEED


async def test_a_host_that_breaks_the_grammar_is_asked_twice_once(server: Server, now: datetime) -> None:
    url = server.put("/odd", raw=b"HTTP/1.1 200 OK\r\nNoColon\r\n" + LENGTH + b"\r\n" + FEED)
    async with Fetcher(settings(), lambda: now) as fetcher:
        for _ in range(3):
            assert isinstance(await fetcher.fetch(source(url), known()), FeedDocument)
    assert len(server.requests) == 4


@pytest.mark.parametrize("line", [b"HTTP/1.1 2000 OK", b"HTTP/1.1 OK", b"FTP/1.1 200 OK", b"SSH-2.0-x"])
async def test_a_status_line_of_another_protocol_is_a_failure(server: Server, get: Get, line: bytes) -> None:
    answer = await get(server.put("/odd", raw=line + b"\r\n\r\n" + FEED))
    assert isinstance(answer, Failure)
    assert answer.reason == "the server sent an invalid HTTP response"


async def test_two_lengths_that_differ_are_a_failure(server: Server, get: Get) -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n" + LENGTH + b"\r\n" + FEED
    answer = await get(server.put("/odd", raw=raw))
    assert isinstance(answer, Failure)
    assert answer.reason == "the server sent an invalid HTTP response"


async def test_a_long_header_is_read_at_once(server: Server, get: Get) -> None:
    answer = await get(server.put("/long", FEED, headers={"Content-Security-Policy": "x" * 20_000}))
    assert isinstance(answer, FeedDocument)
    assert len(server.requests) == 1


@pytest.mark.parametrize("byte", [b"a", b"\n"])
async def test_a_head_that_comes_byte_by_byte_costs_no_more_than_another(byte: bytes) -> None:
    class Dripping(httpcore.AsyncMockStream):
        async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
            return await super().read(1, timeout)

    stream = _MendingStream(Dripping([byte] * 40_000))
    started = time.process_time()
    await stream.read(65_536)
    assert time.process_time() - started < 3  # searched anew with each byte it took 38 s, and the event loop waited


async def test_blank_lines_before_heads_are_no_matter(server: Server, get: Get) -> None:
    interim, head = b"\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n", b"\n\nHTTP/1.1 200 OK\r\nbad line\r\n\r\n\r\n"
    for raw in (interim + head + FEED, [interim, head, FEED]):
        answer = await get(server.put("/odd", raw=raw))
        assert isinstance(answer, FeedDocument)
        assert answer.body == b"\r\n" + FEED


async def test_http_1_0_without_a_length_is_read_to_its_end(server: Server, get: Get) -> None:
    answer = await get(server.put("/old", raw=b"HTTP/1.0 200 OK\r\n\r\n" + FEED))
    assert isinstance(answer, FeedDocument)
    assert answer.body == FEED


async def test_a_proxy_is_asked_for_everything_and_the_guard_is_its_business(get: Get) -> None:
    with Server() as proxy:
        proxy.put("*", FEED)
        answer = await get("http://192.168.77.1/feed.xml", proxy=f"http://127.0.0.1:{proxy.port}", allow_private=())
        assert isinstance(answer, FeedDocument)
        assert [request.target for request in proxy.requests] == ["http://192.168.77.1/feed.xml"]


async def test_a_proxy_that_cannot_be_reached_is_named(get: Get) -> None:
    with Server() as gone:
        proxy = f"http://127.0.0.1:{gone.port}"
    answer = await get("http://example.org/feed.xml", proxy=proxy)
    assert isinstance(answer, Failure)
    assert (answer.reason, answer.advice) == ("the proxy refused the connection", "check fetch.proxy")


async def test_a_proxy_that_refuses_a_tunnel_is_named(get: Get) -> None:
    with Server() as proxy:
        proxy.put("*", status=403)
        answer = await get("https://example.org/feed.xml", proxy=f"http://127.0.0.1:{proxy.port}")
        assert [request.method for request in proxy.requests] == ["CONNECT"]
    assert isinstance(answer, Failure)
    assert answer.reason == "the proxy refused the connection"


async def test_both_transports_try_a_names_addresses_in_turn(server: Server, get: Get) -> None:
    url = server.put("/odd", raw=ODD).replace("127.0.0.1", "two.example")
    two = {"lookup": lambda _host, _port: ["127.0.0.3", "127.0.0.1"], "allow_private": ("127.0.0.0/8",)}
    assert isinstance(await get(url, **two), FeedDocument)
    assert len(server.requests) == 2


async def test_the_environments_proxy_is_not_ours(server: Server, get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert isinstance(await get(server.put("/feed.xml", FEED)), FeedDocument)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    if not which("openssl"):
        pytest.skip("needs the openssl command to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1"
    options = f"-addext subjectAltName=IP:127.0.0.1 -keyout {folder / 'key.pem'} -out {folder / 'cert.pem'}"
    subprocess.run(f"{command} {options}".split(), check=True, capture_output=True)
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture
def secure(certificate: tuple[Path, Path]) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with Server(tls=context) as running:
        yield running


async def test_a_certificate_that_nobody_vouches_for_is_refused(secure: Server, get: Get) -> None:
    answer = await get(secure.put("/feed.xml", FEED))
    assert isinstance(answer, Failure)
    assert answer.reason == "TLS handshake failed: self-signed certificate"
    assert "SSL_CERT_FILE" in answer.advice
    assert secure.requests == []


async def test_a_certificate_in_ssl_cert_file_is_trusted_by_both_transports(
    secure: Server, get: Get, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    assert isinstance(await get(secure.put("/feed.xml", FEED)), FeedDocument)
    assert isinstance(await get(secure.put("/odd", raw=ODD)), FeedDocument)


async def test_a_certificate_for_another_name_is_said(
    secure: Server, get: Get, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    answer = await get(secure.put("/feed.xml", FEED).replace("127.0.0.1", "localhost"), lookup=lambda *_: ["127.0.0.1"])
    assert isinstance(answer, Failure)
    expected = "TLS handshake failed: Hostname mismatch, certificate is not valid for 'localhost'"
    assert answer.reason == expected
    assert "SSL_CERT_FILE" in answer.advice


@pytest.mark.parametrize("content", ["", "no certificate"])
async def test_certificates_that_cannot_be_read_are_said(
    secure: Server, get: Get, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    (tmp_path / "cert.pem").write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    answer = await get(secure.put("/feed.xml", FEED))
    assert isinstance(answer, Failure)
    assert answer.reason.startswith("the trusted certificates cannot be read (")
    assert answer.advice == "check SSL_CERT_FILE and SSL_CERT_DIR"


async def test_https_does_not_lead_to_http(
    secure: Server, server: Server, get: Get, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    answer = await get(secure.put("/moved", status=301, headers={"Location": server.put("/feed.xml", FEED)}))
    assert isinstance(answer, Failure)
    assert answer.reason == "insecure redirect from https to http refused"
    assert server.requests == []


async def test_tls_where_there_is_none_is_a_failure(get: Get) -> None:
    async def answer_at_once(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer_at_once, "127.0.0.1", 0) as plain:
        answer = await get(f"https://127.0.0.1:{plain.sockets[0].getsockname()[1]}/feed.xml")
    assert isinstance(answer, Failure)
    assert re.fullmatch("TLS handshake failed: (wrong version number|record layer failure)", answer.reason)


async def test_both_tries_are_one_host_and_keep_its_pace(server: Server, get: Get) -> None:
    asked: list[str] = []

    async def admit(host: str) -> bool:
        asked.append(host)
        return True

    await get(server.put("/odd", raw=ODD), admit=admit)
    assert set(asked) == {f"127.0.0.1:{server.port}"}
    assert len(asked) == 4  # before and after the gap, on either try
