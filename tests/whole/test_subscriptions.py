"""Subscribing by command, each in a process of its own."""

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from aggregator.config import load
from tests.commands import aggregator
from tests.newsroom import item, rss
from tests.servers import Server

FEEDS = """\
# What we read.
fetch: {allow_private: [127.0.0.1/32], host_gap: 0s, timeout: 60s}

sources:
  # ---- news
  - name: first   # the oldest
    url: 'https://first.example/feed'
    categories: [World news, us]

  - https://user:s3cret@second.example/feed   # bare
"""
LINKS = (
    '<link rel="alternate" type="application/rss+xml" title="All" href="/feed">'
    '<link rel="alternate" type="application/rss+xml" title="Comments" href="/comments">'
)
NESTED = """<opml version="1.1"><body><outline text="Papers"><outline text="France">
  <outline text="Le Monde" xmlUrl="https://lemonde.example/rss"/></outline></outline>
  <outline text="first" xmlUrl="http://first.example/feed/"/></body></opml>"""


@pytest.fixture
def folder(tmp_path: Path, server: Server) -> Path:
    server.put("/page", LINKS)
    server.put("/feed", rss(item(1)))
    server.put("/comments", rss(item(2)))
    (tmp_path / "feeds.yaml").write_text(FEEDS)
    return tmp_path


def test_a_page_is_added_once_fetched_and_removed_and_the_file_is_as_before(folder: Path, server: Server) -> None:
    file = folder / "feeds.yaml"
    page, feed, comments = (server.url(path) for path in ("/page", "/feed", "/comments"))
    done = aggregator("add", page, "--name", "mine", "--category", "World news", cwd=folder)
    assert done.stdout == f"added mine: {feed}\n  its page has another feed: {comments} (Comments)\n"
    assert done.stderr == f"found {feed} (A source): 1 entry, the newest of 2026-11-24\n"
    assert file.read_text() == f"{FEEDS}\n  - name: mine\n    url: {feed}\n    category: World news\n"
    assert aggregator("add", page, cwd=folder).stdout == f"mine is listed already: {feed}\n"
    aggregator("once", "mine", cwd=folder)
    (article,) = (folder / "storage" / "articles").rglob("*.md")
    assert aggregator("remove", "mine", cwd=folder).stdout == "removed mine; its articles stay\n"
    assert file.read_text() == FEEDS
    assert article.exists()
    assert "did you mean first" in aggregator("remove", "frist", cwd=folder, status=2).stderr


def test_what_is_no_feed_is_said_and_leaves_the_file_alone(folder: Path, server: Server) -> None:
    server.put("/feed", status=404)
    bad = server.put("/bad", "<html></html>")
    done = aggregator("add", bad, server.url("/404"), cwd=folder, status=1)
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 2
    assert (folder / "feeds.yaml").read_text() == FEEDS


def test_nested_folders_are_imported_as_categories(folder: Path) -> None:
    (folder / "mine.opml").write_text(NESTED)
    done = aggregator("import", "mine.opml", cwd=folder)
    assert (
        done.stdout
        == "added le-monde: https://lemonde.example/rss\nfirst is listed already: http://first.example/feed/\n"
    )
    assert (folder / "feeds.yaml").read_text() == (
        f"{FEEDS}\n  - name: le-monde\n    url: https://lemonde.example/rss\n    title: Le Monde\n"
        "    categories: [Papers, France]\n"
    )
    assert "mine.yaml" in aggregator("import", "mine.yaml", cwd=folder, status=1).stderr


def test_what_is_exported_gives_the_same_sources_elsewhere(folder: Path, tmp_path: Path) -> None:
    done = aggregator("export", cwd=folder)
    assert "s3cret" not in done.stdout
    assert etree.fromstring(done.stdout.encode()).get("version") == "2.0"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "all.opml").write_text(done.stdout)
    aggregator("import", "all.opml", cwd=elsewhere)
    here, there = (
        {
            source.name: (source.url.replace("user:s3cret@", ""), source.categories, source.title)
            for source in load(file, {}).sources
        }
        for file in (folder / "feeds.yaml", elsewhere / "feeds.yaml")
    )
    assert here == there
    again = aggregator("import", "all.opml", cwd=elsewhere)
    assert again.stdout.count("is listed already") == len(here)


@contextmanager
def adding_at_a_terminal(folder: Path, url: str, **options: Any) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run `add` with a terminal as its input and its standard error; gives the process and the terminal's other end."""
    terminal, ours = pty.openpty()
    words = [sys.executable, "-m", "aggregator", "add", url]
    with subprocess.Popen(words, cwd=folder, stdin=ours, stderr=ours, text=True, **options) as command:
        yield command, terminal
    os.close(terminal)
    os.close(ours)


def test_who_sits_at_a_terminal_chooses(folder: Path, server: Server) -> None:
    with adding_at_a_terminal(folder, server.url("/page"), stdout=subprocess.PIPE) as (command, terminal):
        os.write(terminal, b"9\n2\n")
        answer, _ = command.communicate(timeout=60)
    assert answer.startswith(f"added 127-0-0-1: {server.url('/comments')}\n")
    assert "(All)" in answer


def test_ctrl_c_ends_the_choice_at_once(folder: Path, server: Server) -> None:
    interruptible = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    with adding_at_a_terminal(folder, server.url("/page"), preexec_fn=interruptible) as (command, terminal):
        shown = b""
        while b"[1] " not in shown:
            shown += os.read(terminal, 1000)
        time.sleep(0.3)  # until it reads
        command.send_signal(signal.SIGINT)
        try:
            assert command.wait(60) == 130
        finally:
            command.kill()
    assert (folder / "feeds.yaml").read_text() == FEEDS
