"""Pictures of articles from a real server, through the whole of it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.app import App
from aggregator.maintain.prune import prune_all
from aggregator.model import HostState, PictureSize
from aggregator.pictures.pictures import Pictures
from aggregator.pictures.source import PictureHeldError, PictureSource
from aggregator.pipeline import run_cycle
from tests.newsroom import START, Newsroom, item, newsroom, rss
from tests.pictures.drawings import drawing, opened
from tests.pipeline.test_withdraw import atom, entry, poll, tombstone
from tests.servers import Answer, Request, Server

SECRETS = {"headers": {"Authorization": "Bearer secret", "Cookie": "a=secret"}}


def with_images(number: int, *urls: str) -> str:
    images = "".join(f'<p><img src="{url}" alt="x"></p>' for url in urls)
    return item(number, description=f"<![CDATA[<p>Words</p>{images}]]>")


def newsroom_with(root: Path, server: Server, *items: str, **settings: Any) -> Newsroom:
    """A newsroom whose only source has these items, and headers of its own for this very host."""
    server.put("/feed", rss(*items))
    room = newsroom(root, [{"name": "paper", "url": server.url("/feed"), **SECRETS}], **settings)
    assert room.once().new == len(items)
    return room


@asynccontextmanager
async def shown(room: Newsroom) -> AsyncIterator[tuple[Pictures, App]]:
    with room.opened() as app:
        pictures = Pictures(app)
        try:
            yield pictures, app
        finally:
            await pictures.close()


def article_id(app: App, number: int = 1) -> str:
    return next(each.id for each in app.store.articles.page(None, 99) if each.title == f"Story number {number}")


def name(pictures: Pictures, app: App, url: str, size: PictureSize = "page", number: int = 1) -> str:
    return pictures.name(article_id(app, number), url, size)


def kept_files(room: Newsroom) -> list[Path]:
    return [path for path in (room.storage / "pictures").rglob("*") if path.is_file()]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.01)


def test_a_picture_is_fetched_once_for_all_and_tells_its_host_nothing(tmp_path: Path, server: Server) -> None:
    url = server.url("/1.png?a=1&b=2")
    server.put("/1.png", drawing("PNG"), headers={"Content-Type": "text/html", "Set-Cookie": "b=1"})
    room = newsroom_with(tmp_path, server, with_images(1, url.replace("&", "&amp;")), fetch={"host_gap": "1h"})

    async def readers() -> None:
        async with shown(room) as (pictures, app):
            named = name(pictures, app, url)
            first, second = await asyncio.gather(pictures.get(named), pictures.get(named))
            assert first == second == await pictures.get(named)
            assert first
            assert first.media_type == "image/webp"  # its bytes are a picture, whatever their server calls them
            assert opened(first.data).size == (600, 400)
            assert await pictures.get(name(pictures, app, url, "thumbnail"))
            assert len(pictures.sizes(article_id(app))) == 2

    asyncio.run(readers())
    asyncio.run(readers())  # another process: the key and the files are there
    asked = server.asked("/1.png")
    assert len(asked) == 2  # one in each size
    assert server.asked("/feed")[0].header("Authorization") == "Bearer secret"
    for request in asked:
        names = {header.lower() for header, _ in request.headers}
        assert names == {"host", "user-agent", "accept", "accept-encoding"}
        assert (request.header("Accept") or "").startswith("image/")


async def test_nothing_but_the_images_of_the_article_can_be_asked_for(tmp_path: Path, server: Server) -> None:
    own, foreign = (server.put(f"/{number}.png", drawing("PNG")) for number in (1, 2))
    room = await asyncio.to_thread(newsroom_with, tmp_path, server, with_images(1, own), with_images(2, foreign))
    async with shown(room) as (pictures, app):
        for wrong in (
            name(pictures, app, foreign),
            name(pictures, app, server.url("/feed")),
            name(pictures, app, own).replace(article_id(app), article_id(app, 2)),
            name(pictures, app, own)[:-1] + "x",
            f"{article_id(app)}-{own}",
            pictures.name("0" * 32, own, "page"),
        ):
            assert await pictures.get(wrong) is None
        assert await pictures.get(name(pictures, app, own))
    assert not server.asked("/2.png")
    assert len(server.asked("/feed")) == 1


MISSES: tuple[dict[str, Any], ...] = (
    {"status": 404},
    {"status": 500},
    {"body": b"<svg xmlns='http://www.w3.org/2000/svg'/>", "headers": {"Content-Type": "image/svg+xml"}},
    {"body": b"<script>", "headers": {"Content-Type": "image/png"}},
    {"body": b""},
    {"body": drawing("PNG") + bytes(5_000_001)},
    {"reset": True},
    {"status": 302, "headers": {"Location": "http://127.0.0.2:1/1.png"}},  # a network that is not allowed
    {"status": 302, "headers": {"Location": "file:///etc/passwd"}},
)


async def test_a_miss_is_remembered_for_an_hour(tmp_path: Path, server: Server) -> None:
    urls = [server.put(f"/{number}.png", **answer) for number, answer in enumerate(MISSES)]
    room = await asyncio.to_thread(newsroom_with, tmp_path, server, with_images(1, *urls))
    async with shown(room) as (pictures, app):
        pages = [name(pictures, app, url) for url in urls]
        thumbnails = [name(pictures, app, url, "thumbnail") for url in urls]
        assert [await pictures.get(page) for page in pages] == [None] * len(MISSES)
        asked = len(server.requests)
        room.later(minutes=59)
        assert all(map(pictures.is_missing, urls))
        assert [await pictures.get(each) for each in (*pages, *thumbnails)] == [None] * 2 * len(MISSES)
        assert len(server.requests) == asked
        assert not kept_files(room)
        for number in range(len(MISSES)):
            server.put(f"/{number}.png", drawing("PNG"))
        room.later(minutes=2)
        assert not any(map(pictures.is_missing, urls))
        assert all([await pictures.get(page) for page in pages])


async def test_a_redirect_into_a_private_network_is_not_followed(tmp_path: Path, server: Server) -> None:
    with Server("127.0.0.2") as private:
        inner = private.put("/1.png", drawing("PNG"))
        url = server.put("/1.png", status=302, headers={"Location": inner})
        room = await asyncio.to_thread(newsroom_with, tmp_path, server, with_images(1, url, inner))
        async with shown(room) as (pictures, app):
            assert await pictures.get(name(pictures, app, url)) is None
            assert await pictures.get(name(pictures, app, inner)) is None
        assert server.asked("/1.png")
        assert private.connections == 0


async def test_a_host_that_asks_for_rest_has_it_from_pictures(tmp_path: Path, server: Server) -> None:
    busy, another = server.put("/1.png", status=503, headers={"Retry-After": "120"}), server.put("/2.png", drawing())
    room = await asyncio.to_thread(newsroom_with, tmp_path, server, with_images(1, busy, another))
    async with shown(room) as (pictures, app):
        with pytest.raises(PictureHeldError) as held:
            await pictures.get(name(pictures, app, busy))
        assert held.value.wait == timedelta(seconds=120)
        room.later(seconds=100)
        with pytest.raises(PictureHeldError) as held:
            await pictures.get(name(pictures, app, another))
        assert held.value.wait == timedelta(seconds=20)
        assert not server.asked("/2.png")
        await run_cycle(app, lambda outcome: None, everything=True)  # feeds go on
        assert len(server.asked("/feed")) == 2
        room.later(seconds=21)
        assert await pictures.get(name(pictures, app, another))


async def test_a_host_that_wants_rest_from_feeds_has_it_from_pictures_too(tmp_path: Path, server: Server) -> None:
    url = server.put("/1.png", drawing())
    room = await asyncio.to_thread(newsroom_with, tmp_path, server, with_images(1, url))
    async with shown(room) as (pictures, app):
        host = f"127.0.0.1:{server.port}"
        app.store.sources.record_states((), {host: HostState(not_before=room.now + timedelta(minutes=5))})
        with pytest.raises(PictureHeldError):
            await pictures.get(name(pictures, app, url))
        assert not server.asked("/1.png")


@contextmanager
def servers(count: int) -> Iterator[list[Server]]:
    with ExitStack() as stack:
        yield [stack.enter_context(Server(f"127.0.0.{number + 1}")) for number in range(count)]


async def test_hosts_whose_time_of_rest_is_over_are_forgotten(tmp_path: Path, server: Server) -> None:
    loopback = {"allow_private": ["127.0.0.0/8"]}
    room = await asyncio.to_thread(newsroom_with, tmp_path, server, item(1), fetch=loopback)
    with servers(3) as hosts, room.opened() as app:
        source = PictureSource(app)
        for host, seconds in zip(hosts, ("60", "600", "60"), strict=True):
            with pytest.raises(PictureHeldError):
                await source.fetch(host.put("/1.png", status=429, headers={"Retry-After": seconds}))
            room.later(seconds=61)
        assert len(source._hosts) == 2
        with pytest.raises(PictureHeldError):
            await source.fetch(hosts[1].url("/1.png"))
        assert len(hosts[1].requests) == 1
        await source.close()


async def test_many_pictures_that_hang_delay_neither_feeds_nor_pages(tmp_path: Path, server: Server) -> None:
    def hang(_: Request) -> Answer:
        return Answer(hang=True)

    with servers(5) as hosts:
        urls = [host.put(f"/{number}.png", hang) for host in hosts for number in range(6)]
        ready = server.put("/ready.png", drawing())
        room = await asyncio.to_thread(
            newsroom_with,
            tmp_path,
            server,
            with_images(1, *urls, ready),
            fetch={"allow_private": ["127.0.0.0/8"], "concurrency": 2, "per_host": 1},
        )
        async with shown(room) as (pictures, app):
            assert await pictures.get(name(pictures, app, ready))
            waiting = [asyncio.create_task(pictures.get(name(pictures, app, url))) for url in urls]
            await until(lambda: sum(len(host.requests) for host in hosts) == 16)
            assert await pictures.get(name(pictures, app, ready))
            await run_cycle(app, lambda outcome: None, everything=True)
            assert len(server.asked("/feed")) == 2
            assert sum(len(host.requests) for host in hosts) == 16
            assert max(len(host.requests) for host in hosts) == 4
            await pictures.close()
            ended = await asyncio.gather(*waiting, return_exceptions=True)
            assert all(isinstance(each, PictureHeldError) for each in ended)


async def test_pruned_and_dropped_articles_take_their_pictures_with_them(tmp_path: Path, server: Server) -> None:
    old, dropped = (server.put(f"/{number}.png", drawing()) for number in (1, 2))
    early = with_images(1, old).replace("Tue, 24 Nov 2026", "Mon, 23 Nov 2026")
    room = await asyncio.to_thread(newsroom_with, tmp_path, server, early, with_images(2, dropped), retention="30d")
    room.configuration["rules"] = [{"if": {"title": "number 2"}, "drop": True}]
    async with shown(room) as (pictures, app):
        names = [name(pictures, app, old), name(pictures, app, dropped, number=2)]
        assert all([await pictures.get(each) for each in names])
        assert len(kept_files(room)) == 2
        room.now = START + timedelta(days=29, hours=12)
        assert prune_all(app) == 1
        assert not kept_files(room)
        assert [await pictures.get(each) for each in names] == [None, None]
    assert len(server.requests) == 3


async def test_an_article_that_its_source_deletes_takes_its_pictures_with_it(tmp_path: Path, server: Server) -> None:
    url = server.put("/1.png", drawing())
    own = entry(1, text=f"&lt;p&gt;Words&lt;/p&gt;&lt;img src='{url}'&gt;").replace(
        "<content>", '<content type="html">'
    )
    server.put("/feed", atom(own))
    room = newsroom(tmp_path, [{"name": "paper", "url": server.url("/feed")}])
    await asyncio.to_thread(room.once)
    async with shown(room) as (pictures, app):
        named = name(pictures, app, url)
        assert await pictures.get(named)
        assert kept_files(room)
        await asyncio.to_thread(poll, room, server, tombstone(1))
        assert not kept_files(room)
        assert await pictures.get(named) is None
