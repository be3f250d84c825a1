"""A real daemon process whose configuration changes below it, that systemd watches, and that is one to its storage."""

import os
import re
import signal
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.commands import aggregator, configure, running, until
from tests.newsroom import item, rss
from tests.servers import Server

BROKEN = "sources:\n  - http://127.0.0.1:9/a\nfetch:\n  intervall: 5m\n  timeout: soon\n"
NOT_USED = "feeds.yaml cannot be used at the moment"


@pytest.fixture
def paper(server: Server) -> dict[str, Any]:
    server.put("/paper", rss(item(1)))
    return {"name": "paper", "url": server.url("/paper"), "category": "news"}


def test_a_changed_file_is_reloaded_automatically(tmp_path: Path, server: Server, paper: dict[str, Any]) -> None:
    server.put("/other", rss(item(2)))
    configure(tmp_path, sources=[paper, {"name": "gone", "url": server.url("/gone")}])
    with running(tmp_path) as daemon:
        until(lambda: "Story number 1" in daemon.get("feeds/news.rss").text)
        fetch = {"allow_private": ["127.0.0.1/32"], "host_gap": "0s", "contact": "https://example.org/us"}
        added = {"name": "other", "url": server.url("/other"), "category": "desk", "interval": "5m"}
        paper |= {"category": "headlines"}
        configure(tmp_path, title="Another name", feeds={"formats": ["rss"]}, fetch=fetch, sources=[paper, added])
        until(lambda: "Story number 2" in daemon.get("feeds/desk.rss").text)
        assert daemon.sources() == ["paper", "other"]
        until(lambda: "Story number 1" in daemon.get("feeds/headlines.rss").text)
        until(lambda: "Another name" in daemon.get("feeds/headlines.rss").text)
        assert "Another name" in daemon.get("").text
        assert daemon.get("feeds/news.rss").status_code == 301
        until(lambda: daemon.get("feeds/headlines.atom").status_code == 404)
        assert daemon.get("feeds/desk.rss").headers["cache-control"] == "public, max-age=300"
        assert len(server.asked("/paper")) == 1
        (asked,) = server.asked("/other")
        assert "example.org/us" in (asked.header("user-agent") or "")
        assert len(daemon.said("2 sources")) == 1


def test_a_file_that_cannot_be_used_changes_nothing_and_is_logged_once(tmp_path: Path, paper: dict[str, Any]) -> None:
    path = configure(tmp_path, sources=[paper])
    with running(tmp_path) as daemon:
        until(lambda: "Story number 1" in daemon.get("feeds/news.rss").text)
        path.write_text(BROKEN)
        daemon.process.send_signal(signal.SIGHUP)
        until(lambda: bool(daemon.said("stays in force")))
        until(lambda: NOT_USED in daemon.get("status").text)
        path.touch()  # a change, but no other fault
        until(lambda: daemon.get("healthz").status_code == 200)
        configure(tmp_path, storage="elsewhere", sources=[paper | {"name": "other"}])
        until(lambda: bool(daemon.said("storage and database cannot change while the daemon runs; restart it")))
        assert not (tmp_path / "elsewhere").exists()
        assert daemon.sources() == ["paper"]
        configure(tmp_path, sources=[paper | {"name": "mended"}])
        until(lambda: daemon.sources() == ["mended"])
        until(lambda: NOT_USED not in daemon.get("status").text)
        assert len(daemon.said("feeds.yaml:4:3: ")) == 1
        assert len(daemon.said("feeds.yaml:5:12: ")) == 1
        assert len(daemon.said("stays in force")) == 2  # once for each kind of wrong file


