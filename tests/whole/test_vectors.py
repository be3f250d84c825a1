"""Attacks of `tests/vectors` through the whole program: files, feeds and pages, Hugo and a browser.

Here it is every tenth of them, in `make hostile` all.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import feedparser
import pytest
from lxml import etree
from selectolax.lexbor import LexborHTMLParser
from starlette.testclient import TestClient

from tests.newsroom import Newsroom, front_matter, item, newsroom, prose, rss
from tests.normalise.harmless import BODIES
from tests.normalise.rendering import BY_HUGO, DISGUISED, Page, active, rendered
from tests.serve.test_pages import client_of, links
from tests.servers import Server
from tests.thorough import some
from tests.vectors import VECTORS, Vector
from tests.whole import hugo
from tests.whole.browser import Tab, chromium, tab

A_FEED = 60  # vectors
CHOSEN = some(VECTORS, 20)  # of each class; all of them go through the cleaner in tests/normalise/test_vectors.py
WEB = re.compile(r"https?://[A-Za-z0-9\[][^\s\"<>\\`]*")
NAMES = re.compile(rf"{WEB.pattern}|(?:tag|urn):[!-~]+")
OF_THE_SITE = re.compile(r"(?:\.{1,2}/|#)[\w%./?#-]*|\?(?:before=[0-9a-f]{32})?")
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


# ------------------------------------------------------------------------------------------------------ what is read


def as_json(vectors: list[Vector], number: int) -> bytes:
    """A JSON Feed with each vector in every field of an item; it can hold any character."""
    worst = vectors[number % len(vectors)].value
    items = [
        {
            "id": vector.place,
            "url": vector.value if vector.kind == "address" else f"https://json.example/{vector.place}",
            "external_url": vector.value,
            "title": vector.value,
            "content_html": f"{vector.as_html}<p>{prose(number * A_FEED + place)}</p>{escape(vector.value)}",
            "summary": vector.value,
            "image": vector.value,
            "banner_image": vector.value,
            "authors": [{"name": vector.value, "url": vector.value, "avatar": vector.value}],
            "tags": [vector.value, "x"],
            "language": vector.value,
            "attachments": [
                {"url": vector.value, "mime_type": vector.value, "title": vector.value},
                {"url": "https://a.example/1.mp3", "mime_type": vector.value, "title": vector.value},
            ],
        }
        for place, vector in enumerate(vectors)
    ]
    head = {"version": "https://jsonfeed.org/version/1.1", "title": worst, "home_page_url": worst, "icon": worst}
    return json.dumps({**head, "authors": [{"name": worst, "url": worst}], "items": items}).encode()


def as_rss(vectors: list[Vector], number: int) -> bytes:
    """The same as RSS, where titles may be HTML; what XML cannot hold is left out."""

    def entry(place: int, vector: Vector) -> str:
        value, html = (escape(NOT_XML.sub("", text)) for text in (vector.value, vector.as_html))
        return (
            f"<title>{value}</title><guid>{value}</guid><author>{value}</author><category domain='{value}'>{value}"
            f"</category><description>{html}&lt;p>{prose(9999 + number * A_FEED + place)}</description>"
            f"<comments>{value}</comments><enclosure url='{value}' type='{value}' length='{value}'/>"
            f"<pubDate>{value}</pubDate><link>https://rss.example/{vector.place}</link><media:thumbnail url='{value}'/>"
            f"<source url='{value}'>{value}</source><media:content url='{value}' type='{value}'>"
            f"<media:title>{value}</media:title></media:content>"
            f"<atom:link rel='enclosure' href='{value}' title='{value}' type='{value}'/>"
        )

    worst = escape(NOT_XML.sub("", vectors[number % len(vectors)].value))
    head = f"<title>{worst}</title><link>{worst}</link><image><url>{worst}</url></image><language>{worst}</language>"
    return rss(*(entry(place, vector) for place, vector in enumerate(vectors)), head=head)


@dataclass(frozen=True, slots=True)
class Hostile:
    """What came of all vectors."""

    room: Newsroom
    pages: dict[str, str]  # by path: HTML of our own pages
    usual: frozenset[tuple[str, str]]  # tags and attributes of the pages about a harmless feed
    keys: frozenset[str]  # of the front matter of its articles

    def feeds(self, suffix: str) -> Iterator[bytes]:
        """The feed of each category, in one format."""
        for path in sorted((self.room.storage / "feeds").glob(f"c*.{suffix}")):
            yield path.read_bytes()

    def contents(self) -> list[str]:
        """HTML of all articles, as the feeds carry it."""
        return [item.get("content_html", "") for feed in self.feeds("json") for item in json.loads(feed)["items"]]

    def pictures(self) -> set[str]:
        return {source for html in self.contents() for source, _ in Page(html).images}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    """A newsroom filled with attacks, and its pages."""
    with Server() as server:
        calm = newsroom(tmp_path_factory.mktemp("calm"), [{"name": "calm", "url": server.put("/calm", harmless())}])
        assert calm.once().new == len(BODIES)
        with client_of(calm) as client:
            usual = frozenset(tag for _, page in walk(client) for tag in tags(LexborHTMLParser(page)))
            usual |= {
                (element, "") for element in ("math", "mrow", "mtext", "mi", "mn", "mo", "ms", "msup", "msub")
            }  # the program's own writer has no attributes
        sources = []
        for number, start in enumerate(range(0, len(CHOSEN), A_FEED)):
            vectors = CHOSEN[start : start + A_FEED]
            some = vectors[number % 6 :: 6]
            for name, document in (("json", as_json(vectors, number)), ("rss", as_rss(some, number))):
                url = server.put(f"/{name}/{number}", document)
                sources.append({"name": f"{name}-{number}", "url": url, "category": f"c{number}"})
        room = newsroom(tmp_path_factory.mktemp("hostile"), sources, feeds={"limit": 2 * A_FEED})
        done = room.once()
        assert set(done.kinds.values()) == {"fetched"}, done.kinds
        assert done.new > len(CHOSEN)
        with client_of(room) as client:
            pages = dict(walk(client))
        yield Hostile(room, pages, usual, frozenset(key for head in calm.heads() for key in head))


def harmless() -> bytes:
    """A feed that fills every field with something ordinary."""
    more = {
        "author": "A Writer",
        "enclosure url='https://a.example/1.mp3' type='audio/mpeg' length='1'": " ",
        "category": "a",
    }
    items = [item(number, description=escape(body), **more) for number, body in enumerate(BODIES)]
    document = rss(*items, head="<language>en</language>").decode()
    return re.sub(r"</enclosure[^>]*>", "</enclosure>", document).encode()


def walk(client: TestClient) -> Iterator[tuple[str, str]]:
    """All pages that links lead to from the front page, by their paths."""
    ahead, seen = ["/"], {"/"}
    while ahead:
        path = ahead.pop()
        answer = client.get(path)
        if answer.headers["content-type"].startswith("text/html"):
            assert answer.status_code == 200, path
            yield path, answer.text
            targets = {urljoin(path, href).partition("#")[0] for href in links(answer.text) if OF_THE_SITE.match(href)}
            ahead += [href for href in targets - seen if "/feeds/" not in href]
            seen |= targets


def tags(tree: LexborHTMLParser) -> Iterator[tuple[str, str]]:
    """Each tag alone, and with each of its attributes."""
    for node in tree.css("*"):
        yield from ((node.tag or "", name) for name in ("", *node.attributes))


# ------------------------------------------------------------------------------------------------------ what came of it


def test_no_vector_is_lost(hostile: Hostile) -> None:
    assert len(hostile.room.articles()) > 1.1 * len(CHOSEN)
    assert sum(path.startswith("/article/") for path in hostile.pages) > 1.1 * len(CHOSEN)


def test_pages_hold_nothing_that_pages_about_harmless_feeds_do_not(hostile: Hostile) -> None:
    for path, html in hostile.pages.items():
        tree = LexborHTMLParser(html)
        assert set(tags(tree)) <= hostile.usual, path
        for node in tree.css("[href], [src]"):
            url = (node.attributes.get("href") or node.attributes.get("src") or "").removeprefix("feed:")
            assert not DISGUISED.match(url), (path, url)
            assert WEB.fullmatch(url) or url.startswith("mailto:") or OF_THE_SITE.fullmatch(url), (path, url)


def test_feeds_hold_clean_html_and_addresses_of_the_web(hostile: Hostile) -> None:
    for html in hostile.contents():
        assert active(html) == []
    for document in (*hostile.feeds("rss"), *hostile.feeds("atom")):
        parsed = feedparser.parse(document, sanitize_html=False, resolve_relative_uris=False)
        assert not parsed.bozo
        for entry in parsed.entries:
            assert [active(content.value) for content in entry.get("content", ())] in ([], [[]])
        assert [url for url in addresses(document) if not fit(url)] == []
    for document in hostile.feeds("json"):
        assert [url for url in json_addresses(json.loads(document)) if not fit(url)] == []


def fit(url: str) -> bool:
    return bool(NAMES.fullmatch(url)) and not DISGUISED.match(url)


def addresses(document: bytes) -> Iterator[str]:
    """What a reader of RSS or Atom would take for a URL."""
    for element in etree.fromstring(document).iter(etree.Element):
        yield from (str(value) for name, value in element.attrib.items() if name in {"href", "url", "scheme", "domain"})
        name = etree.QName(element).localname
        if name in {"link", "comments", "docs", "uri", "logo", "icon", "id", "url"} and element.text:
            yield element.text
        if name == "guid" and element.get("isPermaLink") != "false":
            yield element.text or ""


def json_addresses(value: Any, key: str = "") -> Iterator[str]:
    """What a reader of JSON Feed would take for a URL."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from json_addresses(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from json_addresses(inner, key)
    elif key.endswith("url") or key in {"image", "banner_image", "avatar", "icon", "favicon", "id"}:
        yield value


