"""Entries with endless fields: they are stored and published within bounds, and push no other article out of a feed."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.newsroom import Newsroom, item, newsroom, prose, rss
from tests.servers import Server
from tests.whole.feeds import alike

LONG = "x" * 2_000_000


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Newsroom:
    return newsroom(tmp_path, [{"name": "paper", "url": server.url("/feed"), "language": "en"}])


def published(room: Newsroom) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads(room.feed("paper.json"))["items"]
    return items


ENDLESS = {
    "author": f"<author>{LONG}</author>",
    "authors": "".join(f"<author>Author {number}</author>" for number in range(5000)),
    "category": f"<category>{LONG}</category>",
    "domain": f'<category domain="https://a.example/{LONG}">World</category>',
    "categories": "".join(f"<category>Category {number}</category>" for number in range(5000)),
    "files": "".join(
        f'<enclosure url="https://a.example/{number}.mp3" type="audio/mpeg"/>' for number in range(20_000)
    ),
    "type": f'<enclosure url="https://a.example/1.mp3" type="audio/{LONG}" length="{"9" * 10_000}"/>',
    "alternative text": '<media:content url="https://a.example/1.jpg" type="image/jpeg">'
    f"<media:title>{LONG}</media:title></media:content>",
    "image": f'<media:thumbnail url="https://a.example/{LONG}.jpg"/>',
    "language": f"<language>{LONG}</language>",
    "date": f"<pubDate>{LONG}</pubDate>",
}


@pytest.mark.parametrize("field", ENDLESS)
def test_an_endless_field_loses_no_article(field: str, room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(item(1) + ENDLESS[field], item(2)))
    assert room.once().new == 2
    assert len(alike(room, "paper")) == 2
    bounded, _ = sorted(published(room), key=lambda entry: str(entry["title"]))
    assert len(bounded["content_html"]) > 100  # the body, not the summary alone
    assert sum(map(len, room.articles().values())) < 10_000
    assert max(len(room.feed(f"paper.{suffix}")) for suffix in ("rss", "atom", "json")) < 100_000
    assert room.once().rows == 0


def test_an_endless_title_body_or_guid_loses_no_article(room: Newsroom, server: Server) -> None:
    body = "&lt;p&gt;A long paragraph.&lt;/p&gt;" * 9_000 + f"&lt;p&gt;{'word ' * 400_000}&lt;/p&gt;"
    server.put("/feed", rss(item(1, title=LONG), item(2, guid=f"tag:a.example,2026:{LONG}"), item(3, description=body)))
    assert room.once().new == 3
    entries = {entry["url"][-1]: entry for entry in published(room)}
    assert len(entries) == len(alike(room, "paper")) == 3
    assert len(entries["1"]["title"]) == 500
    assert len(entries["2"]["id"]) < 100
    (text,) = (text for text in room.articles().values() if "A long paragraph." in text)
    assert len(text) < 1_010_000
    assert "[Read it at source.example](https://source.example/stories/3)" in text
    assert room.once().rows == 0


def test_the_page_that_an_entry_is_about_is_passed_on_and_follows_the_source(room: Newsroom, server: Server) -> None:
    entry = {"id": "1", "url": "https://a.example/1", "title": "A", "content_text": prose(1)}
    for page in ("https://b.example/1", "https://b.example/2"):
        feed = {"version": "https://jsonfeed.org/version/1.1", "items": [entry | {"external_url": page}]}
        server.put("/feed", json.dumps(feed))
        room.once()
        assert [entry["external_url"] for entry in published(room)] == [page]
    assert "lastmod" not in next(iter(room.articles().values()))
