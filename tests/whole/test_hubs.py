"""A real daemon process between hubs: it subscribes, is pushed to, and tells its own hub what is new."""

import hmac
import json
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest

from tests.commands import Running, aggregator, configure, running, until
from tests.newsroom import item, prose, rss
from tests.servers import Answer, Request, Server

PATIENCE = 60  # seconds; others may use the machine too


def wait(true: Callable[[], bool]) -> None:
    until(true, PATIENCE)


@dataclass
class Hub:
    """A hub at `/hub` of the test's server, which verifies subscriptions when it is told to."""

    server: Server
    status: int = 202
    forms: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.url = self.server.put("/hub", self._answer)

    def _answer(self, request: Request) -> Answer:
        self.forms.append(dict(parse_qsl(request.body.decode())))
        return Answer(status=self.status)

    def wishes(self) -> list[dict[str, str]]:
        return [form for form in self.forms if form["hub.mode"] == "subscribe"]

    def told(self) -> list[str]:
        return [form["hub.url"] for form in self.forms if form["hub.mode"] == "publish"]

    def verify(self, wish: dict[str, str], **changes: str) -> httpx.Response:
        asked = {
            "hub.mode": "subscribe",
            "hub.topic": wish["hub.topic"],
            "hub.challenge": "a challenge & more",
            "hub.lease_seconds": "864000",
        }
        return httpx.get(wish["hub.callback"], params=asked | {f"hub.{key}": value for key, value in changes.items()})

    def push(self, wish: dict[str, str], body: bytes, *, method: str = "sha256", **headers: str) -> httpx.Response:
        digest = hmac.new(wish["hub.secret"].encode(), body, method).hexdigest()
        signed = {"X-Hub-Signature": f"{method}={digest}", "Content-Type": "application/rss+xml", **headers}
        return httpx.post(wish["hub.callback"], content=body, headers=signed, timeout=PATIENCE)


@pytest.fixture
def hub(server: Server) -> Hub:
    return Hub(server)


def head(hub: Hub, topic: str) -> str:
    return f'<atom:link rel="self" href="{topic}"/><atom:link rel="hub" href="{hub.url}"/>'


def source_of(server: Server, hub: Hub) -> list[dict[str, Any]]:
    """One source that names the hub in its document."""
    topic = server.url("/feed")
    server.put("/feed", rss(item(1), head=head(hub, topic)))
    return [{"name": "paper", "url": topic, "category": "news"}]


def is_read(daemon: Running, number: int) -> bool:
    """Return True once so many pushes were read."""
    figures = (daemon.figure(f'aggregator_hub_pushes_total{{outcome="{name}"}}') for name in ("failed", "recorded"))
    return sum(figures) == number


def live(daemon: Running, hub: Hub) -> dict[str, str]:
    """The subscription, once it is asked for and verified."""
    wait(lambda: bool(hub.wishes()))
    wish = hub.wishes()[-1]
    assert hub.verify(wish).text == "a challenge & more"
    return wish


def is_published(daemon: Running, number: int) -> bool:
    return f"Story number {number}" in daemon.get("feeds/news.rss").text


def test_a_source_that_names_a_hub_is_subscribed_and_pushed(tmp_path: Path, server: Server, hub: Hub) -> None:
    configure(tmp_path, websub="always", sources=source_of(server, hub))
    with running(tmp_path) as daemon:
        wait(lambda: bool(hub.wishes()))
        (wish,) = hub.wishes()
        assert wish["hub.topic"] == server.url("/feed")
        assert wish["hub.callback"].startswith(f"{daemon.url}websub/")
        assert len(wish["hub.callback"].rpartition("/")[2]) >= 16
        assert 16 <= len(wish["hub.secret"]) < 200
        assert daemon.figure("aggregator_hub_subscriptions") == 0

        for wrong in ({"topic": "http://other.example/"}, {"mode": "unsubscribe"}, {"mode": "publish"}):
            assert hub.verify(wish, **wrong).status_code == 404
        assert httpx.get(wish["hub.callback"]).status_code == 404
        assert httpx.get(f"{daemon.url}websub/{'x' * 43}").status_code == 404
        answer = hub.verify(wish)
        assert (answer.status_code, answer.text) == (200, "a challenge & more")
        assert answer.headers["content-type"].startswith("text/plain")
        assert answer.headers["x-content-type-options"] == "nosniff"
        wait(lambda: daemon.figure("aggregator_hub_subscriptions") == 1)

        assert hub.push(wish, rss(item(1), item(2))).status_code == 202
        wait(partial(is_published, daemon, 2))
        for number, method in enumerate(("sha1", "sha384", "sha512"), start=3):
            assert hub.push(wish, rss(item(number)), method=method).status_code == 202
            wait(partial(is_published, daemon, number))  # the next one would take its place while it waits
        assert all(is_published(daemon, number) for number in (1, 2, 3, 4, 5))
        assert len(server.asked("/feed")) == 1
        assert daemon.said("pushed by its hub")


