"""A real daemon process: it fetches what is due, serves what it published, and stops when told to."""

import errno
import os
import re
import signal
import socket
import sqlite3
import time
from contextlib import closing
from functools import partial
from pathlib import Path

import httpx
import pytest

from aggregator.daemon.listener import listening
from aggregator.errors import AggregatorError
from tests.commands import aggregator, configure, daemon, make_due, running, until
from tests.newsroom import item, rss
from tests.servers import Server


def test_it_fetches_publishes_serves_and_stops(tmp_path: Path, server: Server) -> None:
    server.put("/feed", rss(item(1)))
    configure(tmp_path, sources=[{"name": "paper", "url": server.url("/feed"), "category": "news"}])
    with daemon(tmp_path) as (process, url), httpx.Client(base_url=url) as client:
        until(lambda: "Story number 1" in client.get("/feeds/news.rss").text)
        answer = client.get("/feeds/news.atom")
        assert f'href="{url}feeds/news.atom"' in answer.text
        assert client.get("/feeds/news.atom", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
        assert "news" in client.get("/").text
        (source,) = client.get("/status.json").json()["sources"]
        assert source["name"] == "paper"
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert len(server.requests) == 1


def figure(client: httpx.Client, name: str) -> float:
    """A figure of `/metrics` that has no labels."""
    (value,) = re.findall(rf"^aggregator_{name} (\S+)$", client.get("/metrics").text, re.MULTILINE)
    return float(value)


def test_it_says_how_it_is_doing(tmp_path: Path, server: Server) -> None:
    server.put("/feed", rss(item(1)))
    feeds = tmp_path / "storage" / "feeds"
    configure(tmp_path, sources=[{"name": "paper", "url": server.url("/feed")}, server.url("/lost")])
    with daemon(tmp_path) as (_, url), httpx.Client(base_url=url) as client:
        until(lambda: 'aggregator_outcomes_total{outcome="failed"} 1.0' in client.get("/metrics").text)
        until(lambda: 'aggregator_articles_total{decision="new"} 1.0' in client.get("/metrics").text)
        assert "aggregator_fetch_seconds_count 2.0" in client.get("/metrics").text
        until(lambda: (feeds / "paper.rss").exists())
        until(lambda: figure(client, "publish_seconds_count") >= 1)
        written, at = figure(client, "publish_seconds_count"), figure(client, "last_publish_timestamp_seconds")
        until(lambda: figure(client, "last_publish_timestamp_seconds") > at + 2)  # rounds that find nothing
        assert figure(client, "publish_seconds_count") == written
        assert figure(client, "database_size_bytes") > 100_000
        assert client.get("/healthz").status_code == 200  # whatever sources do
        assert "Story number 1" in client.get("/").text


def test_a_folder_that_cannot_be_written_is_said_and_work_goes_on_once_it_can(tmp_path: Path, server: Server) -> None:
    server.put("/feed", rss(item(1)))
    configure(tmp_path, sources=[{"name": "paper", "url": server.url("/feed")}])
    feeds = tmp_path / "storage" / "feeds"
    feeds.parent.mkdir()
    feeds.write_text("in the way")
    with daemon(tmp_path) as (_, url):
        until(lambda: httpx.get(f"{url}healthz").status_code == 503)
        assert str(feeds) in httpx.get(f"{url}healthz").text
        feeds.unlink()
        until(lambda: httpx.get(f"{url}healthz").status_code == 200)
        assert "Story number 1" in httpx.get(f"{url}feeds/paper.rss").text


def was_asked(url: str) -> bool:
    """Whether the only source of the daemon at `url` was."""
    (source,) = httpx.get(f"{url}status.json").json()["sources"]
    return bool(source["last_fetch"])


def test_a_restart_polls_nothing_early(tmp_path: Path, server: Server) -> None:
    server.put("/feed", rss(item(1)))
    configure(tmp_path, sources=[{"name": "paper", "url": server.url("/feed")}])
    for _ in range(2):
        with daemon(tmp_path) as (process, url):
            until(partial(was_asked, url))
            time.sleep(1.5)  # a tick or more
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
    assert len(server.requests) == 1


def test_sources_that_cannot_be_reached_are_a_line_each_and_feeds_are_served(tmp_path: Path) -> None:
    configure(tmp_path, sources=[f"http://127.0.0.1:9/{name}" for name in "ab"])
    with daemon(tmp_path) as (process, url):
        assert process.stderr is not None
        lines = [process.stderr.readline(), process.stderr.readline()]
        assert all("127.0.0.1:9" in line for line in lines)
        until(lambda: httpx.get(f"{url}feeds/all.rss").status_code == 200)


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    configure(tmp_path, sources=["http://127.0.0.1:9/a"])
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        done = aggregator("run", "--port", str(port), cwd=tmp_path, status=1)
    (line,) = done.stderr.splitlines()
    assert str(port) in line
    assert "--port" in line
    assert "stop the program that holds it" in line


@pytest.mark.parametrize(
    ("host", "advice"),
    [
        ("192.0.2.1", "this machine has no such address; name one that it has with --host"),
        ("no.such.invalid", "does not resolve; name an address of this machine with --host"),
        ("a..b", "does not resolve; name an address of this machine with --host"),
    ],
)
def test_a_host_that_is_not_this_machine_is_no_port_in_use(host: str, advice: str) -> None:
    with pytest.raises(AggregatorError, match=f"cannot listen on {host}, port 0: .*{advice}"), listening(host, 0):
        pass


def test_a_machine_without_ipv6_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_socket(*_: object) -> socket.socket:
        raise OSError(errno.EAFNOSUPPORT, os.strerror(errno.EAFNOSUPPORT))

    monkeypatch.setattr("socket.socket", no_socket)
    with pytest.raises(AggregatorError, match="on ::1, port 0: this machine has no IPv6"), listening("::1", 0):
        pytest.fail("it listens")


def test_a_slow_host_of_many_sources_keeps_no_other_waiting(tmp_path: Path, server: Server) -> None:
    server.put("*", rss(item(1)), pause=0.5)
    server.put("/quick", rss(item(2)))
    slow = [server.url(f"/{number}") for number in range(400)]  # more than are claimed at once, and a second each
    fetch = {"allow_private": ["127.0.0.1/32", "::1/128"], "host_gap": "1s"}
    configure(tmp_path, fetch=fetch, sources=[*slow, server.url("/quick", host="localhost")])
    with daemon(tmp_path):
        until(lambda: bool(server.asked("/quick")), 30)
        assert len(server.requests) < 100


def test_a_stop_while_sources_are_claimed_gives_them_back(tmp_path: Path, server: Server) -> None:
    server.put("/feed", rss(item(1)))
    configure(tmp_path, sources=[{"name": "paper", "url": server.url("/feed")}])
    with running(tmp_path) as daemon:
        until(lambda: bool(daemon.said("paper: 1 new")))
        with closing(sqlite3.connect(tmp_path / "storage" / "aggregator.db", isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            make_due(database)
            database.execute("COMMIT")
            database.execute("BEGIN IMMEDIATE")  # its next tick waits to claim the source
            time.sleep(1)
            requests = len(server.requests)
            daemon.process.terminate()
            until(lambda: bool(daemon.said("stopping")))
            time.sleep(0.5)
            database.execute("ROLLBACK")
            assert daemon.process.wait() == 0
            assert database.execute("SELECT count(*) FROM host WHERE lease_until IS NOT NULL").fetchone() == (0,)
        assert daemon.said("rror") == []
    assert len(server.requests) == requests
