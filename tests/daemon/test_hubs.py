"""The daemon's part for hubs, over a real store, fetcher and hub, with a clock that is turned."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from aggregator import hub_subscriptions
from aggregator.app import App
from aggregator.daemon.hubs import Hubs, subscribes
from aggregator.daemon.push_buffer import MAX_BYTES, MAX_PUSHES, PushBuffer
from aggregator.fetch import Fetcher
from aggregator.model import Push
from aggregator.publish import publish_changed
from aggregator.serve import Health, Metrics, Work
from tests.newsroom import Newsroom, item, newsroom, rss
from tests.servers import Answer, Request, Server

PATIENCE = 60.0


class Desk:
    """What the daemon gives `Hubs` to work with."""

    def __init__(self, app: App, fetcher: Fetcher) -> None:
        self.app, self.fetcher = app, fetcher
        self.health, self.metrics = Health(app.clock), Metrics()
        self.hubs = Hubs(lambda: self.app, lambda: self.fetcher, self._watched, self._publish, self.metrics)

    async def _publish(self) -> None:
        await self.app.in_writer(publish_changed, self.app)

    @contextmanager
    def _watched(self, work: Work) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.health.failed(work, str(error))
            raise
        else:
            self.health.done(work)

    async def until(self, true: Callable[[], bool]) -> None:
        """Tick until something is true."""
        async with asyncio.timeout(PATIENCE):
            while not true():
                await self.hubs.tick()
                await asyncio.sleep(0.01)

    def waits(self) -> bool:
        """Whether no feed is due now."""
        return not self.app.store.hubs.due_topics(self.app.clock(), 9)

    def figure(self, line: str) -> float:
        now = self.app.clock()
        text = self.metrics.exposition(self.app.store.sources.summary(now), (), healthy=True, now=now).decode()
        (value,) = (sample.rpartition(" ")[2] for sample in text.splitlines() if sample.startswith(line))
        return float(value)


@asynccontextmanager
async def desk(room: Newsroom) -> AsyncIterator[Desk]:
    with room.opened() as app:
        async with Fetcher(app.settings.fetch, app.clock) as fetcher:
            made = Desk(app, fetcher)
            await made.hubs.start()
            try:
                yield made
            finally:
                await made.hubs.finish()


class Hub:
    """The hub of the newsroom and of its source."""

    def __init__(self, server: Server) -> None:
        self.status, self.headers = 202, dict[str, str]()
        self.forms: list[dict[str, str]] = []
        self.url = server.put("/hub", self._answer)

    def _answer(self, request: Request) -> Answer:
        self.forms.append(dict(parse_qsl(request.body.decode())))
        return Answer(status=self.status, headers=self.headers)

    def told(self) -> list[str]:
        return [form["hub.url"] for form in self.forms if form["hub.mode"] == "publish"]

    def wishes(self) -> list[dict[str, str]]:
        return [form for form in self.forms if form["hub.mode"] == "subscribe"]


@pytest.fixture
def hub(server: Server) -> Hub:
    return Hub(server)


@pytest.fixture
def room(tmp_path: Path, server: Server, hub: Hub) -> Newsroom:
    """A newsroom whose one source names a hub, and that has the same hub itself; polled and published once."""
    topic = server.url("/feed")
    links = f'<atom:link rel="self" href="{topic}"/><atom:link rel="hub" href="{hub.url}"/>'
    server.put("/feed", rss(item(1), head=links))
    feeds = {"hub": hub.url, "formats": ["rss"]}
    made = newsroom(tmp_path, [{"name": "a", "url": topic}], feeds=feeds, websub="always")
    made.once()
    return made


async def test_a_dead_hub_is_told_once_it_is_back_and_the_log_hears_twice(
    room: Newsroom, hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    hub.status = 503
    async with desk(room) as made:

        def heard_more(count: int) -> bool:
            return len(hub.told()) > count and made.waits()

        await made.until(lambda: bool(hub.told()))
        await made.until(lambda: "cannot notify" in caplog.text)
        for seconds in (30, 60, 120):
            count = len(hub.told())
            room.later(seconds=seconds - 1)
            for _ in range(3):
                await made.hubs.tick()
                await asyncio.sleep(0.01)
            assert len(hub.told()) == count  # one ping shows that it is dead, and all wait
            room.later(seconds=1)
            await made.until(partial(heard_more, count))
        hub.status = 202
        room.later(hours=1)
        await made.until(lambda: made.figure('aggregator_hub_pings_total{outcome="accepted"}') == 2)
        assert {url.rpartition("/")[2] for url in hub.told()} == {"a.rss", "all.rss"}
        assert made.health.problems() == ()
    assert caplog.text.count("cannot notify") == 1
    assert caplog.text.count("notified of changed feeds again") == 1


async def test_a_hub_that_refuses_one_feed_hears_of_the_others(room: Newsroom, hub: Hub, server: Server) -> None:
    def picky(request: Request) -> Answer:
        hub._answer(request)
        return Answer(status=400 if b"all.rss" in request.body else 202)

    server.put("/hub", picky)
    async with desk(room) as made:
        await made.until(lambda: len(set(hub.told())) == 2)
        await made.until(lambda: made.figure('aggregator_hub_pings_total{outcome="accepted"}') == 1)


async def test_a_hub_is_left_alone_as_long_as_it_asks(room: Newsroom, hub: Hub) -> None:
    hub.status, hub.headers = 429, {"Retry-After": "7200"}
    async with desk(room) as made:
        await made.until(lambda: made.figure('aggregator_hub_pings_total{outcome="failed"}') == 1 and made.waits())
        (first, second) = made.app.store.hubs.due_topics(room.now + timedelta(days=1), 9)
        assert made.app.store.hubs.due_topics(room.now + timedelta(seconds=7199), 9) == ()
        assert (first.failures, second.failures) == (1, 1)


async def test_a_subscription_is_renewed_in_time_and_polling_is_daily_meanwhile(room: Newsroom, hub: Hub) -> None:
    async with desk(room) as made:
        await made.until(lambda: bool(hub.wishes()))
        (wish,) = hub.wishes()
        token = wish["hub.callback"].rpartition("/")[2]
        hub_subscriptions.grant(made.app.store, token, timedelta(days=10), room.now)
    room.later(hours=1)
    await asyncio.to_thread(room.once)
    polled = room.state("a").state
    assert polled.due_reason == "push"
    assert polled.next_fetch
    assert polled.next_fetch >= room.now + timedelta(days=1)
    async with desk(room) as made:
        room.later(days=7)
        await made.hubs.tick()
        assert len(hub.wishes()) == 1
        room.later(hours=12)
        await made.until(lambda: len(hub.wishes()) == 2)
        assert hub.wishes()[1] == wish


async def test_a_hub_that_does_not_answer_is_a_line_and_no_trouble(
    room: Newsroom, hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    hub.status = 404
    async with desk(room) as made:
        await made.until(lambda: "takes no subscription" in caplog.text)
        room.later(hours=1)
        await made.until(lambda: len(hub.wishes()) == 2)
        assert made.health.problems() == ()
    assert caplog.text.count("takes no subscription") == 1


async def test_pushes_that_are_not_recorded_in_time_are_a_warning(
    room: Newsroom, hub: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with desk(room) as made:
        await made.until(lambda: bool(hub.wishes()))
        await made.hubs.finish()
        assert "not all pushes were recorded" not in caplog.text
    monkeypatch.setattr("aggregator.daemon.hubs.FINISH_SECONDS", 0)
    async with desk(room) as made:
        pushes = made.hubs.pushes()
        assert pushes
        assert pushes.offer(Push(token=hub.wishes()[0]["hub.callback"].rpartition("/")[2], body=rss())) == "accepted"
    assert "not all pushes were recorded before the end" in caplog.text


async def test_the_newest_push_of_a_source_is_recorded_even_at_the_end(room: Newsroom, hub: Hub) -> None:
    async with desk(room) as made:
        await made.until(lambda: bool(hub.wishes()))
        token = hub.wishes()[0]["hub.callback"].rpartition("/")[2]
        pushes = made.hubs.pushes()
        assert pushes
        assert pushes.offer(Push(token="unknown", body=rss(item(9)))) == "accepted"
        assert pushes.offer(Push(token=token, body=rss(item(2)))) == "accepted"
        for number in range(3, 12):
            assert pushes.offer(Push(token=token, body=rss(item(number)))) == "replaced"
        await made.hubs.finish()
        assert pushes.offer(Push(token=token, body=rss(item(12)))) == "refused"
    publish(room)  # as the daemon does last of all
    assert room.titles() == ["Story number 1", "Story number 11"]


def publish(room: Newsroom) -> None:
    with room.opened() as app:
        publish_changed(app)


async def test_an_error_of_ours_is_logged_and_stops_nothing(
    room: Newsroom, hub: Hub, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(room) as made:
        await made.until(lambda: bool(hub.wishes()))
        token = hub.wishes()[0]["hub.callback"].rpartition("/")[2]
        pushes = made.hubs.pushes()
        assert pushes
        pushed_source = made.app.store.sources.pushed

        def broken(wanted: str) -> Any:
            monkeypatch.setattr(made.app.store.sources, "pushed", pushed_source)
            raise RuntimeError("a bug")

        monkeypatch.setattr(made.app.store.sources, "pushed", broken)
        assert pushes.offer(Push(token=token, body=rss(item(2)))) == "accepted"
        await made.until(lambda: pushes.empty())
        assert pushes.offer(Push(token=token, body=rss(item(3)))) == "accepted"
        await made.until(lambda: made.figure('aggregator_hub_pushes_total{outcome="recorded"}') == 1)
    (record,) = (entry for entry in caplog.records if "internal error (RuntimeError)" in entry.getMessage())
    assert record.exc_info is None  # what a user sees is a sentence, no traceback


async def test_a_pause_starts_no_request_and_loses_no_news(room: Newsroom, hub: Hub, server: Server) -> None:
    server.put("/hub", hang=True)
    async with desk(room) as made:
        await made.until(lambda: bool(server.asked("/hub")))
        await made.hubs.pause()
        asked = len(server.asked("/hub"))
        room.later(hours=2)
        for _ in range(3):
            await made.hubs.tick()
            await asyncio.sleep(0.01)
        assert len(server.asked("/hub")) == asked
        server.put("/hub", hub._answer)
        made.hubs.resume()
        await made.until(lambda: len(set(hub.told())) == 2)
        await made.until(lambda: bool(hub.wishes()))


async def test_a_job_during_a_pause_leaves_the_closed_fetcher_alone(
    room: Newsroom, hub: Hub, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    async with desk(room) as running:
        await running.until(running.waits)
        hub.forms.clear()
        server.put("/feed", rss(item(2)))
        await running.hubs.pause()
        await running.fetcher.__aexit__(None, None, None)
        await asyncio.to_thread(room.once)
        await running.hubs.work_off()
        assert (hub.forms, caplog.text) == ([], "")
        async with Fetcher(running.app.settings.fetch, running.app.clock) as running.fetcher:
            running.hubs.resume()
            await running.hubs.work_off()
            assert hub.told()
            await running.hubs.pause()


async def test_the_buffer_of_pushes_has_bounds() -> None:
    pushes = PushBuffer()
    assert all(pushes.offer(Push(token=str(number), body=b"")) == "accepted" for number in range(MAX_PUSHES))
    assert pushes.offer(Push(token="t", body=b"")) == "refused"
    assert pushes.offer(Push(token="1", body=b"")) == "replaced"
    large = PushBuffer()
    first = Push(token="t", body=bytes(MAX_BYTES + 1))  # one is always taken
    assert large.offer(first) == "accepted"
    assert large.offer(Push(token="u", body=b"x")) == "refused"
    assert await large.get() is first
    assert large.offer(Push(token="t", body=b"x")) == "refused"  # it is being recorded still
    large.done(first)
    assert large.offer(Push(token="t", body=b"x")) == "accepted"


async def test_one_push_of_a_subscription_waits_and_it_is_the_newest() -> None:
    pushes = PushBuffer()
    running, second, elsewhere, third = (Push(token=token, body=b"body") for token in "aaba")
    pushes.offer(running)
    assert await pushes.get() is running
    assert [pushes.offer(push) for push in (second, elsewhere, third)] == ["accepted", "accepted", "replaced"]
    assert [await pushes.get(), await pushes.get()] == [third, elsewhere]
    for push in (running, third, elsewhere):
        pushes.done(push)
    async with asyncio.timeout(60):
        await pushes.join()


@pytest.mark.parametrize(
    ("websub", "base_url", "expected"),
    [
        ("auto", "https://news.example.org/", True),
        ("auto", "http://127.0.0.1:8080/", False),
        ("auto", None, False),
        ("always", None, True),
        ("never", "https://news.example.org/", False),
    ],
)
def test_who_subscribes(tmp_path: Path, websub: str, base_url: str | None, expected: bool) -> None:
    room = newsroom(tmp_path, ["http://127.0.0.1:9/a"], websub=websub, base_url=base_url)
    with room.opened() as app:
        assert subscribes(app.settings) is expected