def test_what_is_pushed_wrongly_does_no_harm(tmp_path: Path, server: Server, hub: Hub) -> None:
    configure(tmp_path, websub="always", sources=source_of(server, hub))
    with running(tmp_path) as daemon:
        wish = live(daemon, hub)
        forged = hub.push(wish | {"hub.secret": "guessed"}, rss(item(7)))
        assert 200 <= forged.status_code < 300
        unsigned = httpx.post(wish["hub.callback"], content=rss(item(7)))
        assert 200 <= unsigned.status_code < 300
        assert daemon.figure('aggregator_hub_pushes_total{outcome="forged"}') == 2
        assert len(daemon.said("with an invalid signature")) == 1

        assert httpx.post(f"{daemon.url}websub/{'x' * 43}", content=b"x").status_code == 410
        refused = httpx.put(wish["hub.callback"], content=b"x")
        assert refused.status_code == 405
        assert refused.headers["allow"] == "GET, HEAD, POST"

        assert hub.push(wish, b"x" * 30_000_000).status_code == 413
        for number, broken in enumerate((b"", b"no feed", b"\x00\xff" * 1000, rss(item(8))[:-200], b"<rss", b"{"), 1):
            assert hub.push(wish, broken).status_code == 202
            wait(partial(is_read, daemon, number))  # the next one would take its place
        assert hub.push(wish, rss(item(2))).status_code == 202
        wait(lambda: "Story number 2" in daemon.get("feeds/news.rss").text)
        wait(lambda: daemon.figure('aggregator_hub_pushes_total{outcome="failed"}') >= 5)
        assert "Story number 7" not in daemon.get("feeds/news.rss").text
        assert daemon.get("healthz").status_code == 200
        (source,) = daemon.get("status.json").json()["sources"]
        assert (source["failures"], source["error"]) == (0, None)

        before = daemon.get("feeds/news.rss")
        recorded = daemon.figure('aggregator_hub_pushes_total{outcome="recorded"}')
        assert hub.push(wish, rss(item(2))).status_code == 202
        wait(lambda: daemon.figure('aggregator_hub_pushes_total{outcome="recorded"}') > recorded)
        after = daemon.get("feeds/news.rss")
        assert (after.content, after.headers["last-modified"]) == (before.content, before.headers["last-modified"])
        assert daemon.figure('aggregator_articles_total{decision="new"}') <= 3  # 1 and 2, and 8 as far as it came


def test_a_denial_is_acknowledged_and_polling_goes_on(tmp_path: Path, server: Server, hub: Hub) -> None:
    configure(tmp_path, websub="always", sources=source_of(server, hub))
    with running(tmp_path) as daemon:
        wish = live(daemon, hub)
        wait(lambda: daemon.figure("aggregator_hub_subscriptions") == 1)
        denied = httpx.get(
            wish["hub.callback"],
            params={"hub.mode": "denied", "hub.topic": wish["hub.topic"], "hub.reason": "too\nmany"},
        )
        assert 200 <= denied.status_code < 300
        wait(lambda: daemon.figure("aggregator_hub_subscriptions") == 0)
        assert daemon.said("denies the subscription (too many)")
        message = "its hub denies the subscription (too many); the source is polled as before"
        assert message.capitalize() in daemon.get("status").text  # a sentence there
    assert aggregator("sources", cwd=tmp_path).stdout.rstrip("\n").split("\t")[-2] == message


def test_links_of_the_http_header_go_before_those_of_the_document(tmp_path: Path, server: Server, hub: Hub) -> None:
    links = f'<{hub.url}>; rel="hub", </self>; rel=self'
    written = '<atom:link rel="self" href="http://127.0.0.1:9/s"/><atom:link rel="hub" href="http://127.0.0.1:9/h"/>'
    server.put("/feed", rss(item(1), head=written), headers={"Link": links})
    configure(tmp_path, websub="always", sources=[server.url("/feed")])
    with running(tmp_path):
        wait(lambda: bool(hub.wishes()))
        assert hub.wishes()[0]["hub.topic"] == server.url("/self")


