"""The pages in a real browser: for every screen, for keyboards and screen readers, and nobody else hears of it."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urljoin

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser

from tests.commands import daemon, until
from tests.newsroom import Newsroom, item, newsroom, prose, rss
from tests.pictures.drawings import drawing
from tests.servers import Server
from tests.thorough import THOROUGH, some
from tests.whole.axe import violations
from tests.whole.browser import Tab, chromium, tab

Opened = Callable[[Newsroom], AbstractAsyncContextManager[tuple[Tab, str]]]
SCREENS = some([(width, scheme) for width in (390, 1280) for scheme in ("light", "dark")], 3)
GROUND = "getComputedStyle(document.body).backgroundColor"
WIDTH = "document.documentElement.clientWidth"  # innerWidth grows as a phone zooms out until all of the page is in it
FITS = f"document.documentElement.scrollWidth <= {WIDTH}"
# Elements with words that stick out of the screen, but for the row of categories and wide tables, which scroll.
CUT_OFF = f"""[...document.querySelectorAll("main *")]
  .filter(one => one.getBoundingClientRect().right > {WIDTH} + 1 && !one.closest(".wide, .chips, .unseen"))
  .map(one => one.outerHTML.slice(0, 99))"""
# Where the Tab key stops, by address (null: no link), but for what is folded.
STOPS = """[...document.querySelectorAll("a[href]:not([tabindex='-1']), summary, input, button")]
  .filter(stop => stop.checkVisibility()).map(stop => stop.href ?? null)"""
FOCUS = f"""(() => {{
  const one = document.activeElement, look = getComputedStyle(one), place = one.getBoundingClientRect();
  return [one.href ?? null, look.outlineStyle !== "none" && parseFloat(look.outlineWidth) >= 2,
    place.width > 1 && place.height > 1 && place.left >= 0 && place.right <= {WIDTH} + 1] }})()"""

WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2
ADDRESS = "https://source.example/an-address-without-any-place-at-which-a-line-could-break-in-it" * 2
RICH = f"""<h1>A heading</h1><h3>A lower one</h3><p>{WORD}</p><p>{ADDRESS} <a href="{ADDRESS}">{ADDRESS}</a></p>
<p>Look: <img src="https://pictures.example/1.png" alt="a cat"> <img src="https://pictures.example/2.png"></p>
<a href="https://source.example/a"><img src="https://pictures.example/3.png"></a>
<table><caption>Many columns</caption><thead><tr>{"".join(f"<th>Column {n}</th>" for n in range(12))}</tr></thead>
<tbody><tr>{"".join(f"<td>1,234,567.{n}</td>" for n in range(12))}</tr></tbody></table>
<table><tr><td>{WORD}</td><td>{WORD}</td></tr></table>
<pre><code>{"code that is far too long for any phone " * 8}
    indented()</code></pre><p>Inline <code>{WORD}</code>, <kbd>Ctrl</kbd>, <mark>marked</mark>, <del>gone</del>.</p>
