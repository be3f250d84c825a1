"""What goes out, held against the documents: one story once, feeds alike in every format, and `feeds.yaml` obeyed."""

import json
import re
from collections.abc import Iterable
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from aggregator.publish import Published, publish_all
from tests.newsroom import START, Newsroom, front_matter, item, newsroom, prose, rss
from tests.servers import Server
from tests.whole.feeds import alike


def place(names: Iterable[str], server: Server, **categories: Any) -> list[dict[str, Any]]:
    return [{"name": name, "url": server.url(f"/{name}"), "category": categories.get(name, "news")} for name in names]


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Newsroom:
    """Sources one (category World) and two (category Politics)."""
    return newsroom(tmp_path, place(("one", "two"), server, one="World", two="Politics"))


def items(room: Newsroom, name: str) -> list[dict[str, Any]]:
    entries = json.loads(room.feed(f"{name}.json"))["items"]
    assert isinstance(entries, list)
    return entries


def paragraph(text: str) -> str:
    return f"&lt;p&gt;{text}&lt;/p&gt;"


# --------------------------------------------------------------------------------------------------- one story, once


def test_a_source_that_follows_days_later_joins_the_article(room: Newsroom, server: Server) -> None:
    server.put("/one", rss(item(1)))
    server.put("/two", rss())
    room.once()
    (path,) = room.articles()
    (before,) = items(room, "world")
    room.later(days=2)
    server.put("/two", rss(item(1, guid="other", link="http://m.source.example/stories/1/?utm_medium=x")))
    second = room.once()
    assert (second.new, second.duplicates, second.published.articles) == (0, 1, 1)
    ((written, text),) = room.articles().items()
    assert written == path
    assert front_matter(text)["categories"] == ["World", "Politics"]
    assert "lastmod" not in front_matter(text)
    assert text.endswith("\n\n[one](https://source.example/stories/1)\n\n[two](http://m.source.example/stories/1/)\n")
    (after,) = items(room, "world")
    assert items(room, "politics") == [after]
    assert [credit["name"] for credit in after.pop("_sources")] == ["one", "two"]
    assert [credit["name"] for credit in before.pop("_sources")] == ["one"]
    assert {**after, "tags": None} == {**before, "tags": None}  # no date has moved
    assert room.once().rows == 0


def test_the_order_of_sources_does_not_decide_what_is_one(tmp_path: Path, server: Server) -> None:
    text = paragraph(prose(5, 200))
    server.put("/a", rss(item(1, description=text), item(2)))
    server.put("/b", rss(item(3, title="Story number 1", description=text), item(4)))
    server.put("/c", rss(item(1, guid="c", description=text), item(2, guid="d")))
    outcomes = set()
    for number, names in enumerate(permutations("abc")):
        root = tmp_path / str(number)
        root.mkdir()
        room = newsroom(root, place(names, server))
        first = room.once()
        shown = frozenset(entry["title"] for entry in alike(room, "news"))
        outcomes.add((first.new, first.duplicates, len(room.articles()), shown))
    assert outcomes == {(4, 2, 4, frozenset({"Story number 1", "Story number 2", "Story number 4"}))}


def test_an_edit_at_the_second_source_does_not_flip_flop(room: Newsroom, server: Server) -> None:
    server.put("/one", rss(item(1)))
    server.put("/two", rss(item(1, guid="two")))
    room.once("one")
    room.once("two")
    before = room.files()
    edited = item(1, guid="two", description=paragraph(prose(1) + " as two puts it"))
    for comment in ("a", "b", "c"):
        server.put("/one", rss(item(1), head=f"<!-- {comment} -->"))
        server.put("/two", rss(edited, head=f"<!-- {comment} -->"))
        room.later(hours=1)
        again = room.once()
        assert (again.new, again.updated) == (0, 0)
        assert room.files() == before