def test_where_no_hub_can_reach_us_none_is_asked_unless_that_is_wanted(
    tmp_path: Path, server: Server, hub: Hub
) -> None:
    sources = source_of(server, hub)
    configure(tmp_path, sources=sources)
    with running(tmp_path) as daemon:
        wait(lambda: "Story number 1" in daemon.get("feeds/news.rss").text)
        answers = [httpx.request(method, f"{daemon.url}websub/{'x' * 43}") for method in ("GET", "POST")]
        assert [answer.status_code for answer in answers] == [410, 410]
        assert hub.forms == []
        configure(tmp_path, websub="always", sources=sources)
        wish = live(daemon, hub)
        configure(tmp_path, websub="never", sources=sources)
        wait(lambda: hub.push(wish, rss(item(2))).status_code == 410)
        wait(lambda: daemon.figure("aggregator_hub_subscriptions") == 0)


def test_hubs_hear_of_a_new_address_at_once(tmp_path: Path, server: Server, hub: Hub) -> None:
    sources = source_of(server, hub)
    configure(tmp_path, websub="always", sources=sources)
    with running(tmp_path) as daemon:
        first = live(daemon, hub)
        configure(tmp_path, websub="always", base_url="https://news.example/below", sources=sources)
        wait(lambda: len(hub.wishes()) == 2)
        second = hub.wishes()[1]
        token = first["hub.callback"].rpartition("/")[2]
        assert second["hub.callback"] == f"https://news.example/below/websub/{token}"
        assert second["hub.secret"] == first["hub.secret"]
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(PATIENCE) == 0


# ---------------------------------------------------------------------------------------------------- our own hub


def test_our_hub_is_told_of_what_is_new_once_it_is_served(tmp_path: Path, server: Server) -> None:
    notifications: list[tuple[str, str]] = []

    def hub(request: Request) -> Answer:
        (topic,) = parse_qs(request.body.decode())["hub.url"]
        notifications.append((topic, httpx.get(topic, timeout=PATIENCE).text))
        return Answer(status=204)

    server.put("/feed", rss(item(1)))
    url = server.put("/hub", hub)
    formats = ("rss", "atom", "json")
    fetch = {"allow_private": ["127.0.0.1/32"], "host_gap": "0s", "min_interval": "1s", "interval": "1s"}
    sources = [{"name": "paper", "url": server.url("/feed"), "category": "news"}]
    configure(tmp_path, feeds={"hub": url}, fetch=fetch, sources=sources)
    with running(tmp_path) as daemon:
        topics = {f"{daemon.url}feeds/{name}.{suffix}" for name in ("all", "news") for suffix in formats}

        def with_story(number: int) -> set[str]:
            return {topic for topic, text in notifications if f"Story number {number}" in text}

        wait(lambda: with_story(1) == topics)
        for topic in topics:
            for answer in _answers(topic):
                assert answer.headers["link"] == f'<{url}>; rel="hub", <{topic}>; rel="self"'
            assert url in httpx.get(topic).text
        assert "link" not in daemon.get("feeds/feeds.opml").headers

        count = len(notifications)
        polls = len(server.asked("/feed"))
        wait(lambda: len(server.asked("/feed")) >= polls + 3)  # nothing new
        assert len(notifications) == count
        server.put("/feed", rss(item(1), item(2)))
        wait(lambda: with_story(2) == topics)
        assert len(notifications) == count + len(topics)
        wait(lambda: daemon.figure('aggregator_hub_pings_total{outcome="accepted"}') == len(notifications))


def _answers(topic: str) -> list[httpx.Response]:
    complete = httpx.get(topic)
    unchanged = httpx.get(topic, headers={"If-None-Match": complete.headers["etag"]})
    packed = httpx.head(topic, headers={"Accept-Encoding": "gzip"})
    assert [answer.status_code for answer in (complete, unchanged, packed)] == [200, 304, 200]
    return [complete, unchanged, packed]


def test_a_hub_that_is_dead_is_no_illness_of_ours(tmp_path: Path, server: Server, hub: Hub) -> None:
    hub.status = 503
    server.put("/feed", rss(item(1)))
    configure(tmp_path, feeds={"hub": hub.url, "formats": ["rss"]}, sources=[server.url("/feed")])
    with running(tmp_path) as daemon:
        wait(lambda: bool(daemon.said("cannot notify")))
        wait(lambda: "Story number 1" in daemon.get("feeds/all.rss").text)
        assert daemon.get("healthz").status_code == 200
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(PATIENCE) == 0
        assert len(daemon.said("cannot notify")) == 1


