"""All formats say the same; feedparser, which most readers resemble, and json read it back."""

import calendar
import json
from datetime import UTC, datetime
from typing import Any, get_args

import feedparser
import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import ClusterMember, Enclosure, Feed, FeedDocument, Person, StoredArticle, Term
from aggregator.parse import parse
from aggregator.render import FORMATS, feed_files
from aggregator.render.formats import MAX_BYTES
from aggregator.settings import FormatName
from tests.cases import for_each
from tests.render.examples import PUBLISHED, UPDATED, article, category_feed, modestly, settings

RICH = article(
    authors=(Person(name="A Writer", email="writer@example.org", url="https://example.org/writer"), Person(name="B")),
    terms=(Term(term="World & Co", scheme="https://example.org/terms", label="World"), Term(term="Two, words")),
    enclosures=(
        Enclosure(url="https://example.org/1.mp3", type="audio/mpeg", length=1234),
        Enclosure(url="https://example.org/2.mp4", type="video/mp4"),
    ),
    image="https://example.org/image.jpg",
    updated=UPDATED,
    also=(ClusterMember(title="The same <story>", link="https://other.example/1", source="other"),),
)


def _documents(*articles: StoredArticle, **changes: Any) -> dict[str, bytes]:
    files = feed_files(category_feed(*articles), settings(**changes))
    return {file.path.rpartition(".")[2]: file.data for file in files}


def _from_xml(document: bytes) -> list[tuple[Any, ...]]:
    parsed = feedparser.parse(document)
    assert not parsed.bozo, parsed.get("bozo_exception")
    return [
        (
            entry.id,
            entry.link,
            entry.title,
            calendar.timegm(entry.published_parsed),
            calendar.timegm(entry.updated_parsed),
            [tag.term for tag in entry.get("tags", [])],
            [(file.href, file.type, int(file.get("length", 0))) for file in entry.enclosures],
        )
        for entry in parsed.entries
    ]


def _from_json(document: bytes) -> list[tuple[Any, ...]]:
    return [
        (
            item["id"],
            item["url"],
            item["title"],
            int(datetime.fromisoformat(item["date_published"]).timestamp()),
            int(datetime.fromisoformat(item["date_modified"]).timestamp()),
            item.get("tags", []),
            [(file["url"], file["mime_type"], file.get("size_in_bytes", 0)) for file in item.get("attachments", [])],
        )
        for item in json.loads(document)["items"]
    ]


def _entries(documents: dict[str, bytes]) -> list[tuple[Any, ...]]:
    """What the three documents hold, once it is sure that they agree."""
    rss, atom, items = _from_xml(documents["rss"]), _from_xml(documents["atom"]), _from_json(documents["json"])
    assert rss == atom == items
    return items


def test_the_formats_are_those_that_settings_offer() -> None:
    assert tuple(offered.name for offered in FORMATS) == get_args(FormatName)


def test_a_category_is_a_file_in_each_configured_format() -> None:
    assert [file.path for file in feed_files(category_feed(), settings())] == ["news.rss", "news.atom", "news.json"]
    only_json = feed_files(category_feed(name="книги"), settings(feeds={"formats": ["json"]}))
    assert [file.path for file in only_json] == ["книги.json"]


def test_all_formats_hold_the_same_entries_in_the_same_order() -> None:
    entries = _entries(_documents(RICH, article(2), article(3)))
    assert [entry[0] for entry in entries] == [f"https://example.org/?p={number}" for number in (1, 2, 3)]
    _, url, title, published, updated, categories, enclosures = entries[0]
    assert (url, title) == ("https://example.org/1/", "Article 1")
    assert (published, updated) == (PUBLISHED.timestamp(), UPDATED.timestamp())
    assert categories == ["World & Co", "Two, words"]
    assert enclosures == [
        ("https://example.org/1.mp3", "audio/mpeg", 1234),
        ("https://example.org/2.mp4", "video/mp4", 0),
    ]


FILES = article(
    summary="The summary",
    enclosures=(
        Enclosure(url="https://example.org/1.mp3", type="audio/mpeg", length=1234, title="Talk", duration=3723),
        Enclosure(url="https://example.org/i.jpg", type="image/jpeg", title="a ferry & <gulls>"),
        Enclosure(url="https://example.org/j.png", type="image/png", length=9),
    ),
    image="https://example.org/i.jpg",
)


