"""The example of docs/podcasts.md does what the page says: a category of podcasts is a podcast."""

import json
import re
from pathlib import Path

import yaml
from lxml import etree

from tests.commands import aggregator, configure
from tests.newsroom import item, newsroom, rss
from tests.servers import Server

PAGE = (Path(__file__).parent.parent / "docs" / "podcasts.md").read_text(encoding="utf-8")
ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
IMAGE = f'<i:image xmlns:i="{ITUNES}" href="/cover.jpg"/>'
EXPLICIT = f'<i:explicit xmlns:i="{ITUNES}">yes</i:explicit>'
AUTHOR = f'<i:author xmlns:i="{ITUNES}">Harbour</i:author>'
SEASON = f'<i:season xmlns:i="{ITUNES}">3</i:season>'
CATEGORY = f'<i:category xmlns:i="{ITUNES}" text="Arts"><i:category text="Design"/></i:category>'


def _tags(folder: Path, feed: str) -> dict[str, str]:
    """Return the tags of iTunes' module in the channel of a feed, with their text or attribute."""
    channel = etree.parse(folder / "storage" / "feeds" / feed).getroot()[0]
    return {
        element.tag.removeprefix(f"{{{ITUNES}}}"): element.text or str(next(iter(element.attrib.values())))
        for element in channel
        if element.tag.startswith(f"{{{ITUNES}}}")
    }


def test_the_example_publishes_a_podcast(tmp_path: Path, server: Server) -> None:
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for host, path in (("harbour", "podcast.xml"), ("lighthouse", "feed.xml"), ("town", "news.xml")):
        example = example.replace(f"https://{host}.example/{path}", server.url(f"/{host}"))
    episode = '<enclosure url="https://source.example/1.mp3" type="audio/mpeg" length="1"/>'
    server.put("/harbour", rss(item(1) + episode + SEASON, head=IMAGE + AUTHOR))
    server.put("/lighthouse", rss(item(2) + episode, head=EXPLICIT + AUTHOR.replace("Harbour", "Lighthouse")))
    server.put("/town", rss(item(3)))
    configure(tmp_path, **yaml.safe_load(example))
    assert aggregator("check", cwd=tmp_path).stderr == ""
    aggregator("once", cwd=tmp_path)
    tags = _tags(tmp_path, "podcasts.rss")
    assert tags == {"image": server.url("/cover.jpg"), "author": "Harbour", "explicit": "true"}
    assert _tags(tmp_path, "news.rss") == _tags(tmp_path, "all.rss") == {}
    assert b"<itunes:season>3</itunes:season>" in (tmp_path / "storage" / "feeds" / "all.rss").read_bytes()
    (sentence,) = re.findall(r"^feeds\.yaml: no source of the podcast feed podcasts .*$", PAGE, re.MULTILINE)
    assert sentence in aggregator("check", cwd=tmp_path).stderr
    server.put("/lighthouse", rss(item(2) + episode, head=EXPLICIT + CATEGORY))
    aggregator("once", "--all", cwd=tmp_path)
    assert _tags(tmp_path, "podcasts.rss") == tags | {"category": "Arts"}  # though no article changed
    assert aggregator("check", cwd=tmp_path).stderr == ""


def test_a_changed_detail_reaches_the_feeds_and_is_no_edit(tmp_path: Path, server: Server) -> None:
    server.put("/harbour", rss(item(1) + SEASON, head=IMAGE))
    room = newsroom(tmp_path, [server.url("/harbour")])
    room.once()
    (before,) = json.loads(room.feed("all.json"))["items"]
    server.put("/harbour", rss(item(1) + SEASON.replace("3", "4"), head=IMAGE))
    room.later(hours=1)
    cycle = room.once()
    (after,) = json.loads(room.feed("all.json"))["items"]
    assert (cycle.new, cycle.updated) == (0, 0)
    assert (before["_episode"], after["_episode"]) == ({"season": 3}, {"season": 4})
    assert after["date_modified"] == before["date_modified"]