def test_without_a_daemon_once_tells_the_hub_and_a_dead_one_is_a_warning(
    tmp_path: Path, server: Server, hub: Hub
) -> None:
    server.put("/feed", rss(item(1)))
    configure(tmp_path, feeds={"hub": hub.url, "formats": ["rss"]}, sources=[{"name": "a", "url": server.url("/feed")}])
    aggregator("once", cwd=tmp_path)
    assert sorted(url.rpartition("/")[2] for url in hub.told()) == ["a.rss", "all.rss"]
    assert aggregator("once", "--all", cwd=tmp_path).stderr == ""
    assert len(hub.told()) == 2
    hub.status = 500
    server.put("/feed", rss(item(1), item(2)))
    (line,) = aggregator("once", "--all", cwd=tmp_path).stderr.splitlines()
    assert "cannot notify the hub" in line
    assert "500" in line


def test_once_counts_on_no_hub_where_no_daemon_runs(tmp_path: Path, server: Server, hub: Hub) -> None:
    sources = [settings | {"interval": "30m"} for settings in source_of(server, hub)]
    configure(tmp_path, websub="always", sources=sources)
    with running(tmp_path) as daemon:
        live(daemon, hub)
        wait(lambda: daemon.figure("aggregator_hub_subscriptions") == 1)
        aggregator("once", "--all", cwd=tmp_path)  # beside the daemon
        (status,) = daemon.get("status.json").json()["sources"]
        assert _hours(status) >= 24
        assert "its hub, which pushes" in daemon.get("status").text
    aggregator("once", "--all", cwd=tmp_path)
    (status,) = json.loads(aggregator("sources", "--json", cwd=tmp_path).stdout)
    assert _hours(status) < 1


def _hours(source: dict[str, Any]) -> float:
    """Between the last fetch of a source and its next."""
    span = datetime.fromisoformat(source["next_fetch"]) - datetime.fromisoformat(source["last_fetch"])
    return span.total_seconds() / 3600


def test_a_long_article_of_a_push_is_kept_whole(tmp_path: Path, server: Server, hub: Hub) -> None:
    configure(tmp_path, websub="always", sources=source_of(server, hub))
    with running(tmp_path) as daemon:
        wish = live(daemon, hub)
        long = item(2, description=f"&lt;p&gt;{prose(3, 20_000)}&lt;/p&gt;")
        assert hub.push(wish, rss(long)).status_code == 202
        articles = tmp_path / "storage" / "articles"
        wait(lambda: any("Story number 2" in path.read_text() for path in articles.rglob("*.md")))


def test_a_stop_during_pushes_leaves_no_traceback(tmp_path: Path, server: Server, hub: Hub) -> None:
    configure(tmp_path, websub="always", sources=source_of(server, hub))
    with running(tmp_path) as daemon:
        wish = live(daemon, hub)
        callback = urlsplit(wish["hub.callback"])
        with socket.create_connection((callback.hostname, callback.port), timeout=PATIENCE) as slow:
            slow.sendall(f"POST {callback.path} HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n\r\n<rss".encode())
            for number in range(3, 9):
                hub.push(wish, rss(*map(item, range(2, 200)), item(number)))
            daemon.process.send_signal(signal.SIGTERM)
            assert daemon.process.wait(PATIENCE) == 0
    assert [line for line in daemon.said() if "Traceback" in line or '"error"' in line or " error " in line] == []


def test_a_push_without_room_has_its_source_fetched(tmp_path: Path, server: Server, hub: Hub) -> None:
    configure(
        tmp_path,
        websub="always",
        fetch={"allow_private": ["127.0.0.1/32"], "host_gap": "0s", "max_bytes": "20KB"},
        sources=source_of(server, hub),
    )
    with running(tmp_path) as daemon:
        wish = live(daemon, hub)
        asked = len(server.asked("/feed"))
        server.put("/feed", rss(item(1), item(2), head=head(hub, server.url("/feed"))))
        assert hub.push(wish, b"x" * 30_000).status_code == 413
        wait(lambda: len(server.asked("/feed")) > asked)
        wait(lambda: "Story number 2" in daemon.get("feeds/news.rss").text)