def test_all_formats_say_of_files_what_they_are_how_large_and_how_long() -> None:
    """A feed of ours that another aggregator of this kind reads gives the same files."""
    documents = _documents(FILES)
    for document in documents.values():
        feed = parse(FeedDocument(url="https://a.example/", final_url="https://a.example/", body=document, digest=b""))
        assert isinstance(feed, Feed)
        assert feed.entries[0].enclosures == FILES.enclosures
        assert feed.entries[0].image == FILES.image
    for name in ("rss", "atom"):
        entry = feedparser.parse(documents[name]).entries[0]
        assert (entry.title, entry.summary) == ("Article 1", "The summary")
        assert entry.itunes_duration == "3723"
        assert [content["url"] for content in entry.media_content] == [file.url for file in FILES.enclosures]


@for_each("title", ["Vec<T> & AT&T", "1 < 2 > 0", "R&amp;D", "]]>", "“Quoted” – it's", "日本 🚀", "a <b", "{{< x >}}"])
def test_a_title_is_read_back_verbatim(title: str) -> None:
    assert _entries(_documents(article(title=title)))[0][2] == title


def _is_left_alone(text: str) -> bool:
    """Whether feedparser takes `text` as it is: what looks like UTF-8 read in another charset, it reads anew."""
    for charset in ("latin-1", "cp1252"):
        try:
            return text.encode(charset).decode() == text
        except UnicodeError:
            continue
    return True