def test_files_hold_the_usual_front_matter_and_inert_markdown(hostile: Hostile) -> None:
    for path, file in hostile.room.articles().items():
        assert set(front_matter(file)) <= hostile.keys, path
        assert active(rendered(file.partition("\n---\n")[2])) == [], path
        assert re.fullmatch(r"[a-z0-9/-]+\.md", path), path


def test_hugo_builds_them_all_with_raw_html_on_and_shows_nothing_else(hostile: Hostile, tmp_path: Path) -> None:
    room = hostile.room
    public, _ = hugo.build(tmp_path / "site", room.storage / "articles", now=room.now, unsafe=True)
    files = sorted((public / "post").rglob("index.html"))
    assert len(files) >= len(room.articles())
    pictures = hostile.pictures()
    for file in files:
        page = file.read_text(encoding="utf-8")
        main = page.partition("<main>")[2].rpartition("</main>")[0]
        acting = {
            deed for deed in active(main) if not deed.startswith("href ftp://")
        }  # goldmark links what looks like one
        assert acting <= BY_HUGO, file
        assert {source for source, _ in Page(main).images} <= pictures, file
        assert not re.search("<(?:script|iframe|style|link|form|svg|object|embed)", page, re.IGNORECASE), file


async def test_a_browser_runs_nothing_and_asks_nobody(hostile: Hostile, tmp_path: Path) -> None:
    contents = hostile.contents()
    shown = [rendered(file.partition("\n---\n")[2]) for file in hostile.room.articles().values()]
    mains = [page.partition("<main")[2].partition(">")[2].rpartition("</main>")[0] for page in hostile.pages.values()]
    hosts = {urlsplit(source).hostname for source in hostile.pictures()}
    with chromium(tmp_path / "profile") as debugger:
        async with tab(debugger) as browser:
            await browser.call("Network.setBlockedURLs", urls=["http*://*"])
            raw = [vector.value for vector in VECTORS if vector.place.startswith("handlers.txt")]
            fired, _, _ = await trapped(browser, tmp_path / "control.html", raw, static=False)
            assert fired > 30  # the trap works
            for name, fragments in (("contents", contents), ("markdown", shown), ("pages", mains)):
                fired, odd, asked = await trapped(browser, tmp_path / f"{name}.html", fragments)
                assert (fired, odd) == (0, []), name
                assert {urlsplit(url).hostname for url in asked} <= (hosts if name != "pages" else set()), name


