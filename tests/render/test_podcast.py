"""Podcasts by the rules of the W3C's feed validator and of Apple, and as our own reader reads them."""

import json
import re
from typing import Any

import pytest
from lxml import etree

from aggregator.model import (
    CategoryFeed,
    Chapters,
    Details,
    Enclosure,
    Feed,
    FeedDocument,
    Origin,
    Participant,
    Podcast,
    PodcastCategory,
    Soundbite,
    StoredArticle,
    Transcript,
)
from aggregator.parse import parse
from aggregator.render import feed_files
from tests.render.examples import UPDATED, article, settings

NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "podcast": "https://podcastindex.org/namespace/1.0",
}
SHOW = Podcast(
    image="https://example.org/cover.jpg?size=3000",
    explicit=False,
    author="Harbour & Co",
    categories=(
        PodcastCategory(name="Society & Culture", subcategories=("Documentary",)),
        PodcastCategory(name="Arts"),
    ),
)
EPISODE = article(
    enclosures=(Enclosure(url="https://example.org/7.mp3", type="audio/mpeg", length=9, duration=3723, credit="Jo"),),
    image="https://example.org/7.jpg",
    details=Details(
        comments="https://example.org/7#comments",
        origin=Origin(title="The <first>", url="https://origin.example/feed"),
        title="Gulls & <ferries>",
        episode=7,
        season=2,
        episode_type="bonus",
        explicit=True,
        chapters=Chapters(url="https://example.org/7.json", type="application/json+chapters"),
        transcripts=(
            Transcript(url="https://example.org/7.vtt", type="text/vtt", language="en", rel="captions"),
            Transcript(url="https://example.org/7.srt", type="application/x-subrip"),
        ),
        people=(
            Participant(
                name="Jo & Al", role="guest", group="cast", url="https://jo.example/", image="https://jo.example/i"
            ),
            Participant(name="Kim"),
        ),
        soundbites=(Soundbite(start=73.25, duration=60, title="The ferry"), Soundbite(start=0, duration=1.5)),
    ),
)
# as the validator's itunes.py and the podcast namespace have them
RULES = {
    "itunes:explicit": r"yes|no|clean|true|false",
    "itunes:episodeType": r"full|trailer|bonus",
    "itunes:episode": r"[1-9]\d*",
    "itunes:season": r"[1-9]\d*",
    "itunes:duration": r"\d+|\d{1,2}:\d\d(:\d\d)?",
}
URLS = ("itunes:image/@href", "podcast:transcript/@url", "podcast:chapters/@url", "podcast:person/@href")
TYPES = ("podcast:transcript/@type", "podcast:chapters/@type", "enclosure/@type")


def documents(*articles: StoredArticle, podcast: Podcast | None = SHOW) -> dict[str, bytes]:
    feed = CategoryFeed(name="shows", label="Shows", updated=UPDATED, articles=articles, podcast=podcast)
    return {file.path.rpartition(".")[2]: file.data for file in feed_files(feed, settings())}


def texts(document: bytes, path: str) -> list[str]:
    texts_of_elements: Any = etree.fromstring(document).xpath(path, namespaces=NAMESPACES)
    return [str(text) for text in texts_of_elements]


def faults(document: bytes) -> list[str]:
    """Return what validators report of a podcast's RSS."""
    missing = [
        path
        for path in (
            "title",
            "link",
            "description",
            "language",
            "itunes:image/@href",
            "itunes:explicit",
            "itunes:author",
        )
        if len(texts(document, f"/rss/channel/{path}")) != 1
    ]
    missing += [] if texts(document, "/rss/channel/itunes:category/@text") else ["itunes:category"]
    wrong = [
        f"{name}: {text}"
        for name, rule in RULES.items()
        for text in texts(document, f"//{name}/text()")
        if not re.fullmatch(rule, text)
    ]
    repeated = [name for name in RULES if any(count > "1" for count in texts(document, f"//item[count({name}) > 1]"))]
    urls = [url for path in URLS for url in texts(document, f"//{path}") if not url.startswith("https://")]
    types = [
        kind for path in TYPES for kind in texts(document, f"//{path}") if not re.fullmatch(r"[\w+.-]+/[\w+.-]+", kind)
    ]
    bare = texts(document, "//podcast:transcript[not(@type)] | //podcast:soundbite[not(@startTime and @duration)]")
    return missing + wrong + repeated + urls + types + bare


