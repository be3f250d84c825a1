"""The tutorial's commands do what it says, in its order; its sources are served from loopback."""

import re
from pathlib import Path
from typing import Any

import httpx

from tests.commands import aggregator, running, until
from tests.docs.markdown import examples
from tests.newsroom import item, rss
from tests.servers import Server

PAGE = "docs/tutorial.md"
BLOG, NASA = "https://blog.rust-lang.org", "https://www.nasa.gov/news-release/feed/"
LOOPBACK: dict[str, Any] = {"AGGREGATOR_FETCH__ALLOW_PRIVATE": "[127.0.0.1/32]"}
SITE = '<link rel="alternate" type="application/rss+xml" href="/feed.xml">'


def figureless(text: str) -> str:
    """The text with each number as N, so that only words are compared."""
    return re.sub(r"\d+(?:\.\d+)?", "N", text)


def test_the_commands_of_the_tutorial_print_what_it_shows(tmp_path: Path, server: Server) -> None:
    host = server.url("/").rstrip("/")
    server.put("/", SITE, headers={"Content-Type": "text/html"})
    server.put("/feed.xml", rss(item(1), item(2)).replace(b"A source", b"Rust Blog"))
    server.put("/nasa", rss(item(3), item(4)))
    printed = ""
    for example in examples(PAGE):
        if example.language == "text":
            assert figureless(example.text.replace(BLOG, host)) in figureless(printed), example
        for line in example.text.splitlines() if example.language == "sh" else ():
            command, *words = line.replace(BLOG, host).split()
            if command == "aggregator" and words != ["run"]:
                printed = _run(words, tmp_path)
                feeds = tmp_path / "feeds.yaml"
                feeds.write_text(feeds.read_text().replace(NASA, server.url("/nasa")))
    with running(tmp_path, **LOOPBACK) as daemon:
        until(lambda: daemon.get("feeds/all.rss").status_code == httpx.codes.OK)
        assert b"Story number 1" in daemon.get("").content
        assert daemon.get("status").status_code == httpx.codes.OK


def _run(words: list[str], folder: Path) -> str:
    """Output of the command, its messages first."""
    done = aggregator(*words, cwd=folder, **LOOPBACK)
    return done.stderr + done.stdout
