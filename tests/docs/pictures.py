"""`make pictures`: the screenshots of the documentation, of invented stories that are served from loopback."""

import asyncio
import base64
import socket
import tempfile
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import yaml
from PIL import Image, ImageDraw, ImageOps

from tests.commands import begun, configure, until
from tests.docs.markdown import DOCS
from tests.newsroom import rss
from tests.servers import Server
from tests.whole.browser import Tab, chromium, tab

STORIES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "stories.yaml").read_text(encoding="utf-8"))
COUNT = sum(len(source["stories"]) for source in STORIES)
WIDTH, HEIGHT = 1180, 760
SUBSCRIBE = "document.querySelector('aside section').getBoundingClientRect().toJSON()"
LOADED = """Promise.all([...document.images].map(image => {
  image.loading = "eager";
  return image.complete || new Promise(done => { image.onload = image.onerror = done; });
}))"""
SECONDS = 120  # the machine may be busy
MARGIN = 24
COLOURS = 255
SIZE = (960, 600)  # of a photo
SKIES = ("#7aa7d6", "#d9a679", "#8fb8ad", "#b79ac8", "#d68f8f")


def landscape(seed: int) -> bytes:
    """Return a photo of a kind: a sky and two hills, in JPEG."""
    picture = Image.linear_gradient("L").resize(SIZE).convert("L")
    photo = ImageOps.colorize(picture, SKIES[seed % len(SKIES)], "white")
    draw = ImageDraw.Draw(photo)
    width, height = SIZE
    for place, shade in ((seed * 97 % width, 90), (seed * 251 % width, 60)):
        box = (place - width, height * (150 - shade) // 150, place + width // 2, height * 3)
        draw.ellipse(box, fill=(shade // 2, shade, shade * 2 // 3))
    file = BytesIO()
    photo.save(file, "JPEG")
    return file.getvalue()


def document(source: dict[str, Any], server: Server) -> bytes:
    """Return the feed of a source; the server gets its pictures."""
    items = []
    for story in source["stories"]:
        slug = "-".join(story["title"].lower().split())
        link = f"http://{source['host']}/{slug}"
        published = datetime.now(UTC) - timedelta(hours=story["hours"], minutes=len(story["title"]))
        server.put(f"{link}.jpg", landscape(len(story["title"])), headers={"Content-Type": "image/jpeg"})
        items.append(
            f"<title>{escape(story['title'])}</title><link>{link}</link><guid>{link}</guid>"
            f"<pubDate>{format_datetime(published)}</pubDate>"
            f"<description>{escape('<p>' + story['text'] + '</p>')}</description>"
            f'<media:content url="{link}.jpg" medium="image"/>'
        )
    return rss(*items).replace(b"A source", escape(source["title"]).encode(), 1)


def configuration(folder: Path, server: Server) -> None:
    """Write `feeds.yaml`; the server is the proxy to the hosts of the sources, one of which has no feed."""
    urls = {f"http://{source['host']}/feed.xml": source["category"] for source in STORIES}
    sources = [{"url": url, "category": category, "language": "en"} for url, category in urls.items()]
    sources.append({"url": "http://moved-away.example/feed.xml", "category": "News"})
    file = configure(
        folder, title="The daily reader", base_url="https://news.example.org/", websub="never", sources=sources
    )
    file.write_text(file.read_text().replace("fetch:\n", f"fetch:\n  proxy: {server.url()}\n"))


async def take(folder: Path) -> None:
    """Write the pictures into `folder`."""
    with Server() as server, tempfile.TemporaryDirectory() as room:
        for source in STORIES:
            server.put(f"http://{source['host']}/feed.xml", document(source, server))
        configuration(Path(room), server)
        port = free_port()
        with chromium(Path(room) / "profile") as debugger, begun("run", "--port", str(port), cwd=Path(room)):
            async with tab(debugger) as browser:
                await take_each(browser, f"http://127.0.0.1:{port}/", folder)


async def take_each(browser: Tab, url: str, folder: Path) -> None:
    """Write the pictures of the pages at `url`."""
    until(lambda: is_ready(url), seconds=SECONDS)
    top: dict[str, float] = {"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT}
    await browser.show(url, width=WIDTH, scheme="light")
    await browser.value(LOADED)
    await shoot(browser, folder / "front-page.png", top)
    box = await browser.value(SUBSCRIBE)
    corner = {"x": box["x"] - MARGIN, "y": box["y"] - MARGIN}
    size = {"width": box["width"] + 2 * MARGIN, "height": box["height"] + MARGIN}
    await shoot(browser, folder / "subscribe.png", corner | size)
    await browser.show(f"{url}status", width=WIDTH, scheme="light")
    await shoot(browser, folder / "status.png", top)


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def is_ready(url: str) -> bool:
    """Return True once the daemon has asked every source and published every story."""
    try:
        items = httpx.get(f"{url}feeds/all.json").json()["items"]
        sources = httpx.get(f"{url}status.json").json()["sources"]
    except (httpx.HTTPError, ValueError):
        return False
    return len(items) == COUNT and all(source["last_fetch"] for source in sources)


async def shoot(browser: Tab, file: Path, clip: dict[str, float]) -> None:
    """Write a part of the page as a PNG of few colours, which is small."""
    result = await browser.call("Page.captureScreenshot", format="png", clip={**clip, "scale": 1})
    with Image.open(BytesIO(base64.b64decode(result["data"]))) as picture:
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)


if __name__ == "__main__":
    asyncio.run(take(DOCS / "images"))
