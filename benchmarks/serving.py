"""The cost of a response: a feed of about 80 KB from the daemon, in full (gzip) and as 304, beside nginx on its file.

The requests come from wrk over CONNECTIONS kept open. Server and wrk share the machine, so requests a second say less
than the server's own CPU time a request, which the operating system counts.
"""

import gzip
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.measuring import Sources, configure, cpu_of, daemon, new_folder

ENTRIES, BODY_BYTES = 20, 4000
CONNECTIONS = 32
SECONDS = 5
FEED = "feeds/all.rss"
GZIP = {"Accept-Encoding": "gzip"}
NGINX_CONFIG = """daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
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
    """The responses of a server: status, bytes (head and body), how many a second, CPU microseconds of each."""

    server: str
    status: int
    size: int
    per_second: float
    cpu: float


def tools() -> tuple[str | None, str | None]:
    """Return the paths of wrk and nginx."""
    return shutil.which("wrk"), shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def serving() -> list[Load]:
    """Measure both responses of both servers, SECONDS each; without nginx if it is not installed."""
    folder = new_folder()
    with Sources("generated", 1, ENTRIES, BODY_BYTES) as sources, daemon(configure(folder, sources)) as (pid, url):
        while _get(url + FEED, {})[2] < ENTRIES * BODY_BYTES:
            time.sleep(0.1)
        loads = _loads("aggregator", pid, url + FEED)
        if tools()[1]:
            with _nginx(new_folder(), folder / "storage" / FEED) as (pid, url):
                loads += _loads("nginx", pid, url)
        return loads


def _loads(server: str, pid: int, url: str) -> list[Load]:
    status, headers, _ = _get(url, GZIP)
    assert (status, headers["content-encoding"]) == (200, "gzip"), (status, headers)
    return [_load(server, pid, url, wanted) for wanted in (GZIP, {**GZIP, "If-None-Match": headers["etag"]})]


def _load(server: str, pid: int, url: str, headers: Mapping[str, str]) -> Load:
    status, _, size = _get(url, headers)
    before, started = cpu_of(pid), time.monotonic()
    responses = _wrk(url, headers)
    seconds = time.monotonic() - started
    cpu = 1e6 * (cpu_of(pid) - before) / responses
    return Load(server=server, status=status, size=size, per_second=responses / seconds, cpu=cpu)


def _get(url: str, headers: Mapping[str, str]) -> tuple[int, dict[str, str], int]:
    """Return status, headers (names in lower case) and size in bytes of a response."""
    parts = urlsplit(url)
    with closing(HTTPConnection(parts.netloc, timeout=10)) as connection:
        connection.request("GET", parts.path, headers=dict(headers))
        response = connection.getresponse()
        lines = [f"HTTP/1.1 {response.status} {response.reason}", *map(": ".join, response.getheaders()), "", ""]
        fields = {name.lower(): value for name, value in response.getheaders()}
        return response.status, fields, len("\r\n".join(lines)) + len(response.read())


def _wrk(url: str, headers: Mapping[str, str]) -> int:
    """Return the number of responses that wrk got in SECONDS."""
    words = [word for name, value in headers.items() for word in ("--header", f"{name}: {value}")]
    command = ["wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{SECONDS}s", *words, url]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Socket errors" not in printed, printed
    match = re.search(r"(\d+) requests in", printed)
    assert match, printed
    return int(match[1])


@contextmanager
def _nginx(folder: Path, feed: Path) -> Iterator[tuple[int, str]]:
    """Run nginx with one process on the same bytes, compressed beforehand as ours are; yields process id and URL."""
    copy = folder / "www" / FEED
    copy.parent.mkdir(parents=True)
    copy.write_bytes(feed.read_bytes())
    Path(f"{copy}.gz").write_bytes(gzip.compress(feed.read_bytes(), mtime=0))
    folder.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    config = folder / "nginx.conf"
    user = "user root; " if os.getuid() == 0 else ""
    config.write_text(user + NGINX_CONFIG.format(folder=folder, port=port))
    command = [tools()[1] or "nginx", "-e", f"{folder}/nginx.log", "-p", str(folder), "-c", str(config)]
    with subprocess.Popen(command) as process:
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