<blockquote><p>{prose(3, 20)}</p><blockquote><p>deeper</p></blockquote></blockquote>
<ul><li>one<ul><li>two<ul><li>three<ul><li>{WORD}</li></ul></li></ul></li></ul></li></ul><ol><li>first</li></ol>
<dl><dt>term</dt><dd>meaning</dd></dl>
<figure><img src="https://pictures.example/4.png" alt="x"><figcaption>Words</figcaption></figure>
<p><video src="https://media.example/1.mp4" controls></video> <iframe src="https://media.example/2"></iframe></p><hr>
<p dir="rtl" lang="ar">نص عربي طويل</p><p>x<sub>2</sub> y<sup>3</sup></p>
<details><summary>More</summary>less</details>"""


PICTURES = "https://pictures.example"
SOUND = '<enclosure url="https://sounds.example/1.mp3" type="audio/mpeg" length="1000000"/>'


def told(number: int, html: str, **changes: str) -> str:
    date = format_datetime(datetime.now(UTC) - timedelta(hours=30 - number))
    return item(number, pubDate=date, **{"content:encoded": f"<![CDATA[{html}]]>"} | changes)


def stories(server: Server, first: str = "the first words") -> bytes:
    address = server.url().rstrip("/")
    rich = RICH.replace(PICTURES, address)
    seen = f"""<p>{prose(2)}</p><p><img src="{address}/5.png" alt="wide"></p><p>{prose(7)}</p>
      <figure><a href="{ADDRESS}"><img src="{address}/6.png" alt="tall"></a><figcaption>Words</figcaption></figure>
      <p>{prose(9)}</p>"""
    return rss(
        told(1, f"<p>{prose(1)}</p>", title="شركة تطلق خدمة جديدة في الشرق الأوسط", description=""),
        told(
            2,
            seen,
            title="東京で新しい鉄道路線が開業、通勤時間が大幅に短縮される見通し",
        )
        + f'{SOUND}<media:content url="{address}/lead.jpg" medium="image"/>',
        told(3, f"<p>{prose(3)}</p>", title=f"A title with a {WORD} in it &amp;amp; more words than fit on a line"),
        told(4, rich, title="Everything that an article may hold", author="someone@example.org (Some One)"),
        told(5, f"<p>{prose(5)} {first}</p>", title="Edited", category="World"),
        told(6, "", title=""),
    )


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Newsroom:
    """A newsroom with an edited article, a failing, a gone and a switched off source, and a category no more."""
    for number, size in enumerate(((1600, 900), (300, 900), (64, 64), (900, 900), (1500, 500), (600, 800))):
        server.put(f"/{number + 1}.png", drawing("PNG", size))
    server.put("/lead.jpg", drawing(size=(500, 1000)))
    server.put("/feed", stories(server))
    server.put("/gone", status=410)
    sources: list[dict[str, Any] | str] = [
        {"name": "paper", "url": server.url("/feed"), "categories": ["Science and Nature", "Zürich"]},
        {
            "name": "a-name-that-is-as-long-as-a-name-may-be-and-has-no-end-in-sight-for-a-while",
            "url": server.url(f"/lost/{WORD}"),
            "category": "Politics",
        },
        {"name": "gone", "url": server.url("/gone"), "category": "Politics"},
        {"name": "off", "url": server.url("/off"), "category": "Politics", "enabled": False},
        {"name": "dropped", "url": server.url("/dropped"), "category": "Old News"},
    ]
    filled = newsroom(tmp_path, sources, title="The newsroom of a town with a long name")
    filled.now = datetime.now(UTC) - timedelta(hours=12)
    filled.once()
    server.put("/feed", stories(server, "other words"))
    del filled.configuration["sources"][-1]
    filled.later(hours=6)
    assert filled.once().updated == 1
    return filled


@pytest.fixture
def empty(tmp_path: Path, server: Server) -> Newsroom:
    """A newsroom without an article."""
    filled = newsroom(tmp_path, [{"name": "lost", "url": server.url("/lost"), "category": "Nothing"}])
    filled.once()
    return filled


@pytest.fixture(scope="module")
def debugger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the debugger of a browser, whose start takes a second."""
    with chromium(tmp_path_factory.mktemp("profile")) as address:
        yield address


@pytest.fixture
def opened(debugger: str) -> Opened:
    """Open a tab, and give it with the address at which a daemon serves this newsroom."""

    @asynccontextmanager
    async def open_tab(room: Newsroom) -> AsyncIterator[tuple[Tab, str]]:
        async with tab(debugger) as browser:
            with daemon(room.root) as (_, url):
                until(lambda: httpx.get(f"{url}feeds/all.rss").status_code == 200)
                yield browser, url

    return open_tab


def elsewhere(browser: Tab, url: str) -> set[str]:
    """What the browser asked others for, but for the drawings on its own controls."""
    return {asked for asked in browser.asked if not asked.startswith((url, "about:blank", "data:image/svg+xml;"))}


async def articles(browser: Tab, url: str) -> dict[str, str]:
    """Addresses of the articles on the front page by their titles."""
    await browser.show(url, width=390, scheme="light")
    pairs = await browser.value(
        "[...document.querySelectorAll('.articles a')].map(link => [link.textContent, link.href])"
    )
    return dict(pairs)