def test_a_story_told_twice_shows_the_first_and_lists_the_other(tmp_path: Path, server: Server) -> None:
    room = newsroom(tmp_path, place(("one", "two"), server))
    text = paragraph(prose(5, 200))
    server.put("/one", rss(item(1, title="Agency story", description=text)))
    server.put("/two", rss())
    room.once()
    (before,) = items(room, "news")
    room.later(hours=1)
    server.put("/two", rss(item(2, title="Agency story", link="https://two.example/2", description=text)))
    assert room.once().new == 1
    (shown,) = alike(room, "news")
    assert shown["id"] == before["id"]
    for suffix in ("rss", "atom", "json"):
        assert b"https://two.example/2" in room.feed(f"news.{suffix}")
    assert all("https://two.example/2" in text for text in room.articles().values() if "[two]" in text)


def test_exact_shows_again_what_stood_behind_another(tmp_path: Path, server: Server) -> None:
    room = newsroom(tmp_path, place(("one", "two"), server))
    text = paragraph(prose(5, 200))
    server.put("/one", rss(item(1, title="Agency story", description=text)))
    server.put("/two", rss(item(2, title="Agency story", link="https://two.example/2", description=text)))
    room.once()
    articles = room.articles()
    assert len(alike(room, "news")) == 1
    room.configuration["dedupe"] = "exact"
    room.once()
    assert [entry["url"] for entry in alike(room, "news")] == [
        "https://two.example/2",
        "https://source.example/stories/1",
    ]
    assert b"Also:" not in room.feed("news.rss")
    assert all("\n\nAlso: " in text for text in articles.values())
    without_also = {path: re.sub(r"\n\nAlso: [^\n]*", "", text) for path, text in articles.items()}
    assert room.articles() == without_also


def test_each_category_shows_the_story_that_only_its_own_source_told(room: Newsroom, server: Server) -> None:
    text = paragraph(prose(5, 200))
    server.put("/one", rss(item(1, title="Agency story", description=text)))
    server.put("/two", rss(item(2, title="Agency story", link="https://two.example/2", description=text)))
    room.once()
    assert [entry["url"] for entry in alike(room, "world")] == ["https://source.example/stories/1"]
    assert [entry["url"] for entry in alike(room, "politics")] == ["https://two.example/2"]
    assert len(alike(room, "all")) == 1


# --------------------------------------------------------------------------------------------------- feeds alike


def test_everything_about_an_entry_is_the_same_in_all_formats(room: Newsroom, server: Server) -> None:
    rich = (
        item(3, title="A &amp;lt;b&amp;gt; &amp;amp;amp; Vec&lt;T&gt;", guid="tag:source.example,2026:3")
        + '<category domain="https://terms.example/">Rare &amp; Earth</category><category>Trade</category>'
        + '<enclosure url="https://cdn.example/a b.mp3?x=1&amp;y=2" type="audio/mpeg" length="123"/>'
        + '<enclosure url="https://cdn.example/c.mp3"/>'
    )
    undated = [item(number, pubDate="", guid=f"bare {number}") for number in (21, 22, 23)]
    server.put("/one", rss(rich, item(4), *undated, item(5, link="", guid="")))
    server.put("/two", rss())
    room.once()
    room.later(hours=2)
    server.put("/one", rss(rich, item(4, description=paragraph(prose(44))), *undated, item(5, link="", guid="")))
    assert room.once().updated == 1
    entries = alike(room, "world")
    assert [entry["title"] for entry in entries[:3]] == ["Story number 21", "Story number 22", "Story number 23"]
    assert [entry["published"] for entry in entries] == sorted((entry["published"] for entry in entries), reverse=True)
    assert all(entry["id"].partition(":")[0] in ("https", "tag", "urn") for entry in entries)
    by_id = {entry["id"]: entry for entry in entries}
    assert by_id["tag:source.example,2026:3"]["categories"] == ["Rare & Earth", "Trade"]
    assert by_id["tag:source.example,2026:3"]["enclosures"] == [
        ("https://cdn.example/a%20b.mp3?x=1&y=2", "audio/mpeg", 123),
        ("https://cdn.example/c.mp3", "application/octet-stream", 0),
    ]
    assert by_id["https://source.example/?p=4"]["updated"] == room.now