def test_without_its_file_the_daemon_goes_on(tmp_path: Path, server: Server, paper: dict[str, Any]) -> None:
    path = configure(tmp_path, sources=[paper])
    with running(tmp_path) as daemon:
        path.rename(tmp_path / "away")
        until(lambda: bool(daemon.said("there is no such file")))
        until(lambda: "Story number 1" in daemon.get("feeds/news.rss").text)
        assert daemon.sources() == ["paper"]
        until(lambda: NOT_USED in daemon.get("status").text)
        daemon.process.send_signal(signal.SIGHUP)
        assert daemon.get("healthz").status_code == 200
        server.put("/more", rss(item(2)))
        configure(tmp_path, sources=[paper, {"name": "more", "url": server.url("/more")}])
        until(lambda: "Story number 2" in daemon.get("feeds/all.rss").text)
        until(lambda: NOT_USED not in daemon.get("status").text)
        assert len(daemon.said("there is no such file any more; once it is put back, it is read again")) == 1
        assert len(daemon.said("stays in force")) == 1


def test_a_folder_in_the_place_of_its_file_is_told_as_such(tmp_path: Path, paper: dict[str, Any]) -> None:
    path = configure(tmp_path, sources=[paper])
    with running(tmp_path) as daemon:
        path.rename(tmp_path / "away")
        path.mkdir()
        until(lambda: bool(daemon.said("a folder is in its place; move the folder away and put the file back")))
        path.rmdir()
        (tmp_path / "away").rename(path)
        until(lambda: bool(daemon.said("feeds.yaml is as it was before its faults")))
        assert daemon.said("was reloaded") == []
        configure(tmp_path, sources=[paper | {"name": "back"}])
        until(lambda: daemon.sources() == ["back"] and bool(daemon.said("was reloaded")))
        assert len(daemon.said("as it was before")) == len(daemon.said("was reloaded")) == 1


def test_a_source_that_hangs_does_not_keep_a_change_off(tmp_path: Path, server: Server, paper: dict[str, Any]) -> None:
    server.put("/hangs", hang=True)
    hangs = {"name": "hangs", "url": server.url("/hangs")}
    fetch = {"allow_private": ["127.0.0.1/32"], "host_gap": "0s", "timeout": "60s"}
    configure(tmp_path, fetch=fetch, sources=[hangs])
    with running(tmp_path) as daemon:
        until(lambda: bool(server.asked("/hangs")))
        configure(tmp_path, fetch=fetch, sources=[hangs, paper])
        until(lambda: "Story number 1" in daemon.get("feeds/news.rss").text)
        until(lambda: len(server.asked("/hangs")) == 2)  # it lost its turn, and got another
        assert daemon.said("error") == []


def test_a_storage_has_one_daemon_and_the_second_names_it(tmp_path: Path, paper: dict[str, Any]) -> None:
    configure(tmp_path, sources=[paper])
    with running(tmp_path) as first:
        second = aggregator("run", "--port", "0", cwd=tmp_path, status=1)
        (line,) = second.stderr.splitlines()
        assert f"process {first.process.pid};" in line
        assert "paper" in aggregator("sources", cwd=tmp_path).stdout
        first.process.kill()
        first.process.wait()
        with running(tmp_path) as third:
            assert third.process.poll() is None


def test_systemd_hears_how_it_is(tmp_path: Path, paper: dict[str, Any]) -> None:
    configure(tmp_path, sources=[paper])
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.settimeout(20)
        systemd.bind(f"\0aggregator-{os.getpid()}")
        with running(tmp_path, NOTIFY_SOCKET=f"@aggregator-{os.getpid()}") as daemon:
            assert systemd.recv(1000) == b"READY=1"
            daemon.process.send_signal(signal.SIGHUP)
            assert re.fullmatch(rb"RELOADING=1\nMONOTONIC_USEC=\d+", systemd.recv(1000))
            assert systemd.recv(1000) == b"READY=1"
            daemon.process.send_signal(signal.SIGTERM)
            assert systemd.recv(1000) == b"STOPPING=1"
            assert daemon.process.wait(60) == 0


def test_a_second_signal_stops_it_at_once(tmp_path: Path, server: Server) -> None:
    server.put("/hangs", hang=True)
    configure(tmp_path, sources=[server.url("/hangs")])
    with running(tmp_path) as daemon:
        until(lambda: bool(server.asked("/hangs")))
        daemon.process.send_signal(signal.SIGTERM)
        until(lambda: bool(daemon.said("stopping")))
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(60) == 128 + signal.SIGTERM  # it would have been 0 after the drain