def test_a_podcast_breaks_no_rule_of_the_validators() -> None:
    document = documents(EPISODE, article(2))["rss"]
    assert faults(document) == []
    assert texts(document, "/rss/channel/itunes:image/@href") == ["https://example.org/cover.jpg?size=3000"]
    assert texts(document, "/rss/channel/itunes:explicit/text()") == ["false"]
    assert texts(document, "/rss/channel/itunes:category/@text") == ["Society & Culture", "Arts"]
    assert texts(document, "/rss/channel/itunes:category/itunes:category/@text") == ["Documentary"]


@pytest.mark.parametrize(
    ("podcast", "lack"),
    [
        (Podcast(image="https://example.org/i.png"), ["itunes:explicit", "itunes:author", "itunes:category"]),
        (Podcast(explicit=True), ["itunes:image/@href", "itunes:author", "itunes:category"]),
    ],
)
def test_what_no_source_gives_is_left_out(podcast: Podcast, lack: list[str]) -> None:
    assert faults(documents(EPISODE, podcast=podcast)["rss"]) == lack


def test_a_feed_that_is_no_podcast_has_no_tags_of_one() -> None:
    for document in documents(article(), podcast=None).values():
        assert b"itunes" not in document
        assert b"podcast" not in document


@pytest.mark.parametrize("suffix", ["rss", "atom"])
def test_our_own_reader_finds_the_details_again(suffix: str) -> None:
    document = documents(EPISODE)[suffix]
    feed = parse(FeedDocument(url="https://a.example/", final_url="https://a.example/", body=document, digest=b""))
    assert isinstance(feed, Feed)
    details = feed.entries[0].details
    for name in (
        "title",
        "episode",
        "season",
        "episode_type",
        "explicit",
        "chapters",
        "transcripts",
        "people",
        "soundbites",
    ):
        assert getattr(details, name) == getattr(EPISODE.details, name)
    assert feed.entries[0].enclosures[:1] == EPISODE.enclosures  # its picture follows
    if suffix == "rss":
        assert details.comments == EPISODE.details.comments
        assert feed.podcast == SHOW


def test_comments_and_the_origin_are_links() -> None:
    files = documents(EPISODE)
    assert texts(files["rss"], "//item/comments/text()") == ["https://example.org/7#comments"]
    assert texts(files["atom"], "//atom:entry/atom:link[@rel='replies']/@href") == ["https://example.org/7#comments"]
    for suffix in ("rss", "atom"):
        link = "//atom:link[@rel='via']"
        assert texts(files[suffix], f"{link}/@href") == ["https://origin.example/feed"]
        assert texts(files[suffix], f"{link}/@title") == ["The <first>"]
    (item,) = json.loads(files["json"])["items"]
    assert item["_comments"] == "https://example.org/7#comments"
    assert item["_via"] == {"title": "The <first>", "url": "https://origin.example/feed"}


def test_an_origin_that_is_credited_as_the_source_is_no_further_link() -> None:
    story = article(details=Details(origin=Origin(title="The Example", url="https://example.org/feed.xml")))
    files = documents(story)
    assert texts(files["rss"], "//atom:link[@rel='via']/@href") == []
    assert "_via" not in json.loads(files["json"])["items"][0]


def test_json_feed_has_the_details_in_an_object_of_its_own() -> None:
    document = json.loads(documents(EPISODE)["json"])
    assert (document["icon"], document["authors"]) == (SHOW.image, [{"name": "Harbour & Co"}])
    (item,) = document["items"]
    assert item["attachments"][0]["duration_in_seconds"] == 3723
    episode = item["_episode"]
    assert (episode["season"], episode["episode"], episode["type"], episode["explicit"]) == (2, 7, "bonus", True)
    assert episode["transcripts"][1] == {"url": "https://example.org/7.srt", "type": "application/x-subrip"}
    assert episode["soundbites"][1] == {"start": 0, "duration": 1.5}


def test_an_unsafe_character_or_url_in_details_spoils_no_feed() -> None:
    details = Details(
        title="a\x0cb\ufffe",
        comments="javascript:alert(1)",
        transcripts=(
            Transcript(url="ftp://example.org/t", type="text/vtt"),
            Transcript(url="https://e.org/é", type="odd"),
        ),
        people=(Participant(name="J\x01o", url="data:x"),),
    )
    for suffix, document in documents(
        article(details=details), podcast=Podcast(author="a\x00b", explicit=True)
    ).items():
        if suffix == "json":
            assert json.loads(document)["items"][0]["_episode"]["people"] == [{"name": "Jo"}]
            continue
        assert texts(document, "//itunes:title/text()") == ["a b"]
        assert texts(document, "//podcast:transcript/@url") == ["https://e.org/%C3%A9"]
        assert b"javascript:" not in document