def test_characters_that_xml_forbids_are_nowhere(tmp_path: Path, server: Server) -> None:
    room = newsroom(tmp_path, place(("one",), server))
    hostile = "a\x00b\x0bc\ufffed\ud800e\x85f\u202eg"
    entry = {
        "id": f"tag:source.example,2026:{hostile}",
        "url": f"https://source.example/{hostile}",
        "title": f"Title {hostile}",
        "content_html": f"<p>Body {hostile}</p>",
        "tags": [f"tag {hostile}"],
        "authors": [{"name": f"name {hostile}"}],
        "attachments": [{"url": f"https://source.example/{hostile}.mp3", "mime_type": f"audio/{hostile}"}],
    }
    document = {"version": "https://jsonfeed.org/version/1.1", "title": hostile, "items": [entry]}
    server.put("/one", json.dumps(document).encode(), headers={"Content-Type": "application/feed+json"})
    assert room.once().new == 1
    (shown,) = alike(room, "news")
    assert shown["title"] == "Title ab cde…fg"
    for name in ("news.rss", "news.atom", "news.json"):
        assert not set(room.feed(name).decode()) & set("\x00\x0b\ufffe\x85\u202e")


def test_a_feed_stays_below_its_limit_with_the_same_entries_in_all_formats(room: Newsroom, server: Server) -> None:
    huge = item(1, title="Huge", description=paragraph(prose(1) + "&amp;lt; " * 60_000))
    long = [item(n, description=paragraph(prose(n, 4_000))) for n in range(20, 50)]
    server.put("/one", rss(huge, *long))
    server.put("/two", rss(huge))
    room.once()
    assert 5 < len(alike(room, "world")) < 31
    assert [entry["title"] for entry in alike(room, "politics")] == ["Huge"]
    for name in ("world", "politics", "all"):
        assert all(len(room.feed(f"{name}.{suffix}")) <= 512_000 for suffix in ("rss", "atom", "json"))


def test_an_empty_category_has_a_feed_of_the_day_it_was_first_seen(room: Newsroom, server: Server) -> None:
    server.put("*", rss())
    room.once()
    assert json.loads(room.feed("world.json"))["items"] == []
    assert b"<lastBuildDate>Tue, 24 Nov 2026 12:00:00 +0000</lastBuildDate>" in room.feed("world.rss")
    assert f"<updated>{START.isoformat()}</updated>".encode() in room.feed("world.atom")
    before = room.files()
    room.later(days=3)
    room.once()
    with room.opened() as app:
        assert publish_all(app) == Published()
    assert room.files() == before


def test_publishing_all_again_gives_the_same_bytes(room: Newsroom, server: Server) -> None:
    server.put("/one", rss(*(item(n) for n in range(30))))
    server.put("/two", rss(*(item(n, guid=f"two-{n}") for n in range(20, 40))))
    room.once()
    before = room.files()
    for path in (room.storage / "feeds").iterdir():
        path.unlink()
    for path in list((room.storage / "articles").rglob("*.md"))[::2]:
        path.unlink()
    room.later(days=5)
    with room.opened() as app:
        publish_all(app)
    assert {name: data for name, (_, data) in room.files().items()} == {
        name: data for name, (_, data) in before.items()
    }


def test_ids_never_change(room: Newsroom, server: Server) -> None:
    server.put("/two", rss())
    server.put("/one", rss(item(1, guid="http://source.example/?p=1"), item(2, guid="2"), item(3, guid="", link="")))
    room.once()
    before = {entry["url"]: entry["id"] for entry in items(room, "world")}
    server.put(
        "/one",
        rss(
            item(1, guid="https://source.example/?p=1"),
            item(2, guid="https://source.example/?id=2", title="Two, renamed", description=paragraph(prose(2) + " x")),
            item(3, guid="https://source.example/?p=3", link=""),
        ),
    )
    assert room.once().new == 0
    assert {entry["url"]: entry["id"] for entry in items(room, "world")} == before


