"""The search page."""

import logging
from html import unescape
from pathlib import Path
from urllib.parse import quote, urljoin

import pytest

from aggregator.serve.pages import PAGE_ARTICLES
from tests.newsroom import Newsroom, item, newsroom, rss
from tests.serve.test_pages import client_of, elements, headings, links
from tests.servers import Server

MANY = PAGE_ARTICLES + 10


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Newsroom:
    server.put("/feed", rss(*(item(n, pubDate=f"Tue, 24 Nov 2026 08:{n % 60:02}:00 +0000") for n in range(MANY))))
    filled = newsroom(tmp_path, [{"name": "paper", "url": server.url("/feed")}], title="My newsroom")
    filled.once()
    return filled


def test_every_page_has_a_search_field_that_works_without_script(room: Newsroom) -> None:
    with client_of(room) as client:
        for page in ("/", "/category/all", "/source/paper", "/status", "/search", "/article/none"):
            answer = client.get(page)
            (form,) = elements(answer.text, "form")
            assert urljoin(page, str(form["action"])) == "/search", page
            assert form.get("method", "get") == "get", page
            (field,) = elements(answer.text, "input")
            assert (field["name"], field["type"]) == ("q", "search"), page
            assert "form-action 'self'" in answer.headers["content-security-policy"], page


def test_a_search_shows_the_articles_with_its_words_newest_first(room: Newsroom) -> None:
    with client_of(room) as client:
        html = client.get("/search", params={"q": '"STORY númber" -7 -8'}).text
        assert headings(html)[0] == f"Story number {MANY - 1}"
        assert len(headings(html)) == PAGE_ARTICLES
        (field,) = elements(html, "input")
        assert unescape(str(field["value"])) == '"STORY númber" -7 -8'
        assert headings(client.get("/search?q=story+7").text) == ["Story number 7"]
        assert "No article has all of these words" in client.get("/search?q=nowhere").text


def test_every_article_that_matches_is_reached_by_links_to_older_ones(room: Newsroom) -> None:
    titles: list[str] = []
    with client_of(room) as client:
        page: str | None = f"/search?q={quote('number & story -nothing')}"
        while page:
            html = client.get(page).text
            titles += headings(html)
            page = next((urljoin(page, href) for href in links(html) if "before=" in href), None)
        assert client.get("/search?q=story&before=none").status_code == 404
    assert titles == [f"Story number {number}" for number in range(MANY - 1, -1, -1)]


def test_any_input_is_a_search(room: Newsroom) -> None:
    with client_of(room) as client:
        for query in ("", "%22", "-", "%00", "%ff", "%ed%a0%80", "a" * 4000, "%3Cscript%3E%22%27%26", "*"):
            answer = client.get(f"/search?q={query}")
            assert answer.status_code == 200, query
            assert "<script>" not in answer.text, query


def test_queries_are_not_logged(room: Newsroom, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "aggregator")
    with client_of(room) as client:
        client.get("/search?q=confidential")
    assert "confidential" not in caplog.text
