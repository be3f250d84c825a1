"""Feed readers that people use, subscribed to a daemon's feeds by its feeds.opml: no double, no byte for nothing."""

import os
import random
import shutil
import socket
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest
from reader import Reader, make_reader

from tests.commands import configure, daemon, until
from tests.newsroom import item, rss
from tests.servers import Answer, Request, Server
from tests.whole.feeds import read_xml

NEWS = [item(1, title="AT&amp;T and Vec&amp;lt;T&amp;gt;"), item(2, title="東京で新しい路線が開業"), item(3)]
SCIENCE = [item(4, title="خدمة جديدة"), item(5)]
EDITED = item(3, title="Story number 3, corrected", description="&lt;p&gt;Quite other words than before.&lt;/p&gt;")

Shown = list[tuple[str, str]]  # title and link of each entry, sorted


@dataclass(slots=True)
class Subscription:
    """A daemon behind a proxy that notes the status of every feed it passes on."""

    source: Server
    url: str  # the proxy's, and the feeds' base_url
    daemon: str
    statuses: list[int] = field(default_factory=list)

    def passed_on(self, request: Request) -> Answer:
        hop = {"host", "connection", "content-length", "transfer-encoding"}
        headers = [pair for pair in request.headers if pair[0].lower() not in hop]
        with httpx.stream(request.method, self.daemon + request.target[1:], headers=headers, timeout=60) as answer:
            body = b"".join(answer.iter_raw())
        if request.path != "/feeds/feeds.opml":
            self.statuses.append(answer.status_code)
        passed = {name: value for name, value in answer.headers.items() if name not in hop}
        return Answer(status=answer.status_code, headers=passed, body=body, conditional=False)

    def round(self, poll: Callable[[], object]) -> Counter[int]:
        """How often each status was answered while a reader polled once."""
        self.statuses.clear()
        poll()
        return Counter(self.statuses)

    def feeds(self) -> list[str]:
        """Addresses in the OPML list."""
        outlines = ElementTree.fromstring(httpx.get(f"{self.url}feeds/feeds.opml").content).iter("outline")
        return [address for outline in outlines if (address := outline.get("xmlUrl"))]

    def shown(self, feed: str) -> Shown:
        """What a feed says, straight from the daemon."""
        document = httpx.get(feed.replace(self.url, self.daemon)).content
        return sorted((entry["title"], entry["url"]) for entry in read_xml(document))

    def edit_one_and_add_one(self) -> None:
        self.source.put("/news", rss(item(6), NEWS[0], NEWS[1], EDITED))
        until(lambda: "corrected" in str(self.shown(f"{self.url}feeds/all.rss")), 60)
        assert "Story number 6" in str(self.shown(f"{self.url}feeds/all.rss"))


def unused_port() -> int:
    """Return a port that is free, and that the system gives to nobody who asks for any port."""
    while True:
        with (
            suppress(OSError),
            socket.create_server(("127.0.0.1", random.randrange(20_000, 32_000))) as listener,
        ):  # it is in use
            return int(listener.getsockname()[1])


@pytest.fixture
def subscription(tmp_path: Path, server: Server) -> Iterator[Subscription]:
    server.put("/news", rss(*NEWS))
    server.put("/science", rss(*SCIENCE))
    port = unused_port()
    with Server() as proxy:
        made = Subscription(server, proxy.url(), f"http://127.0.0.1:{port}/")
        proxy.put("*", made.passed_on)
        sources = [{"name": name, "url": server.url(f"/{name}"), "category": name} for name in ("news", "science")]
        often = {"interval": "1s", "min_interval": "1s", "allow_private": ["127.0.0.1/32"], "host_gap": "0s"}
        configure(tmp_path, base_url=made.url, sources=sources, fetch=often)
        with daemon(tmp_path, "--port", str(port)):
            until(lambda: httpx.get(f"{made.daemon}feeds/all.rss").text.count("<item>") == 5, 60)
            yield made


def held_by_reader(reader: Reader, feed: str) -> Shown:
    return sorted((entry.title or "", entry.link or "") for entry in reader.get_entries(feed=feed))


def test_reader_asks_with_validators_and_shows_each_article_once(tmp_path: Path, subscription: Subscription) -> None:
    with closing(make_reader(str(tmp_path / "reader.sqlite"), plugins=[])) as reader:
        feeds = subscription.feeds()
        assert len(feeds) == 2
        for feed in feeds:
            reader.add_feed(feed)

        def poll() -> None:
            for result in reader.update_feeds_iter(scheduled=False):
                assert not isinstance(result.value, Exception), result

        assert subscription.round(poll) == {200: 2}
        before = {feed: held_by_reader(reader, feed) for feed in feeds}
        assert before == {feed: subscription.shown(feed) for feed in feeds}
        assert subscription.round(poll) == {304: 2}

        subscription.edit_one_and_add_one()
        assert subscription.round(poll) == {200: 1, 304: 1}
        after = {feed: held_by_reader(reader, feed) for feed in feeds}
        assert after == {feed: subscription.shown(feed) for feed in feeds}
        assert sorted(len(after[feed]) - len(before[feed]) for feed in feeds) == [0, 1]
        assert subscription.round(poll) == {304: 2}


@dataclass(slots=True)
class Newsboat:
    """newsboat with all its files in a folder of its own."""

    folder: Path
    command: str

    def run(self, *words: str) -> None:
        files = ("-q", "-u", "urls", "-c", "cache.db", "-C", "config")
        done = subprocess.run(
            [self.command, *files, *words],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8", "TERM": "xterm"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, (done.stdout, done.stderr)

    def reload(self) -> None:
        self.run("-x", "reload")

    def shown(self) -> Shown:
        """All that it holds. It knows an item by its guid: one in two feeds is in the one that was polled last."""
        with closing(sqlite3.connect(self.folder / "cache.db")) as cache:
            return sorted(cache.execute("SELECT title, url FROM rss_item WHERE deleted = 0"))


@pytest.fixture
def newsboat(tmp_path: Path) -> Newsboat:
    command = shutil.which("newsboat") or pytest.skip("newsboat is not installed (Debian: apt-get install newsboat)")
    folder = tmp_path / "newsboat"
    folder.mkdir()
    for name in ("config", "urls"):
        (folder / name).touch()
    return Newsboat(folder, command)


def test_newsboat_asks_with_validators_and_shows_each_article_once(
    subscription: Subscription, newsboat: Newsboat
) -> None:
    (newsboat.folder / "feeds.opml").write_bytes(httpx.get(f"{subscription.url}feeds/feeds.opml").content)
    newsboat.run("-i", "feeds.opml")
    assert subscription.round(newsboat.reload) == {200: 2}
    everything = f"{subscription.url}feeds/all.rss"
    assert newsboat.shown() == subscription.shown(everything)
    subscription.round(newsboat.reload)  # it forgets the validators of the first answer
    assert subscription.round(newsboat.reload) == {304: 2}
    assert newsboat.shown() == subscription.shown(everything)

    subscription.edit_one_and_add_one()
    assert subscription.round(newsboat.reload) == {200: 1, 304: 1}
    assert newsboat.shown() == subscription.shown(everything)
    assert len(newsboat.shown()) == 6
    assert subscription.round(newsboat.reload) == {304: 2}