WORDS = (
    st.text(st.characters(categories=["L", "N", "P", "Zs"], exclude_characters="<>&"), min_size=1)
    .map(lambda text: " ".join(text.split()) or "x")
    .filter(_is_left_alone)
)
URLS = st.text(max_size=20).map(lambda path: f"https://example.org/{path}")
MOMENTS = st.integers(631_152_000, 4_102_444_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
ARTICLES = st.lists(
    st.builds(
        article,
        st.integers(min_value=0),
        uid=st.one_of(
            URLS, st.uuids().map(lambda uuid: f"urn:uuid:{uuid}"), WORDS.map("tag:example.org,2020:{}".format)
        ),
        link=URLS,
        title=WORDS,
        html=st.text().map("<p>{}</p>".format) | st.just(""),
        summary=st.text(),
        language=st.sampled_from(["en", "ur", None, "not a language"]),
        published=MOMENTS,
        updated=MOMENTS,
        authors=st.lists(st.builds(Person, name=st.text(min_size=1), email=st.text(), url=URLS), max_size=2).map(tuple),
        terms=st.lists(st.builds(Term, term=WORDS, scheme=URLS | st.text(), label=WORDS), max_size=4).map(tuple),
        enclosures=st.lists(
            st.builds(
                Enclosure, url=URLS, type=st.sampled_from(["audio/mpeg", "", None]), length=st.integers(0) | st.none()
            ),
            max_size=3,
        ).map(tuple),
        image=URLS | st.none(),
        also=st.lists(st.builds(ClusterMember, title=st.text(), link=URLS, source=WORDS), max_size=2).map(tuple),
    ),
    max_size=4,
)


@modestly
@given(ARTICLES)
def test_any_articles_are_read_back_alike_from_all_formats(articles: list[StoredArticle]) -> None:
    entries = _entries(_documents(*articles))
    assert [entry[2] for entry in entries] == [story.title for story in articles]


@modestly
@given(st.text(st.characters()))
def test_no_character_loses_the_feed(text: str) -> None:
    for document in _documents(article(title=f"a{text}", html=text, summary=text), article(2)).values():
        document.decode()
    assert len(_from_xml(_documents(article(title=f"a{text}", html=text, summary=text), article(2))["rss"])) == 2


def test_equal_input_gives_equal_bytes_at_any_time() -> None:
    with time_machine.travel(datetime(2030, 1, 1, tzinfo=UTC)):
        later = _documents(RICH, article(2))
    assert _documents(RICH, article(2)) == later


@pytest.mark.parametrize("suffix", ["rss", "atom", "json"])
def test_stories_told_elsewhere_end_the_body(suffix: str) -> None:
    paragraph = '<p>Also: <a href="https://other.example/1">The same &lt;story&gt;</a> (other)</p>'
    assert _body(_documents(RICH)[suffix]) == RICH.html + paragraph


def test_the_feed_of_everything_has_the_newsrooms_own_title_and_page() -> None:
    rss = feed_files(category_feed(name="all", label="all"), settings())[0]
    parsed = feedparser.parse(rss.data)
    assert rss.path == "all.rss"
    assert (parsed.feed.title, parsed.feed.link) == ("My newsroom", "https://news.example.org/")


def test_a_category_outside_ascii_has_urls_in_ascii() -> None:
    parsed = feedparser.parse(feed_files(category_feed(name="книги", label="Книги"), settings())[0].data)
    assert parsed.feed.title == "My newsroom: Книги"
    assert parsed.feed.link == "https://news.example.org/category/%D0%BA%D0%BD%D0%B8%D0%B3%D0%B8"


def test_a_url_outside_ascii_is_written_alike_in_all_formats() -> None:
    entry = _entries(_documents(article(uid="https://example.org/ü", link="https://example.org/a b")))[0]
    assert entry[:2] == ("https://example.org/%C3%BC", "https://example.org/a%20b")


def test_what_is_named_twice_is_published_once() -> None:
    twice = article(
        terms=(Term(term="a"), Term(term=" a "), Term(term=" ")),
        enclosures=(Enclosure(url="https://example.org/1", type="audio/mpeg"), Enclosure(url="https://example.org/1")),
    )
    entry = _entries(_documents(twice))[0]
    assert entry[5:] == (["a"], [("https://example.org/1", "audio/mpeg", 0)])


def test_the_oldest_are_left_out_of_all_formats_when_one_is_too_large() -> None:
    many = [article(number, html="<p>" + "& < " * 5_000 + "</p>") for number in range(30)]
    documents = _documents(*many)
    entries = _entries(documents)
    assert 0 < len(entries) < 30
    assert [entry[0] for entry in entries] == [story.uid for story in many[: len(entries)]]
    largest = max(len(document) for document in documents.values())
    assert largest <= MAX_BYTES
    assert largest > MAX_BYTES - 60_000  # one more would not have gone in


def test_a_body_that_alone_is_too_large_gives_way_to_its_summary() -> None:
    huge = article(1, html="<p>" + "<b>x</b>" * 50_000 + "</p>", summary="Short & sweet.")
    documents = _documents(huge, article(2))
    assert [entry[2] for entry in _entries(documents)] == ["Article 1", "Article 2"]
    for document in documents.values():
        assert _body(document) == "<p>Short &amp; sweet.</p>"
        assert len(document) < 5_000


def test_an_article_that_is_too_large_even_without_its_body_keeps_no_other_out() -> None:
    monstrous = article(1, summary="x" * MAX_BYTES)
    assert [entry[2] for entry in _entries(_documents(monstrous, article(2)))] == ["Article 2"]


@pytest.mark.parametrize("length", [3_000, 12_000, 14_000, 40_000])
def test_an_article_that_grows_as_much_as_it_can_keeps_no_other_out(length: int) -> None:
    url = f"https://example.org/{'😀' * length}"  # 12 bytes each as a URI
    large = article(2, html="<p>x</p>" * 40_000)
    documents = _documents(article(1, image=url, link=url, uid=url), large, article(3))
    assert all(len(document) <= MAX_BYTES for document in documents.values())
    assert {"Article 2", "Article 3"} <= {item["title"] for item in json.loads(documents["json"])["items"]}


def test_a_feed_within_the_limit_is_whole() -> None:
    many = [article(number, html="<p>x</p>" * 400) for number in range(50)]
    assert len(_entries(_documents(*many))) == 50


def _body(document: bytes) -> str:
    """The first entry's body as it stands in the document."""
    if document.startswith(b"{"):
        return str(json.loads(document)["items"][0]["content_html"])
    parsed = feedparser.parse(document, sanitize_html=False, resolve_relative_uris=False)
    return str(parsed.entries[0].content[0].value)