def test_a_guid_of_two_sources_is_the_id_of_one_article_only(room: Newsroom, server: Server) -> None:
    server.put("/one", rss(item(1, guid="https://ids.example/1")))
    server.put("/two", rss(item(2, guid="https://ids.example/1")))
    assert room.once().new == 2
    assert len({entry["id"] for entry in alike(room, "all")}) == 2


# --------------------------------------------------------------------------------------------------- feeds.yaml obeyed


def test_a_renamed_category_takes_its_articles_along(room: Newsroom, server: Server) -> None:
    server.put("/one", rss(item(1)))
    server.put("/two", rss(item(2)))
    room.once()
    paths = list(room.articles())
    room.configuration["sources"][0] |= {"category": "Planet", "tags": ["fresh"], "language": "fr"}
    room.later(hours=1)
    room.once()
    assert list(room.articles()) == paths
    (head,) = [front_matter(text) for path, text in room.articles().items() if path.startswith("one/")]
    assert (head["categories"], head["tags"], head["lang"]) == (["Planet"], ["fresh"], ["fr"])
    assert "lastmod" not in head
    feeds = {path.name for path in (room.storage / "feeds").iterdir()}
    assert {name.partition(".")[0] for name in feeds} == {"all", "planet", "politics", "feeds"}
    assert len(alike(room, "planet")) == 1
    assert b"planet.rss" in room.feed("feeds.opml")
    assert b"world.rss" not in room.feed("feeds.opml")


def test_a_category_only_spelt_differently_keeps_its_feed(room: Newsroom, server: Server) -> None:
    server.put("/one", rss(item(1)))
    server.put("/two", rss(item(2)))
    room.once()
    room.configuration["sources"][0]["category"] = "WORLD"
    room.once()
    assert json.loads(room.feed("world.json"))["title"].endswith(": WORLD")
    assert any(head["categories"] == ["WORLD"] for head in room.heads())


def test_a_removed_source_keeps_its_articles_while_another_names_the_category(tmp_path: Path, server: Server) -> None:
    room = newsroom(tmp_path, place(("one", "two"), server))
    server.put("/one", rss(item(1)))
    server.put("/two", rss(item(2)))
    room.once()
    articles, before = room.articles(), items(room, "news")
    del room.configuration["sources"][0]
    room.later(hours=1)
    room.once()
    assert room.articles() == articles
    assert items(room, "news") == before
    with room.opened() as app:
        assert publish_all(app) == Published()
    assert len(server.asked("/one")) == 1


def test_the_last_source_of_a_category_takes_its_files_along(room: Newsroom, server: Server) -> None:
    server.put("/one", rss(item(1)))
    server.put("/two", rss(item(2)))
    room.once()
    del room.configuration["sources"][0]
    room.once()
    assert not list((room.storage / "feeds").glob("world.*"))
    assert b"world" not in room.feed("feeds.opml")
    assert len(room.articles()) == 2
    assert len(alike(room, "all")) == 2
    room.configuration["sources"].insert(0, *place(("one",), server, one="World"))
    room.once()
    assert len(alike(room, "world")) == 1


def test_a_source_renamed_at_the_same_url_keeps_its_articles(room: Newsroom, server: Server) -> None:
    server.put("/one", rss(item(1)))
    server.put("/two", rss(item(2)))
    room.once()
    paths = list(room.articles())
    before = [entry["id"] for entry in items(room, "world")]
    room.configuration["sources"][0]["name"] = "uno"
    again = room.once()
    assert (again.new, again.duplicates) == (0, 0)
    assert list(room.articles()) == paths
    assert "\n[uno](https://source.example/stories/1)\n" in room.articles()[paths[0]]
    assert [entry["id"] for entry in items(room, "world")] == before


