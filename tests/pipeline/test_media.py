"""Media, podcasts, origins and comments of sources in our feeds, in the words of each format."""

import json
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from aggregator.config import load
from aggregator.maintain.podcasts import missing_tags
from tests.newsroom import newsroom
from tests.servers import Server

NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "podcast": "https://podcastindex.org/namespace/1.0",
}
PODCAST = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
    xmlns:podcast="https://podcastindex.org/namespace/1.0" xmlns:media="http://search.yahoo.com/mrss/">
<channel>
  <title>Harbour talk</title><link>https://harbour.example/</link><description>Ships.</description>
  <language>en-gb</language><itunes:author>Harbour &amp; Co</itunes:author><itunes:explicit>no</itunes:explicit>
  <itunes:image href="https://harbour.example/cover.jpg"/>
  <itunes:category text="Society &amp; Culture"><itunes:category text="Documentary"/></itunes:category>
  <item>
    <title>7. The ferry</title><link>https://harbour.example/7</link>
    <guid isPermaLink="false">harbour-7</guid><pubDate>Mon, 23 Nov 2026 10:00:00 GMT</pubDate>
    <description>&lt;p&gt;A ferry sails at night, and nobody knows where it goes.&lt;/p&gt;</description>
    <enclosure url="https://harbour.example/7.mp3" type="audio/mpeg" length="123456"/>
    <itunes:title>The ferry</itunes:title><itunes:duration>1:02:03</itunes:duration><itunes:season>2</itunes:season>
    <itunes:episode>7</itunes:episode><itunes:episodeType>bonus</itunes:episodeType>
    <itunes:explicit>yes</itunes:explicit><itunes:image href="https://harbour.example/7.jpg"/>
    <podcast:transcript url="https://harbour.example/7.vtt" type="text/vtt" language="en" rel="captions"/>
    <podcast:chapters url="https://harbour.example/7.json" type="application/json+chapters"/>
    <podcast:person role="guest" group="cast" href="https://jo.example/" img="https://jo.example/i.jpg">Jo</podcast:person>
    <podcast:soundbite startTime="73.5" duration="60">The horn</podcast:soundbite>
    <comments>https://harbour.example/7#comments</comments>
    <source url="https://origin.example/feed.xml">Origin</source>
  </item>