TRAP = """<!doctype html><meta charset=utf-8><script>
window.fired = 0; window.alert = window.confirm = window.prompt = () => { window.fired++ };
</script>"""
ODD_LINKS = """[...document.querySelectorAll('[href],[src],[action],[data]')]
.map(one => one.href || one.src || one.data).filter(url => !/^(https?|mailto|file|feed:http):/.test(url))"""


async def trapped(
    browser: Tab, file: Path, fragments: list[str], *, static: bool = True
) -> tuple[int, list[str], set[str]]:
    """How often anything of `fragments` ran, addresses that would run or open something, and what was asked for.

    They stand in one document, as a server would send it, and are put into it by a script, as a reader does.
    """
    listed = json.dumps(fragments).replace("<", "\\u003c")
    put = "const box = document.createElement('div'); box.innerHTML = html; document.body.append(box);"
    script = f"<script>for (const html of {listed}) {{ {put} }}</script>"
    still = "".join(f"<div>{html}</div>" for html in fragments) if static else ""
    file.write_text(f"{TRAP}<body>{still}{script}", encoding="utf-8", errors="replace")
    browser.asked.clear()
    await browser.show(file.as_uri(), width=800, scheme="light")
    fired = await browser.value("new Promise(done => setTimeout(() => done(window.fired), 300))")
    odd = await browser.value(ODD_LINKS)
    return fired, odd, {url for url in browser.asked if not url.startswith("file:")}