def test_a_source_moved_to_another_url_keeps_its_articles(room: Newsroom, server: Server) -> None:
    server.put("/one", rss(item(1)))
    server.put("/two", rss())
    room.once()
    server.put("/new", rss(item(1), item(2)))
    room.configuration["sources"][0]["url"] = server.url("/new")
    assert room.once().new == 1
    assert len(alike(room, "world")) == 2


def test_a_format_no_longer_wanted_loses_its_files(room: Newsroom, server: Server) -> None:
    server.put("*", rss(item(1)))
    room.once()
    room.configuration["feeds"] = {"formats": ["atom"]}
    room.once()
    suffixes = {path.suffix for path in (room.storage / "feeds").iterdir()}
    assert suffixes == {".atom", ".opml"}
    assert b"world.atom" in room.feed("feeds.opml")


# --------------------------------------------------------------------------------------------------- article files


def test_articles_of_one_title_and_day_have_names_of_their_own(room: Newsroom, server: Server) -> None:
    server.put("/one", rss(*(item(n, title="Open thread") for n in (1, 2, 3))))
    server.put("/two", rss())
    room.once()
    names = sorted(path.rpartition("/")[2] for path in room.articles())
    assert names == ["24-open-thread-2.md", "24-open-thread-3.md", "24-open-thread.md"]


@pytest.mark.parametrize("title", ["index", "../../etc/passwd", ".hidden", "🚀", "CON", "a" * 500, "%2e%2e", "_index"])
def test_no_title_leads_out_of_the_folder(room: Newsroom, server: Server, title: str) -> None:
    server.put("/one", rss(item(1, title=title)))
    server.put("/two", rss())
    room.once()
    (path,) = room.articles()
    assert path.startswith("one/2026/11/24-")
    assert len(path) < 120
    assert room.titles() == [title]


@pytest.mark.parametrize(
    ("source", "entry", "feed", "expected"),
    [
        ("de", "fr", "it", "de"),
        (None, "fr", "it", "fr"),
        (None, None, "IT_it", "it"),
        (None, None, None, "en"),
        (None, "x-default", "english", "en"),
    ],
)
def test_the_language_is_the_sources_else_the_entrys_else_the_feeds_else_detected(
    tmp_path: Path, server: Server, source: str | None, entry: str | None, feed: str | None, expected: str
) -> None:
    english = "The committee will meet again on Thursday to discuss whether the new bridge should be built at all."
    entry_object = {"content_html": f"<p>{english}</p>", "id": "1", "title": "The bridge"}
    document: dict[str, Any] = {"version": "https://jsonfeed.org/version/1.1", "title": "t"}
    document |= {"language": feed} if feed else {}
    document |= {"items": [entry_object | ({"language": entry} if entry else {})]}
    server.put("/one", json.dumps(document).encode(), headers={"Content-Type": "application/feed+json"})
    (settings,) = place(("one",), server)
    room = newsroom(tmp_path, [settings | ({"language": source} if source else {})])
    room.once()
    assert room.heads()[0]["lang"] == [expected]
    assert items(room, "all")[0]["language"] == expected


# --------------------------------------------------------------------------------------------------- edits


def test_media_people_and_categories_that_change_without_the_text_go_out_and_are_no_edit(
    room: Newsroom, server: Server
) -> None:
    def episode(url: str, author: str, term: str) -> str:
        return (
            item(1) + f'<enclosure url="{url}" type="audio/mpeg" length="9"/>'
            f"<author>{author}</author><category>{term}</category>"
        )

    server.put("/one", rss(episode("https://cdn.example/1.mp3", "a@x.example (Ann)", "Bridges"), item(2)))
    server.put("/two", rss(episode("https://cdn.example/2.mp3", "b@x.example (Ben)", "Rivers")))
    room.once("one")
    room.once("two")
    before, articles = alike(room, "all"), room.articles()
    room.later(hours=3)
    server.put("/one", rss(episode("https://cdn.example/3.mp3", "c@x.example (Cy)", "Roads"), item(2)))
    second = room.once()
    assert (second.new, second.updated, second.published.articles) == (0, 0, 1)
    assert room.articles() == {path: text.replace("/1.mp3", "/3.mp3") for path, text in articles.items()}  # its link
    changed = {"enclosures": [("https://cdn.example/3.mp3", "audio/mpeg", 9)], "categories": ["Roads"]}
    assert alike(room, "all") == [entry | (changed if entry["enclosures"] else {}) for entry in before]
    assert [entry["authors"] for entry in items(room, "politics")] == [[{"name": "Cy"}]]
    assert room.once().rows == 0


