"""Clients that take their time, at a real daemon: the others do not notice them."""

import socket
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.commands import configure, daemon, until
from tests.newsroom import item, rss
from tests.servers import Server


def test_two_hundred_of_them_keep_nobody_from_a_feed_or_a_page(tmp_path: Path, server: Server) -> None:
    server.put("/feed", rss(item(1)))
    configure(tmp_path, sources=[{"name": "paper", "url": server.url("/feed")}])
    with daemon(tmp_path) as (_, url), ExitStack() as open_:
        until(lambda: "Story number 1" in httpx.get(f"{url}feeds/paper.rss").text)
        where = urlsplit(url)
        slow = []
        for number in range(200):
            slow.append(open_.enter_context(socket.create_connection((where.hostname, where.port), timeout=30)))
            slow[-1].sendall(
                (b"GET /feeds/paper.rss HTTP/1.1\r\nX: ", b"GET / HTT", b"POST /none HTTP/1.1\r\n")[number % 3]
            )
        for path in ("feeds/paper.rss", "feeds/paper.atom", "", "status", "healthz"):
            assert httpx.get(url + path, timeout=30).status_code == 200
        assert httpx.get(f"{url}feeds/paper.rss", headers={"X": "x" * 33_000}).status_code == 431
        slow[0].sendall(b"at last\r\nHost: here\r\n\r\n")
        assert slow[0].recv(15) == b"HTTP/1.1 200 OK"
