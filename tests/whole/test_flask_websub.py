"""Somebody else's WebSub, a program of its own: its hub pushes to our daemon, and passes on what we tell it."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.commands import configure, running
from tests.newsroom import item, rss
from tests.whole.test_hubs import PATIENCE, wait

pytest.importorskip("flask_websub")


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[str]:
    """URL of the publisher, hub and subscriber."""
    folder = tmp_path / "peer"
    folder.mkdir()
    (folder / "topic.xml").write_bytes(rss(item(1)))
    with (folder / "log").open("wb") as log:
        program = [sys.executable, "-m", "tests.whole.websub_peer", str(folder)]
        process = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, (folder / "log").read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.communicate()


def test_we_are_pushed_to_and_what_we_tell_is_passed_on(tmp_path: Path, peer: str) -> None:
    sources = [{"name": "peer", "url": f"{peer}/topic", "category": "news"}]
    configure(tmp_path, websub="always", feeds={"hub": f"{peer}/hub"}, sources=sources)
    with running(tmp_path) as daemon, httpx.Client(timeout=PATIENCE) as client:
        wait(lambda: "Story number 1" in daemon.get("feeds/news.rss").text)
        feeds = {f"{daemon.url}feeds/news.{suffix}" for suffix in ("rss", "atom")}
        for feed in feeds:
            client.post(f"{peer}/subscribe", params={"url": feed}).raise_for_status()

        def subscribers(topic: str) -> str:
            return client.get(f"{peer}/subscribers", params={"url": topic}).text

        wait(lambda: all(subscribers(topic) == "1" for topic in (f"{peer}/topic", *feeds)))
        assert daemon.figure("aggregator_hub_subscriptions") == 1
        polls = daemon.figure('aggregator_outcomes_total{outcome="fetched"}')

        (tmp_path / "peer" / "topic.xml").write_bytes(rss(item(1), item(2)))
        begun = time.time()
        client.post(f"{peer}/changed").raise_for_status()
        while "Story number 2" not in daemon.get("feeds/news.rss").text:
            assert time.time() - begun < PATIENCE
        pushed = time.time() - begun

        def received() -> dict[str, float]:
            heard = client.get(f"{peer}/received").json()
            return {topic: at for topic, at, text in heard if "Story number 2" in text}

        wait(lambda: len(received()) == 2)
        assert set(received()) == feeds
        passed_on = min(received().values()) - begun
        print(f"pushed to us and in our feed after {pushed:.3f} s, passed on after {passed_on:.3f} s")  # pytest -s
        assert daemon.figure('aggregator_outcomes_total{outcome="fetched"}') == polls  # by push, not by poll
