"""Pages for people."""

import asyncio
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from sqlalchemy import create_engine, text
from starlette.testclient import TestClient

from aggregator.app import App
from aggregator.errors import StoreError
from aggregator.publish import publish_changed
from aggregator.serve import Health, Metrics, pages, site
from tests.newsroom import Newsroom, item, newsroom, prose, rss
from tests.servers import Server

EVIL = "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(2)&gt;\"'"
PAGES = ("/", "/category/world-news", "/category/all", "/status")


@contextmanager
def client_of(room: Newsroom) -> Iterator[TestClient]:
    with room.opened() as app:
        publish_changed(app)
        yield client(app)


def client(app: App) -> TestClient:
    served = site(app, Health(app.clock), Metrics())
    return TestClient(served, raise_server_exceptions=False, follow_redirects=False)


@pytest.fixture(scope="module")
def port() -> Iterator[Server]:
    """A server for all tests of this module, whose address is in the database that they copy."""
    with Server() as running:
        yield running


@pytest.fixture
def server(port: Server) -> Server:
    """The server, with the feed of the newsroom."""
    port.forget()
    port.put("/feed", rss(item(1), item(2)))
    return port


@pytest.fixture(scope="module")
def filled(port: Server, tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    """A newsroom of two sources, one of which cannot be read."""
    port.put("/feed", rss(item(1), item(2)))
    sources = [
        {"name": "paper", "url": port.url("/feed"), "category": "World News", "language": "en"},
        {"name": "lost", "url": port.url("/lost"), "category": "Zürich"},
    ]
    room = newsroom(tmp_path_factory.mktemp("filled"), sources, title="My newsroom")
    room.once()
    return room


@pytest.fixture
def room(filled: Newsroom, tmp_path: Path, server: Server) -> Newsroom:
    """A newsroom like that, for one test."""
    return filled.copied(tmp_path)


class _Elements(HTMLParser):
    """Start tags of a document with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))


def elements(html: str, *names: str) -> list[dict[str, str | None]]:
    return [attributes for tag, attributes in _Elements(html).found if tag in names]


def links(html: str) -> list[str]:
    return [href for element in elements(html, "a", "link") if (href := element.get("href"))]


def headings(html: str) -> list[str]:
    return re.findall(r"<h3[^>]*>(?:<a[^>]*>)?([^<]+)<", html)


def first_article(client: TestClient, page: str = "/") -> str:
    return urljoin(page, next(href for href in links(client.get(page).text) if "article/" in href))


def test_the_front_page_shows_categories_with_their_feeds_and_the_newest_articles_first(room: Newsroom) -> None:
    with client_of(room) as client:
        html = client.get("/").text
    assert "World News" in html
    assert "Zürich" in html
    assert {"./feeds/all.rss", "./feeds/world-news.atom", "./feeds/z%C3%BCrich.json"} <= set(links(html))
    assert html.index("Story number 2") < html.index("Story number 1")


def test_the_news_comes_first_and_the_feeds_are_one_click_away(room: Newsroom) -> None:
    with client_of(room) as client:
        for page in ("/", "/category/world-news"):
            html = client.get(page).text
            assert html.index('<h2 class="day"') < html.index("/article/") < html.index('<h2 id="subscribe">'), page
            assert "#subscribe" in links(html), page


def test_feeds_are_discoverable(room: Newsroom) -> None:
    with client_of(room) as client:
        html = client.get("/category/world-news").text
    alternates = [link for link in elements(html, "link") if link["rel"] == "alternate"]
    assert [(link["type"], link["href"]) for link in alternates] == [
        ("application/rss+xml", "../feeds/world-news.rss"),
        ("application/atom+xml", "../feeds/world-news.atom"),
        ("application/feed+json", "../feeds/world-news.json"),
    ]


def test_every_page_of_articles_names_the_feeds_in_which_they_are(room: Newsroom) -> None:
    with client_of(room) as client:
        for page, names in {
            "/": ("all",),
            "/category/all": ("all",),
            first_article(client): ("world-news",),
        }.items():
            alternates = [
                link["href"] for link in elements(client.get(page).text, "link") if link["rel"] == "alternate"
            ]
            suffixes = ("rss", "atom", "json")
            wanted = [f"/feeds/{name}.{suffix}" for name in names for suffix in suffixes]
            assert [urljoin(page, href or "") for href in alternates] == wanted
            assert all(client.get(feed).status_code == 200 for feed in wanted)


def test_a_category_shows_addresses_to_copy_and_to_open(room: Newsroom) -> None:
    with client_of(room) as client:
        html = client.get("/category/world-news").text
    assert '<code class="copy">http://127.0.0.1:8080/feeds/world-news.rss</code>' in html.replace("<wbr>", "")
    assert "feed:http://127.0.0.1:8080/feeds/world-news.rss" in links(html)
    address = "http%3A%2F%2F127.0.0.1%3A8080%2Ffeeds%2Fworld-news.rss"
    assert f"https://feedly.com/i/subscription/feed/{address}" in links(html)


def test_every_internal_link_of_every_page_leads_somewhere(room: Newsroom) -> None:
    with client_of(room) as client:
        seen, ahead = set[str](), ["/"]
        while ahead:
            path = ahead.pop()
            seen.add(path)
            answer = client.get(path)
            assert answer.status_code == 200, path
            if answer.headers["content-type"].startswith("text/html"):
                targets = {urljoin(path, href).partition("#")[0] for href in links(answer.text)}
                ahead += [href for href in targets if href.startswith("/") and href not in {*seen, *ahead}]
    assert {"/", "/status", "/feeds/feeds.opml", "/feeds/all.rss"} <= seen
    assert sum(path.startswith("/article/") for path in seen) == 2


def test_an_article_has_its_text_its_source_and_points_to_the_original(room: Newsroom) -> None:
    with client_of(room) as client:
        html = client.get(first_article(client)).text
    assert prose(2) in html
    (canonical,) = [link["href"] for link in elements(html, "link") if link["rel"] == "canonical"]
    assert canonical == "https://source.example/stories/2"
    assert {"https://source.example/stories/2", "https://source.example/"} <= set(links(html))
    assert html.index(">A source</a>") < html.index(prose(2)) < html.rindex(">A source</a>")  # whose it is, before all


def test_media_are_named_by_kind_and_host_with_their_size(room: Newsroom, server: Server) -> None:
    media = '<enclosure url="https://media.example/a/long/path/1.mp3?x=y" type="audio/mpeg" length="28400000"/>'
    server.put("/feed", rss(item(11) + media))
    room.once()
    with client_of(room) as client:
        html = client.get(first_article(client)).text
    assert ">Audio at media.example</a> · audio/mpeg · 28.4 MB</li>" in html
    assert "https://media.example/a/long/path/1.mp3?x=y" in links(html)


def test_an_article_without_text_says_so(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(item(11, description="")))
    room.once()
    with client_of(room) as client:
        html = client.get(first_article(client)).text
    assert "no text with it" in html
    assert "https://source.example/stories/11" in links(html)


def test_the_page_of_an_edit_shows_what_it_changed(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(item(1), item(2, description=f"&lt;p&gt;{prose(2)} and more&lt;/p&gt;")))
    room.later(days=1)
    assert room.once().updated == 1
    with client_of(room) as client:
        page = first_article(client)
        html = client.get(page).text
        (earlier,) = (link for link in links(html) if "/revisions/" in link)
        before = client.get(urljoin(page, earlier))
        assert client.get(f"{page}/revisions/2").status_code == 404
        for number in ("0", "-1", "x", "1" * 30, "1" * 5000):  # the last one has more digits than `int` takes
            assert client.get(f"{page}/revisions/{number}").status_code == 404
        assert client.get("/article/none/revisions/1").status_code == 404
    assert html.index("and more") < html.index("What it said before") < html.index(", until <time")
    assert f"<p>{prose(2)}<ins> and more</ins></p>" in before.text
    assert "What edit 1 changed, <time" in before.text


def test_the_page_of_a_hostile_edit_is_served(room: Newsroom, server: Server) -> None:
    for words in ("a b " * 100_000, "b a " * 100_000 + "c"):
        server.put("/feed", rss(item(2, description=f"&lt;p&gt;{words}&lt;/p&gt;")))
        room.later(days=1)
        assert room.once().updated == 1
    with client_of(room) as client:
        page = first_article(client)
        shown = client.get(f"{page}/revisions/2")
    assert shown.status_code == 200
    assert "<ins>" in shown.text


def test_each_edit_is_compared_with_the_next(room: Newsroom, server: Server) -> None:
    for title, line in (("First & title", "Two of the <b>lines</b>"), ("Title <b>", "Three of the lines")):
        server.put("/feed", rss(item(2, title=escape(title), description=escape(f"<p>{prose(2)}</p><p>{line}</p>"))))
        room.later(days=1)
        assert room.once().updated == 1
    with client_of(room) as client:
        page = first_article(client)
        first, second = (client.get(f"{page}/revisions/{number}").text for number in (1, 2))
    assert "<ins>Two of the lines</ins>" in first
    assert "<p><del>Two</del><ins>Three</ins> of the lines</p>" in second
    assert "<del>First &amp; title</del><ins>Title</ins>" in second
    assert "<ins>Title</ins>" not in first


def test_the_last_ten_edits_have_pages_whose_numbers_stay(room: Newsroom, server: Server) -> None:
    for edit in range(12):
        server.put("/feed", rss(item(2, title=f"Edit {edit}")))
        room.later(days=1)
        assert room.once().updated == 1
    with client_of(room) as client:
        page = first_article(client)
        statuses = [client.get(f"{page}/revisions/{number}").status_code for number in range(1, 14)]
        last = client.get(f"{page}/revisions/12").text
        listed = [link for link in links(client.get(page).text) if "/revisions/" in link]
    assert statuses == [404, 404, *[200] * 10, 404]
    assert sorted(int(link.rpartition("/")[2]) for link in listed) == list(range(3, 13))
    assert "<del>10</del><ins>11</ins>" in last


def test_what_a_source_says_is_text_wherever_it_stands(room: Newsroom, server: Server) -> None:
    hostile = item(11, title=EVIL, description=EVIL, author=f"x@example.org ({EVIL})", category=EVIL)
    document = rss(hostile).replace(b"A source", EVIL.encode())
    server.put("/feed", document.replace(b"https://source.example/</link>", b"javascript:alert(3)</link>"))
    room.configuration["title"] = "<b>My</b>"
    room.configuration["sources"][0]["category"] = "<i>World</i>"
    room.once()
    with client_of(room) as client:
        article = first_article(client)
        for path in ("/", "/category/i-world-i", article, "/status", "/none"):
            html = client.get(path).text
            assert not elements(html, "script", "b", "i"), path
            for image in elements(html, "img"):  # that of the description, cleaned
                assert set(image) <= {"class", "src", "alt", "width", "height", "loading"}
                assert "/picture/" in (image["src"] or "")
            assert not [href for href in links(html) if "javascript:" in href]
            for _, attributes in _Elements(html).found:
                assert not [name for name in attributes if name.startswith("on") or name == "style"]


def test_a_sources_error_is_text(room: Newsroom) -> None:
    engine = create_engine(f"sqlite:///{room.storage / 'aggregator.db'}")
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE source SET error = '<script>x</script>', due_reason = '<b>' WHERE name = 'lost'")
        )
    engine.dispose()
    with client_of(room) as client:
        html = client.get("/status").text
    assert "&lt;script&gt;x&lt;/script&gt;" in html
    assert not elements(html, "script", "b")


def test_a_sources_error_is_a_sentence(room: Newsroom, server: Server) -> None:
    server.put("/lost", b"<!doctype html><html><body>Welcome", headers={"Content-Type": "text/html"})
    room.once()
    with client_of(room) as client:
        html = client.get("/status").text
    assert ">The server returned a web page, not a feed; run <code>aggregator add URL</code> to find its feed.<" in html


def test_credentials_of_a_source_are_on_no_page(room: Newsroom, server: Server) -> None:
    secret = server.url("/feed").replace("://", "://user:hunter2@")
    room.configuration["sources"][0]["url"] = secret
    room.once()
    with client_of(room) as client:
        article = first_article(client)
        assert not [path for path in (*PAGES, article, "/status.json") if "hunter2" in client.get(path).text]


def test_the_status_shows_what_fails_first_and_why_each_is_due(room: Newsroom) -> None:
    with client_of(room) as client:
        html = client.get("/status").text
    assert headings(html) == ["lost", "A source"]
    assert "404" in html
    assert "because of its failures in a row" in html
    assert "because of its interval" in html


def test_what_fails_for_longest_is_the_first_that_fails(room: Newsroom) -> None:
    room.configuration["sources"].insert(0, {"name": "mine", "url": "http://127.0.0.1:9/", "category": "World News"})
    room.once("mine")
    room.later(hours=2)
    room.once("lost")
    with client_of(room) as client:
        html = client.get("/status").text
    assert headings(html) == ["lost", "mine", "A source"]


def test_the_status_goes_on_with_the_next_sources(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PAGE_SOURCES", 1)
    room.configuration["sources"].append(room.configuration["sources"][1] | {"name": "mine"})
    room.configuration["sources"][1]["enabled"] = False
    shown_headings, path = [], "/status"
    with client_of(room) as client:
        while path:
            html = client.get(path).text
            shown_headings += headings(html)
            assert "Failing: 1" not in html
            assert "Not polled: 1" in html
            hrefs = [str(link["href"]) for link in elements(html, "a") if link.get("rel") == "next"]
            path = urljoin(path, hrefs[0]) if hrefs else ""
        assert shown_headings == ["lost", "mine", "A source"]
        assert client.get("/status", params={"after": "none"}).status_code == 404


def test_programs_get_the_sources_in_pages(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    with client_of(room) as client:
        complete = client.get("/status.json").json()
        monkeypatch.setattr(sys.modules["aggregator.serve.site"], "STATUS_SOURCES", 1)
        first = client.get("/status.json").json()
        second = client.get(urljoin("/status.json", first["next"])).json()
        assert complete.pop("sources") == first["sources"] + second["sources"]
        assert complete == {"workers": [], "queue": {"todo": 0, "doing": 0, "stalled": 0}, "differences": 0}
        assert second.keys() == {"sources", "workers", "queue", "differences"}
        answer = client.get("/status.json", params={"after": "none"})
    assert (answer.status_code, answer.text) == (404, "no source has the name in `after`\n")


def test_the_status_draws_how_many_articles_came_on_each_day(room: Newsroom) -> None:
    with client_of(room) as client:
        html = client.get("/status").text
        (drawn,) = elements(html, "path")
        assert drawn["d"] == "M27 10v-10h.8v10z"
        assert "at most 2 on a day" in html
        room.later(days=40)
        assert not elements(client.get("/status").text, "path")


def test_a_row_of_the_status_says_what_is_new_and_why_the_next_poll_comes(room: Newsroom) -> None:
    rows = re.compile(r'<span class="facts">(.*?)</span>\s*</summary>', re.DOTALL)
    with client_of(room) as client:
        html = client.get("/status").text
        row = " ".join(re.sub("<[^>]*>", "", rows.findall(html)[-1]).split())
        assert re.fullmatch(
            r"last new article \d\d:\d\d · [\d.]+ a day · next (\d+ \w+, )?\d\d:\d\d \(its interval\)", row
        )
        room.later(days=400)
        assert re.search(r"article <time[^>]*>\d+ \w+ \d{4}</time>", client.get("/status").text)


def test_a_source_that_is_switched_off_says_so(room: Newsroom) -> None:
    room.configuration["sources"][0]["enabled"] = False
    with client_of(room) as client:
        assert "<code>enabled</code> is false in feeds.yaml." in client.get("/status").text


def test_every_page_is_locked_down(room: Newsroom) -> None:
    with client_of(room) as client:
        for path in (*PAGES, "/none", "/category/none", "/article/none"):
            headers = client.get(path).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy, path
            assert "style-src 'self'" in policy, path
            assert "script-src" not in policy, path
            assert "unsafe" not in policy, path
            assert headers["x-content-type-options"] == "nosniff", path
            assert headers["referrer-policy"] == "no-referrer", path


def test_pages_answer_head_and_304(room: Newsroom) -> None:
    with client_of(room) as client:
        for path in PAGES:
            first = client.get(path)
            assert client.head(path).headers["etag"] == first.headers["etag"], path
            again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
            assert (again.status_code, again.content) == (304, b""), path
            assert again.headers["vary"] == first.headers["vary"] == "Accept-Encoding", path


def test_a_page_that_is_not_there_is_a_page_and_repeats_nothing_of_the_request(room: Newsroom) -> None:
    with client_of(room) as client:
        for path in ("/secret-word", "/category/secret-word", "/article/secret-word", "/a/secret-word/b"):
            answer = client.get(path)
            assert answer.status_code == 404
            assert "secret-word" not in answer.text
            assert urljoin(path, links(answer.text)[-1]) == "/"


def test_pages_are_only_read(room: Newsroom) -> None:
    with client_of(room) as client:
        for path in PAGES:
            answer = client.post(path)
            assert answer.status_code == 405, path
            assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}, path
            assert "<h1>Not allowed</h1>" in answer.text, path


def test_all_else_is_only_read_too(room: Newsroom) -> None:
    files = ("feeds/all.rss", "feeds/feeds.opml", "style.css", "icon.svg", "status.json", "healthz", "metrics")
    with client_of(room) as client:
        for method, path in product(("POST", "PUT", "DELETE", "PATCH"), files):
            answer = client.request(method, f"/{path}", content=b"x" * 100_000)
            assert answer.status_code == 405, (method, path)
            assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}, (method, path)


def test_a_renamed_category_is_redirected_for_good_and_a_removed_one_is_gone(room: Newsroom) -> None:
    room.configuration["sources"][0]["category"] = "Wörld"
    room.configuration["sources"].pop()
    with client_of(room) as client:
        for pattern in ("/category/{}", "/feeds/{}.rss", "/feeds/{}.json"):
            answer = client.get(pattern.format("world-news"))
            assert answer.status_code == 301, pattern
            assert urljoin(pattern, answer.headers["location"]) == pattern.format("w%C3%B6rld")
            assert client.get(urljoin(pattern, answer.headers["location"])).status_code == 200, pattern
            assert client.get(pattern.format("zürich")).status_code == 410, pattern
            assert client.get(pattern.format("never")).status_code == 404, pattern


def test_a_renamed_source_is_redirected_for_good(room: Newsroom) -> None:
    for name in ("second", "third"):
        before = room.configuration["sources"][0]["name"]
        room.configuration["sources"][0]["name"] = name
        with client_of(room) as client:
            answer = client.get(f"/source/{before}?before=x")
            assert (answer.status_code, answer.headers["location"]) == (301, f"{name}?before=x")
            assert client.get(f"/source/{name}").status_code == 200
    with client_of(room) as client:
        assert client.get("/source/second").headers["location"] == "third"
        assert client.get("/source/never").status_code == 404
    url = room.configuration["sources"][0]["url"]
    room.configuration["sources"].append({"name": "second", "url": f"{url}?other"})
    with client_of(room) as client:  # another source has the name now
        assert client.get("/source/second").status_code == 200


def test_readers_in_browsers_see_that_a_feed_moved_or_is_gone(room: Newsroom) -> None:
    room.configuration["sources"][0]["category"] = "Wörld"
    room.configuration["sources"].pop()
    statuses = {
        "/feeds/world-news.rss": 301,
        "/feeds/all.rss/": 308,
        "/feeds/zürich.rss": 410,
        "/feeds/zürich/1.rss": 410,
        "/feeds/never.rss": 404,
        "/feeds/all/999.rss": 404,
    }
    with client_of(room) as client:
        answers = {path: client.get(path) for path in statuses}
    assert {path: answer.status_code for path, answer in answers.items()} == statuses
    assert {answer.headers["Access-Control-Allow-Origin"] for answer in answers.values()} == {"*"}


def test_a_form_that_feeds_do_not_have_was_never_there(room: Newsroom) -> None:
    room.configuration["sources"][0]["category"] = "Wörld"
    room.configuration["sources"].pop()
    room.configuration["feeds"] = {"formats": ["rss"]}
    names = ("world-news", "zürich", "world-news/1", "zürich/1", "all/1", "world-news.de")
    with client_of(room) as client:
        for name, form in product(names, ("atom", "xml", "opml")):
            assert client.get(f"/feeds/{name}.{form}").status_code == 404, (name, form)


def test_a_database_that_cannot_be_read_is_said_without_its_name(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise StoreError("The database at SECRET is locked")

    with client_of(room) as client:
        monkeypatch.setattr("aggregator.store.feeds.FeedStore.categories", fail)
        answer = client.get("/")
    assert answer.status_code == 503
    assert "SECRET" not in answer.text


def test_a_bug_is_a_page_too_and_tells_nothing(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("SECRET")

    with client_of(room) as client:
        monkeypatch.setattr("aggregator.store.feeds.FeedStore.categories", fail)
        answer = client.get("/")
    assert answer.status_code == 500
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "SECRET" not in answer.text


def test_pages_are_compressed_for_those_who_accept_it(room: Newsroom) -> None:
    with client_of(room) as client:
        packed = client.get("/")
        plain = client.get("/", headers={"Accept-Encoding": "identity"})
        for refusal in ("gzip;q=0", "gzip;q=0, *", "identity, gzip;q=0.5"):
            assert "content-encoding" not in client.get("/", headers={"Accept-Encoding": refusal}).headers
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text
    assert packed.headers["vary"] == plain.headers["vary"]


def test_pages_read_the_store_beside_the_event_loop() -> None:
    from aggregator.serve.pages import Pages

    endpoints = [Pages.front, Pages.category, Pages.article, Pages.status, Pages.http_error, Pages.unavailable]
    assert not [endpoint for endpoint in endpoints if asyncio.iscoroutinefunction(endpoint)]


def test_the_style_is_one_sheet_of_our_own(room: Newsroom) -> None:
    with client_of(room) as client:
        answer = client.get("/style.css")
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert not re.search(r"url\(|@import", answer.text)
    assert "prefers-color-scheme: dark" in answer.text


def test_an_article_of_a_feed_without_a_home_page_has_its_page(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(item(12)).replace(b"<link>https://source.example/</link>", b"<link>javascript:x</link>"))
    room.once()
    with client_of(room) as client:
        answer = client.get(first_article(client))
    assert answer.status_code == 200
    assert "its home page" not in answer.text


def test_a_slash_at_the_end_is_redirected_relative_to_the_path(room: Newsroom) -> None:
    locations = {
        "/status/": "../status",
        "/category/world-news/": "../world-news",
        "/category/a:b%20%C3%BC/": "../a:b%20%C3%BC",
        "/feeds/all.rss/": "../all.rss",
        "/status/?a=1&b=/x": "../status?a=1&b=/x",
        "/healthz/": "../healthz",
        "/feeds/": "../",
    }
    with client_of(room) as client:
        for path, location in locations.items():
            answer = client.get(path, headers={"Host": "evil.example"})
            assert (answer.status_code, answer.headers["location"]) == (308, location), path


def test_paths_that_name_nothing_are_404_and_the_answer_is_small(room: Newsroom) -> None:
    paths = ["//", "//status", "/category//", "//category/all", "/category//all", "/feeds//all.rss", "/status//"]
    paths += ["/none/", "/category/a%2F", "/" * 30_000, "/category/" + "a" * 30_000 + "/", "/a" * 15_000]
    with client_of(room) as client:
        for path in (*paths, "/a" * 15_000 + "/"):
            answer = client.get(f"http://evil.example{path}")
            assert answer.status_code == 404, path[:20]
            assert len(answer.content) + len(str(answer.headers)) < 3000, path[:20]


def test_no_answer_repeats_the_host(room: Newsroom) -> None:
    paths = [*PAGES, "/status/", "/feeds/", "/feeds/all.rss", "/feeds/none.rss", "/none", "/metrics", "/websub/x"]
    with client_of(room) as client:
        answers = [client.get(path, headers={"Host": "evil.example/a?b"}) for path in paths]
    assert not [answer for answer in answers if "evil.example" in answer.text + str(answer.headers)]


def test_every_article_can_be_reached_from_the_front_page(tmp_path: Path, server: Server) -> None:
    items = [item(number, pubDate="Tue, 24 Nov 2026 08:00:00 GMT") for number in range(60)]
    items += [item(number, pubDate=f"{number % 20 + 1:02} Nov 2026 08:00:00 GMT") for number in range(60, 130)]
    server.put("/feed", rss(*items))
    server.put("/wire", rss(item(7)))
    entries = [item(number, pubDate=f"{number % 20 + 1:02} Nov 2026 08:00:00 GMT") for number in range(130, 190)]
    server.put("/other", rss(*entries))
    paths = {"other": "other", "paper": "feed", "wire": "wire"}
    sources = [{"name": name, "url": server.url(f"/{path}")} for name, path in paths.items()]
    room = newsroom(tmp_path, sources)
    room.once()
    with client_of(room) as client:
        for start, number in (("/", 190), ("/category/paper", 130), ("/source/paper", 130), ("/source/wire", 1)):
            page: str | None = start
            seen: list[str] = []
            while page:
                html = client.get(page).text
                seen += [href for href in links(html) if "article/" in href]
                page = next((urljoin(page, href) for href in links(html) if href.startswith("?before=")), None)
            assert (len(seen), len(set(seen))) == (number, number), start


def test_an_older_page_stays_where_it_was_when_news_comes(room: Newsroom, server: Server) -> None:
    room.configuration["sources"][0]["interval"] = "5m"
    early = [item(number, pubDate="20 Nov 2026 08:00:00 GMT") for number in range(1, 70)]
    server.put("/feed", rss(*early))
    room.later(hours=1)
    room.once()
    with client_of(room) as client:
        (older,) = [href for href in links(client.get("/").text) if href.startswith("?before=")]
        before = headings(client.get(f"/{older}").text)
    late = [item(number, pubDate="24 Nov 2026 08:00:00 GMT") for number in range(70, 90)]
    server.put("/feed", rss(*late, *early))
    room.later(hours=1)
    room.once()
    with client_of(room) as client:
        assert headings(client.get(f"/{older}").text) == before
        assert client.get("/?before=0123456789abcdef0123456789abcdef").status_code == 404
        assert client.get("/?before=%00").status_code == 404


def test_a_source_has_a_page_also_after_it_was_removed(room: Newsroom) -> None:
    with client_of(room) as client:
        assert "not in the configuration" not in (html := client.get("/source/paper").text)
        assert headings(html) == ["Story number 2", "Story number 1"]
        assert "404" in client.get("/source/lost").text
        assert client.get("/source/nobody").status_code == 404
    del room.configuration["sources"][0]
    with client_of(room) as client:
        html = client.get("/source/paper").text
        assert "This source is not in the configuration any more. Its articles stay." in html
        assert headings(html) == ["Story number 2", "Story number 1"]


def test_times_are_those_of_the_configured_zone_and_sources_have_titles(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(item(11, pubDate="Mon, 23 Nov 2026 23:30:00 GMT")))
    room.configuration |= {"pages": {"timezone": "Europe/Berlin"}}
    room.configuration["sources"][0]["title"] = "The Paper & Co"
    room.later(hours=1)
    room.once()
    with client_of(room) as client:
        html = client.get("/").text
        article = client.get(first_article(client)).text
    assert '<time datetime="2026-11-23T23:30:00Z">00:30</time>' in html
    assert ">Today</h2>" in html
    assert "The Paper &amp; Co</a> · " in html
    assert " CET</time>" in article


def test_of_one_source_three_articles_stand_in_a_row_and_the_rest_is_folded(tmp_path: Path, server: Server) -> None:
    server.put("/feed", rss(*(item(number) for number in range(8))))
    room = newsroom(tmp_path, [{"name": "paper", "url": server.url("/feed")}])
    room.once()
    with client_of(room) as client:
        html = client.get("/").text
        assert "<summary>5 more from <span" in html
        assert len(headings(html)) == 8
        assert "<summary>" not in client.get("/source/paper").text


def test_icons_and_robots_txt_are_there(room: Newsroom) -> None:
    with client_of(room) as client:
        assert client.get("/favicon.ico").content.startswith(b"\0\0\1\0")
        assert client.get("/apple-touch-icon.png").content.startswith(b"\x89PNG")
        assert "Disallow: /status" in client.get("/robots.txt").text


def test_an_article_describes_itself_to_those_who_share_it(room: Newsroom) -> None:
    with client_of(room) as client:
        tags = elements(client.get(first_article(client)).text, "meta")
    properties = {tag["property"]: tag["content"] for tag in tags if "property" in tag}
    assert properties["og:type"] == "article"
    assert properties["og:title"] == "Story number 2"
    assert (properties["og:url"] or "").startswith("http://127.0.0.1:8080/article/")


def test_the_same_story_elsewhere_is_named_by_the_title_of_its_source(tmp_path: Path, server: Server) -> None:
    text = f"&lt;p&gt;{prose(1, 120)}&lt;/p&gt;"
    server.put("/first", rss(item(1, description=text)))
    server.put(
        "/second", rss(item(2, title="Another title", description=text)).replace(b"A source", b"The &lt;second&gt;")
    )
    room = newsroom(tmp_path, [{"name": name, "url": server.url(f"/{name}")} for name in ("first", "second")])
    room.once()
    with client_of(room) as client:
        page = client.get(first_article(client)).text
        titles = set(re.findall(r'</a>, <span dir="auto">([^<]*)</span></li>', page.partition("elsewhere")[2]))
        assert titles in ({"The &lt;second&gt;"}, {"A source"})
