"""What an answer costs: one feed of about 80 KB from the daemon, in full (gzip) and as 304, beside nginx on its file.

`python -m benchmarks.serving [SECONDS]` prints a table. The load comes from wrk where it is installed (Debian: wrk),
else from a client of our own, over CONNECTIONS kept open. Server and load share the machine, so requests a second say
less than the server's own CPU time a request, which the operating system counts.
"""

import asyncio
import gzip
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import uvloop

from benchmarks.measuring import Sources, configured, cpu_of

ENTRIES = 20  # of 4 KB
CONNECTIONS = 32
FEED = "feeds/all.rss"
GZIP = {"Accept-Encoding": "gzip"}
NGINX = """daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000; sendfile on; tcp_nopush on; gzip_static on; etag on;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  types {{ application/rss+xml rss; }}
  server {{ listen 127.0.0.1:{port}; root {folder}/www; }}
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a server bore: the answers' status and bytes (head and body), requests a second, CPU time of each in µs."""

    server: str
    status: int
    size: int
    a_second: float
    cpu: float


def serving(seconds: float = 5.0) -> list[Load]:
    """Both answers of both servers, `seconds` each; without nginx where none is installed."""
    with tempfile.TemporaryDirectory() as folder, _daemon(Path(folder)) as (pid, url):
        feed = Path(folder, "storage", FEED)
        found = _loads("aggregator", pid, url, seconds)
        with _nginx(Path(folder), feed) as beside:
            return found + (_loads("nginx", *beside, seconds) if beside else [])


def _loads(name: str, pid: int, url: str, seconds: float) -> list[Load]:
    status, headers, _ = _get(url, GZIP)
    assert (status, headers["content-encoding"]) == (200, "gzip"), (status, headers)
    return [_load(name, pid, url, wanted, seconds) for wanted in (GZIP, {**GZIP, "If-None-Match": headers["etag"]})]


def _load(name: str, pid: int, url: str, headers: Mapping[str, str], seconds: float) -> Load:
    status, _, size = _get(url, headers)
    before, started = cpu_of(pid), time.monotonic()
    answers = _wrk(url, headers, seconds) if shutil.which("wrk") else uvloop.run(_flood(url, headers, seconds))
    took = time.monotonic() - started
    cpu = 1e6 * (cpu_of(pid) - before) / answers
    return Load(server=name, status=status, size=size, a_second=answers / took, cpu=cpu)


def _get(url: str, headers: Mapping[str, str]) -> tuple[int, dict[str, str], int]:
    """Status, headers (names in lower case) and size in bytes of an answer."""
    where = urlsplit(url)
    with _Closing(where.netloc, timeout=10) as connection:
        connection.request("GET", where.path, headers=dict(headers))
        answer = connection.getresponse()
        fields = {name.lower(): value for name, value in answer.getheaders()}
        head = f"HTTP/1.1 {answer.status} {answer.reason}\r\n\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in answer.getheaders())
        return answer.status, fields, len(head) + len(answer.read())


class _Closing(HTTPConnection):
    def __enter__(self) -> "_Closing":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _wrk(url: str, headers: Mapping[str, str], seconds: float) -> int:
    words = [word for name, value in headers.items() for word in ("--header", f"{name}: {value}")]
    command = ["wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds:.0f}s", *words, url]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Socket errors" not in printed, printed
    found = re.search(r"(\d+) requests in", printed)
    assert found, printed
    return int(found[1])


class _Asking(asyncio.Protocol):
    """Asks again as soon as it was answered; an answer is told by its size alone."""

    def __init__(self, request: bytes, size: int) -> None:
        self._request, self._size, self._came = request, size, 0
        self.answers = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # TCP gives no other
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._came += len(data)
        if self._came >= self._size:
            self._came -= self._size
            self.answers += 1
            self._transport.write(self._request)


async def _flood(url: str, headers: Mapping[str, str], seconds: float) -> int:
    """The number of answers to as many requests as CONNECTIONS get through in `seconds`."""
    where, (_, _, size) = urlsplit(url), _get(url, headers)
    fields = "".join(f"{name}: {value}\r\n" for name, value in {"Host": where.netloc, **headers}.items())
    request = f"GET {where.path} HTTP/1.1\r\n{fields}\r\n".encode()
    loop, host, port = asyncio.get_running_loop(), where.hostname or "", where.port or 80
    asking = [(await loop.create_connection(lambda: _Asking(request, size), host, port)) for _ in range(CONNECTIONS)]
    await asyncio.sleep(seconds)
    for transport, _ in asking:
        transport.close()
    return sum(protocol.answers for _, protocol in asking)


@contextmanager
def _daemon(folder: Path) -> Iterator[tuple[int, str]]:
    """The daemon with one source, whose feed it has published: its process id and the feed's URL."""
    with Sources(1, ENTRIES) as sources:
        config = configured(folder, sources)
        words = (sys.executable, "-m", "aggregator", "--config", str(config), "run", "--port", "0")
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
            try:
                assert process.stderr is not None
                url = next(found[0] for line in process.stderr if (found := re.search(r"http://[\d.:]+/", line)))
                while _get(url + FEED, {})[2] < ENTRIES * 4000:
                    time.sleep(0.1)
                yield process.pid, url + FEED
            finally:
                process.terminate()


@contextmanager
def _nginx(folder: Path, feed: Path) -> Iterator[tuple[int, str] | None]:
    """nginx with one process on the same bytes, packed beforehand as ours are; None where it is not installed."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if not found:
        print("nginx is not installed (Debian: nginx-light): ours stands alone", file=sys.stderr)
        yield None
        return
    place = folder / "www" / FEED
    place.parent.mkdir(parents=True)
    place.write_bytes(feed.read_bytes())
    Path(f"{place}.gz").write_bytes(gzip.compress(feed.read_bytes(), mtime=0))
    folder.chmod(0o755)
    port = _free_port()
    config = folder / "nginx.conf"
    config.write_text(("user root; " if os.getuid() == 0 else "") + NGINX.format(folder=folder, port=port))
    with subprocess.Popen([found, "-e", f"{folder}/nginx.log", "-p", str(folder), "-c", str(config)]) as process:
        url = f"http://127.0.0.1:{port}/{FEED}"
        try:
            for _ in range(100):
                with suppress(ConnectionError):
                    _get(url, {})
                    break
                time.sleep(0.05)
            yield process.pid, url
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port: int = held.getsockname()[1]
        return port


def table(seconds: float = 5.0) -> Iterator[str]:
    """The lines of a table in Markdown."""
    found = serving(seconds)
    peers = {load.status: load for load in found if load.server == "nginx"}
    by = "wrk" if shutil.which("wrk") else "our own client"
    yield f"\n### One feed of {ENTRIES} entries of 4 KB, gzip, over {CONNECTIONS} connections, asked by {by}\n"
    yield "| server | answer | bytes | requests/s | of nginx | CPU µs a request | of nginx |"
    yield "|---|---|---|---|---|---|---|"
    for one in found:
        peer = peers.get(one.status)
        rate, cost = (f"{one.a_second / peer.a_second:.2f}", f"{one.cpu / peer.cpu:.1f}") if peer else ("-", "-")
        yield f"| {one.server} | {one.status} | {one.size:,} | {one.a_second:,.0f} | {rate} | {one.cpu:.1f} | {cost} |"


def main() -> None:
    """Print the table."""
    for line in table(float(sys.argv[1]) if len(sys.argv) > 1 else 5.0):
        print(line)


if __name__ == "__main__":
    main()
