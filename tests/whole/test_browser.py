"""The pages in a real browser."""

from pathlib import Path

import httpx

from tests.newsroom import item, rss
from tests.servers import Server
from tests.whole.browser import tab
from tests.whole.test_commands import configure
from tests.whole.test_daemon import daemon, until

BODY = (
    "&lt;p&gt;Look: &lt;img src='https://pictures.example/1.png' alt='a cat'&gt;&lt;/p&gt;"
    "&lt;pre&gt;code that is far too long for the screen of any phone, and goes on for a while even so&lt;/pre&gt;"
    "&lt;p&gt;https://source.example/an-address-without-any-place-at-which-a-line-could-break-in-it&lt;/p&gt;"
)
GROUND = "getComputedStyle(document.body).backgroundColor"


async def test_pages_fit_the_screen_ask_nobody_else_and_give_the_console_no_reason_to_complain(
    tmp_path: Path, server: Server
) -> None:
    server.put("/feed", rss(item(1, description=BODY)))
    sources = [{"name": "paper", "url": server.url("/feed"), "category": "Science and Nature"}, server.url("/lost")]
    configure(tmp_path, sources=sources)
    async with tab(tmp_path / "profile") as browser:
        with daemon(tmp_path) as (_, url):
            until(lambda: "Story number 1" in httpx.get(f"{url}feeds/science-and-nature.rss").text)
            grounds = set()
            for width, scheme in ((390, "light"), (1280, "dark")):
                await browser.show(url, width=width, scheme=scheme)
                article = await browser.value("document.querySelector('.articles a').href")
                for page in (url, f"{url}category/science-and-nature", article, f"{url}status"):
                    await browser.show(page, width=width, scheme=scheme)
                    assert await browser.value("document.querySelectorAll('h1').length") == 1
                    assert await browser.value("document.documentElement.scrollWidth <= innerWidth"), (page, width)
                    grounds.add(await browser.value(GROUND))
        assert len(grounds) == 2  # light and dark
        assert browser.complaints == []
        assert {asked for asked in browser.asked if not asked.startswith(url)} <= {"about:blank"}