def test_an_entry_that_loses_its_link_in_an_edit_keeps_it_printed(room: Newsroom, server: Server) -> None:
    server.put("/one", rss(item(1), item(2)))
    server.put("/two", rss())
    room.once()
    before = [entry["url"] for entry in alike(room, "world")]
    server.put("/one", rss(item(1, link="", description=paragraph(prose(1) + " edited")), item(2)))
    assert room.once().updated == 1
    assert [entry["url"] for entry in alike(room, "world")] == before
    assert all("[one](https://source.example/stories/" in text for text in room.articles().values())


def test_an_update_that_the_source_made_before_we_first_saw_it_is_no_edit(room: Newsroom, server: Server) -> None:
    entry = (
        "<entry><id>tag:source.example,2026:1</id><title>Old news</title><link href='https://source.example/1'/>"
        "<published>2026-11-20T08:00:00Z</published><updated>2026-11-21T08:00:00Z</updated><summary>x</summary></entry>"
    )
    server.put("/one", f"<feed xmlns='http://www.w3.org/2005/Atom'><title>t</title>{entry}</feed>")
    server.put("/two", rss())
    room.once()
    (head,) = room.heads()
    assert "lastmod" not in head
    assert items(room, "world")[0]["date_modified"] == "2026-11-21T08:00:00Z"


@pytest.mark.parametrize(
    ("layout", "line"),
    [
        ("mainroad", 'lastmod: "2026-11-24 15:00:00"'),
        ("hugo", 'lastmod: "2026-11-24T15:00:00+00:00"'),
        ("jekyll", 'last_modified_at: "2026-11-24 15:00:00 +0000"'),
        ("zola", "updated = 2026-11-24T15:00:00Z"),
    ],
)
def test_every_layout_tells_an_edit_behind_the_date(room: Newsroom, server: Server, layout: str, line: str) -> None:
    room.configuration["articles"] = {"front_matter": layout}
    server.put("/two", rss())
    server.put("/one", rss(item(1)))
    room.once()
    (text,) = room.articles().values()
    key = line.partition(":")[0].partition(" ")[0]
    assert key not in text
    room.later(hours=3)
    server.put("/one", rss(item(1, title="Quite another headline")))
    room.once()
    ((path, text),) = room.articles().items()
    lines = text.splitlines()
    assert lines[lines.index(line) - 1].startswith("date")
    assert path == "one/2026/11/24-story-number-1.md"


# ---------------------------------------------------------------------------------------------- parts that are left out


def test_parts_that_remove_names_are_in_no_output(tmp_path: Path, server: Server) -> None:
    promotion = '&lt;div class="promo"&gt;Buy a &lt;b&gt;mattress&lt;/b&gt;.&lt;/div&gt;'
    server.put("/one", rss(item(1, description=paragraph(prose(1)) + promotion + paragraph("The end."))))
    source = {"name": "one", "url": server.url("/one")}
    with_all = newsroom(tmp_path / "a", [source])
    without = newsroom(tmp_path / "b", [source | {"remove": [".promo"]}])
    for room, has_promotion in ((with_all, True), (without, False)):
        room.root.mkdir()
        assert room.once().new == 1
        for data in [text.encode() for text in room.articles().values()] + [
            room.feed(f"one.{suffix}") for suffix in ("rss", "atom", "json")
        ]:
            assert b"The end." in data
            assert (b"mattress" in data) == has_promotion