async def pages(browser: Tab, url: str) -> list[str]:
    """A page of every kind."""
    paths = [
        "",
        "category/all",
        "category/science-and-nature",
        "category/politics",
        "status",
        "none",
        "category/old-news",
    ]
    return list(dict.fromkeys((*(url + path for path in paths), *(await articles(browser, url)).values())))


def is_judged(number: int, place: int) -> bool:
    """Return True if axe judges this page on the screen at this place; in a thorough run it does on all."""
    return THOROUGH or number % len(SCREENS) == place


async def test_every_page_suits_every_screen_and_reader(room: Newsroom, opened: Opened) -> None:
    """With letters twice as large it stays on the smallest screen."""
    async with opened(room) as (browser, url):
        for number, page in enumerate(await pages(browser, url)):
            await browser.show(page, width=390, scheme="light")
            assert await browser.value("document.scripts.length") == 0, page
            await browser.value("document.querySelectorAll('details').forEach(details => { details.open = true })")
            grounds = set()
            for place, (width, scheme) in enumerate(SCREENS):
                await browser.wear(width=width, scheme=scheme)
                if is_judged(number, place):
                    assert await violations(browser) == [], (page, width, scheme)
                assert await browser.value(FITS), (page, width)
                assert await browser.value(CUT_OFF) == [], (page, width)
                grounds.add(await browser.value(GROUND))
            assert len(grounds) == 2  # light and dark
            assert await browser.value("document.querySelectorAll('h1').length") == 1, page
            await browser.wear(width=390, scheme="light")
            await browser.value("document.querySelectorAll('details').forEach(details => { details.open = false })")
            await browser.value("document.documentElement.style.fontSize = '200%'")
            assert await browser.value(FITS), (page, "large letters")
            assert await browser.value(CUT_OFF) == [], (page, "large letters")
        complaints = [
            complaint
            for complaint in browser.complaints
            if "404 (Not Found)" not in complaint and "410 (Gone)" not in complaint
        ]
        assert complaints == []
        assert elsewhere(browser, url) == set()


async def test_a_configuration_that_is_wrong_is_said_for_every_screen_and_reader(
    room: Newsroom, opened: Opened
) -> None:
    async with opened(room) as (browser, url):
        (room.root / "feeds.yaml").write_text("titel: Mistaken")
        until(lambda: 'class="trouble notice"' in httpx.get(f"{url}status").text)
        await browser.show(f"{url}status", width=390, scheme="light")
        for place, (width, scheme) in enumerate(SCREENS):
            await browser.wear(width=width, scheme=scheme)
            if is_judged(0, place):
                assert await violations(browser) == [], (width, scheme)
            assert await browser.value(FITS), width
            assert await browser.value(CUT_OFF) == [], width


async def test_a_newsroom_without_an_article_is_a_page_too(empty: Newsroom, opened: Opened) -> None:
    async with opened(empty) as (browser, url):
        for number, page in enumerate((url, f"{url}category/nothing", f"{url}status")):
            await browser.show(page, width=390, scheme="light")
            for place, (width, scheme) in enumerate(SCREENS):
                await browser.wear(width=width, scheme=scheme)
                if is_judged(number, place):
                    assert await violations(browser) == [], (page, width, scheme)
                assert await browser.value(FITS), (page, width)
        assert browser.complaints == []


async def test_pages_work_without_script_and_every_link_leads_where_it_says(room: Newsroom, opened: Opened) -> None:
    async with opened(room) as (browser, url):
        await browser.call("Emulation.setScriptExecutionDisabled", value=True)
        seen, ahead = set[str](), [url]
        meant, there = set[tuple[str, str]](), dict[str, str]()  # pages and fragments of links; texts of pages
        with httpx.Client() as client:
            while ahead:
                page = ahead.pop()
                seen.add(page)
                answer = client.get(page)
                assert answer.status_code == 200, page
                if answer.headers["content-type"].startswith("text/html"):
                    there[page] = answer.text
                    for href in hrefs(answer.text):
                        address, fragment = urldefrag(urljoin(page, href))
                        if fragment and address.startswith(url):
                            meant.add((address, fragment))
                        if address.startswith(url) and address not in {*seen, *ahead}:
                            ahead.append(address)
        assert [target for target in meant if f'id="{target[1]}"' not in there[target[0]]] == []
        assert {f"{url}status", f"{url}feeds/feeds.opml", f"{url}feeds/all.rss", f"{url}source/paper"} <= seen
        for page in some(sorted(there), 5):
            await browser.show(page, width=390, scheme="light")
            assert await browser.value("[...document.links].map(link => link.getAttribute('href'))") == hrefs(
                there[page]
            )
        assert not any("<script" in text for text in there.values())
        assert browser.complaints == []