</channel></rss>"""
PICTURES = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel>
  <title>The paper</title><link>https://paper.example/</link><description>News.</description>
  <item>
    <title>Gulls</title><link>https://paper.example/gulls</link><guid>https://paper.example/gulls</guid>
    <pubDate>Mon, 23 Nov 2026 10:00:00 GMT</pubDate><description>Gulls over the harbour of the town.</description>
    <media:group>
      <media:content url="https://img.example/g?w=140" medium="image" type="image/jpeg" width="140" height="84"/>
      <media:content url="https://img.example/g?w=460" medium="image" type="image/jpeg" width="460" height="276"
          fileSize="4600"><media:description>Gulls over a quay</media:description></media:content>
      <media:credit>Ann / Agency</media:credit>
    </media:group>
    <media:content url="https://img.example/map.png" medium="image"/>
    <media:content url="https://video.example/v.mp4" type="video/mp4" duration="61">
      <media:description>The film</media:description></media:content>
  </item>
</channel></rss>"""
BESIDE = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel>
  <title>The paper</title><link>https://paper.example/</link><description>News.</description>{head}
  <item>
    <title>Terns</title><link>https://paper.example/terns</link><guid>https://paper.example/terns</guid>
    <pubDate>Mon, 23 Nov 2026 10:00:00 GMT</pubDate><description>Terns over the harbour of the town.</description>
    <media:content url="https://img.example/tern.jpg" medium="image" width="600"/>
    <media:content url="https://img.example/nest.jpg" medium="image"><media:credit>Bo</media:credit>
      <media:description>A nest</media:description></media:content>
    <media:group><media:content url="https://video.example/tern.mp4" type="video/mp4" duration="61"/>
      <media:title>The film</media:title></media:group>
    <media:credit>Ann for the paper</media:credit><media:description>A tern over a quay</media:description>
  </item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:x:planet</id><title>Planet</title>
  <updated>2026-11-23T10:00:00Z</updated><entry><id>tag:planet.example,2026:1</id><title>From elsewhere</title>
  <link href="https://elsewhere.example/1"/><link rel="replies" type="text/html" href="https://elsewhere.example/1/talk"/>
  <updated>2026-11-23T10:00:00Z</updated><content type="html">A text of another feed.</content>
  <source><id>https://elsewhere.example/</id><title>Elsewhere</title>
  <link rel="self" href="https://elsewhere.example/atom.xml"/></source></entry></feed>"""


class Feeds:
    """A category in the three formats."""

    def __init__(self, folder: Path, server: Server, document: str) -> None:
        server.put("/feed", document)
        room = newsroom(folder, [{"name": "source", "url": server.url("/feed")}])
        assert room.once().new == 1
        rss: Any = etree.fromstring(room.feed("all.rss"))
        atom: Any = etree.fromstring(room.feed("all.atom"))
        self.channel: Any = rss[0]
        self.item: Any = rss.find("channel/item")
        self.entry: Any = atom.find("atom:entry", NAMESPACES)
        self.json: dict[str, Any] = json.loads(room.feed("all.json"))["items"][0]

    def both(self, path: str) -> list[Any]:
        """What this path finds in the item of RSS, which that of Atom has too."""
        of_item, of_entry = (element.xpath(path, namespaces=NAMESPACES) for element in (self.item, self.entry))
        assert [str(each) for each in of_item] == [str(each) for each in of_entry]
        return list(of_item)


@pytest.fixture
def podcast(tmp_path: Path, server: Server) -> Feeds:
    return Feeds(tmp_path, server, PODCAST)


@pytest.fixture
def pictures(tmp_path: Path, server: Server) -> Feeds:
    return Feeds(tmp_path, server, PICTURES)


def test_an_episode_keeps_every_tag_of_itunes(podcast: Feeds) -> None:
    expected = {
        "title": "The ferry",
        "duration": "3723",
        "season": "2",
        "episode": "7",
        "episodeType": "bonus",
        "explicit": "true",
    }
    assert {name: "".join(podcast.both(f"itunes:{name}/text()")) for name in expected} == expected
    assert podcast.both("itunes:image/@href") == ["https://harbour.example/7.jpg"]
    (attachment,) = podcast.json["attachments"]
    assert attachment == {
        "url": "https://harbour.example/7.mp3",
        "mime_type": "audio/mpeg",
        "size_in_bytes": 123456,
        "duration_in_seconds": 3723,
    }
    assert podcast.json["image"] == "https://harbour.example/7.jpg"
    episode = podcast.json["_episode"]
    assert (episode["title"], episode["season"], episode["episode"]) == ("The ferry", 2, 7)
    assert (episode["type"], episode["explicit"]) == ("bonus", True)
    assert podcast.item.find("enclosure").attrib == {
        "url": "https://harbour.example/7.mp3",
        "type": "audio/mpeg",
        "length": "123456",
    }
    assert podcast.entry.xpath("atom:link[@rel='enclosure']/@href", namespaces=NAMESPACES) == [attachment["url"]]


def test_an_episode_keeps_every_tag_of_the_podcast_namespace(podcast: Feeds) -> None:
    for name, attributes in {
        "transcript": {"url": "https://harbour.example/7.vtt", "type": "text/vtt", "language": "en", "rel": "captions"},
        "chapters": {"url": "https://harbour.example/7.json", "type": "application/json+chapters"},
        "person": {"role": "guest", "group": "cast", "href": "https://jo.example/", "img": "https://jo.example/i.jpg"},
        "soundbite": {"startTime": "73.5", "duration": "60"},
    }.items():
        for element in (podcast.item, podcast.entry):
            (tag,) = element.findall(f"podcast:{name}", NAMESPACES)
            assert tag.attrib == attributes
    assert podcast.both("podcast:person/text()") == ["Jo"]
    assert podcast.both("podcast:soundbite/text()") == ["The horn"]
    episode = podcast.json["_episode"]
    assert episode["transcripts"][0]["url"] == "https://harbour.example/7.vtt"
    assert episode["chapters"]["url"] == "https://harbour.example/7.json"
    assert episode["people"][0]["name"] == "Jo"
    assert episode["soundbites"] == [{"start": 73.5, "duration": 60.0, "title": "The horn"}]


def test_a_category_of_one_podcast_is_a_podcast(podcast: Feeds) -> None:
    def of_channel(path: str) -> list[Any]:
        return list(podcast.channel.xpath(path, namespaces=NAMESPACES))

    assert of_channel("itunes:author/text()") == ["Harbour & Co"]
    assert of_channel("itunes:image/@href") == ["https://harbour.example/cover.jpg"]
    assert of_channel("itunes:explicit/text()") == ["false"]
    assert of_channel("itunes:category/@text | itunes:category/itunes:category/@text") == [
        "Society & Culture",
        "Documentary",
    ]
    assert all(of_channel(f"{name}/text()") for name in ("title", "link", "description"))
    assert of_channel("language/text()") == ["en"]


def test_comments_and_the_origin_of_an_item_go_on(podcast: Feeds) -> None:
    assert podcast.item.findtext("comments") == "https://harbour.example/7#comments"
    replies = podcast.entry.xpath("atom:link[@rel='replies']/@href", namespaces=NAMESPACES)
    assert replies == [podcast.json["_comments"]] == ["https://harbour.example/7#comments"]
    assert podcast.both("atom:link[@rel='via']/@href") == ["https://origin.example/feed.xml"]
    assert podcast.json["_via"] == {"title": "Origin", "url": "https://origin.example/feed.xml"}


def test_comments_and_the_origin_of_an_atom_entry_go_on(tmp_path: Path, server: Server) -> None:
    feeds = Feeds(tmp_path, server, ATOM)
    assert feeds.both("atom:link[@rel='via']/@href") == ["https://elsewhere.example/atom.xml"]
    assert feeds.json["_via"]["title"] == "Elsewhere"
    assert feeds.item.findtext("comments") == feeds.json["_comments"] == "https://elsewhere.example/1/talk"


def test_a_picture_goes_on_in_all_its_sizes_and_counts_once(pictures: Feeds) -> None:
    large, small = "https://img.example/g?w=460", "https://img.example/g?w=140"
    assert pictures.both("media:group/media:content/@url") == [large, small]
    assert pictures.both("media:group/media:content/@width") == ["460", "140"]
    assert pictures.both("media:group/media:content/@height") == ["276", "84"]
    assert pictures.both("media:group/media:content[@isDefault='true']/@url") == [large]
    assert pictures.both("media:content/@url") == ["https://video.example/v.mp4", "https://img.example/map.png"]
    assert pictures.both("media:thumbnail/@url") == [large]
    assert pictures.json["image"] == large
    assert pictures.item.xpath("enclosure/@url") == [file["url"] for file in pictures.json["attachments"]]
    picture = next(file for file in pictures.json["attachments"] if file["url"] == large)
    assert picture["_renditions"] == [
        {"url": large, "mime_type": "image/jpeg", "width": 460, "height": 276, "size_in_bytes": 4600},
        {"url": small, "mime_type": "image/jpeg", "width": 140, "height": 84},
    ]
    assert small not in [file["url"] for file in pictures.json["attachments"]]


def test_media_keep_credit_and_description(pictures: Feeds) -> None:
    assert pictures.both("media:group/media:content/media:credit/text()") == ["Ann / Agency"]
    assert pictures.both("media:group/media:content/media:title/text()") == ["Gulls over a quay"]
    assert pictures.both("media:content/media:title/text()") == ["The film"]
    titles = {file["url"]: (file.get("title"), file.get("_credit")) for file in pictures.json["attachments"]}
    assert titles == {
        "https://video.example/v.mp4": ("The film", None),
        "https://img.example/g?w=460": ("Gulls over a quay", "Ann / Agency"),
        "https://img.example/map.png": (None, None),
    }


@pytest.mark.parametrize("head", ["", "<cloud><title>read by feedparser alone</title></cloud>"])
def test_texts_beside_the_files_are_theirs(tmp_path: Path, server: Server, head: str) -> None:
    feeds = Feeds(tmp_path, server, BESIDE.format(head=head))
    texts = {file["url"]: (file.get("title"), file.get("_credit")) for file in feeds.json["attachments"]}
    assert texts == {
        "https://video.example/tern.mp4": ("The film", "Ann for the paper"),
        "https://img.example/tern.jpg": ("A tern over a quay", "Ann for the paper"),
        "https://img.example/nest.jpg": ("A nest", "Bo"),
    }
    titles = ["The film", "A tern over a quay", "A nest"]
    assert sorted(feeds.both("media:content/media:title/text()")) == sorted(titles)


def test_tags_that_a_podcast_lacks_are_those_of_its_published_feed(tmp_path: Path, server: Server) -> None:
    lacking = PODCAST.replace("<itunes:explicit>no</itunes:explicit>", "")
    server.put("/feed", lacking.replace('<itunes:image href="https://harbour.example/cover.jpg"/>', ""))
    room = newsroom(
        tmp_path,
        [
            {"name": "harbour", "url": server.url("/feed"), "category": "talk"},
            {"name": "silent", "url": server.url("/missing"), "category": "talk"},  # no article of it is published
        ],
    )
    room.once()
    assert b"<itunes:category" in room.feed("talk.rss")
    missing = ("itunes:image", "itunes:explicit")
    assert missing_tags(load(tmp_path / "feeds.yaml", {})) == {"all": missing, "talk": missing}
    room.configuration["rules"] = [{"categories": ["Ferries"]}]
    room.once()
    assert b"<itunes:category" in room.feed("ferries.rss")
    assert missing_tags(load(tmp_path / "feeds.yaml", {})) == {"all": missing, "ferries": missing}