def hrefs(html: str) -> list[str]:
    """The links of a page, as it writes them."""
    return [node.attributes["href"] or "" for node in LexborHTMLParser(html).css("a[href]")]


async def test_whoever_uses_a_keyboard_sees_where_they_are_and_gets_past_the_head(
    room: Newsroom, opened: Opened
) -> None:
    async with opened(room) as (browser, url):
        for width, scheme in SCREENS:
            await browser.show(url, width=width, scheme=scheme)
            here = await browser.value(STOPS)
            walked = []
            for _ in here:
                await browser.press("Tab")
                await browser.value("new Promise(requestAnimationFrame)")  # a row of links scrolls to the focus
                link, outlined, visible = await browser.value(FOCUS)
                assert (outlined, visible) == (True, True), link
                walked.append(link)
            assert walked == here
        await browser.show(url, width=390, scheme="light")
        await browser.press("Tab")
        await browser.press("Enter")
        await browser.press("Tab")
        assert await browser.value("document.activeElement.closest('main') !== null")


TOPS = "[...document.querySelectorAll('main *')].map(one => one.getBoundingClientRect().top + scrollY)"
ALL_LOADED = """Promise.all([...document.images].map(image => { image.loading = "eager"; return image.decode() }))
  .then(() => document.images.length)"""
# Elements that moved by themselves; the insides of controls, which are no nodes of the page, may.
SHIFTED = """new Promise(done => {
  const shifted = []
  new PerformanceObserver(list => list.getEntries().forEach(shift =>
    shifted.push(...shift.sources.filter(source => source.node).map(source => source.node.nodeName))))
    .observe({type: "layout-shift", buffered: true})
  setTimeout(() => done(shifted), 200) })"""


async def test_pictures_come_from_here_and_nothing_jumps_when_they_do(room: Newsroom, opened: Opened) -> None:
    async with opened(room) as (browser, url):
        illustrated = next(page for title, page in (await articles(browser, url)).items() if title.startswith("東京"))
        for page, count in ((url, 2), (illustrated, 3), (illustrated, 3)):  # of unknown size, then of known size
            await browser.show(page, width=390, scheme="light")
            before = await browser.value(TOPS)
            assert await browser.value(ALL_LOADED) == count
            assert await browser.value(TOPS) == before
            assert await browser.value(SHIFTED) == [], page
        assert await browser.value("document.querySelector('audio').readyState") == 0  # nothing is there
        assert browser.complaints == []
        assert elsewhere(browser, url) == set()


# Elements that paper has no use for.
CONTROLS = """[...document.querySelectorAll('form, nav, aside, audio, video, button')]
  .filter(element => element.checkVisibility()).map(element => element.outerHTML.slice(0, 40))"""
PRINTED_URL = "getComputedStyle(document.querySelector('[aria-labelledby=sources] li a'), '::after').content"


async def test_on_paper_a_page_has_no_controls_and_an_article_the_address_of_its_source(
    room: Newsroom, opened: Opened
) -> None:
    async with opened(room) as (browser, url):
        illustrated = next(page for title, page in (await articles(browser, url)).items() if title.startswith("東京"))
        for page in (url, illustrated):
            await browser.show(page, width=1280, scheme="light")
            assert await browser.value(CONTROLS) != []
            await browser.call("Emulation.setEmulatedMedia", media="print")
            assert await browser.value(CONTROLS) == [], page
        source = await browser.value("document.querySelector('[aria-labelledby=sources] li a').getAttribute('href')")
        assert f"<{source}>" in (await browser.value(PRINTED_URL))
