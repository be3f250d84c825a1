"""Archive pages of feeds (RFC 5005): what is on which, when one changes, and how readers get from one to the next."""

import asyncio
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import feedparser
import pytest
import yaml
from starlette.testclient import TestClient

from aggregator import files
from aggregator.first_publication import prepare
from aggregator.maintain.verify import differences
from aggregator.model import CategoryFeed, OutputFile, StoredArticle
from aggregator.pipeline import run_cycle
from aggregator.publish import publish_all, publish_changed
from aggregator.render import formats
from aggregator.render.entries import EntryCache, RenderedEntry
from aggregator.serve.health import Health
from aggregator.serve.metrics import Metrics
from aggregator.serve.site import site
from aggregator.store.feeds import FeedStore
from tests.newsroom import Newsroom, item, newsroom, prose, rss
from tests.servers import Server
from tests.whole.feeds import alike

LIMIT = 3
SUFFIXES = ("rss", "atom", "json")


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Newsroom:
    """A source in the category news, whose feed has three articles."""
    source = {"name": "one", "url": server.url("/one"), "category": "news", "max_new": None}
    return newsroom(tmp_path, [source], feeds={"limit": LIMIT}, base_url="https://news.example.org/")


def dated(number: int, **changes: str) -> str:
    """Item of an hour of its own: that of a greater number is later."""
    day, hour = divmod(number, 24)
    return item(number, **{"pubDate": f"Tue, {1 + day:02} Nov 2026 {hour:02}:00:00 +0000"} | changes)


def publish(room: Newsroom, server: Server, numbers: Iterable[int], **changes: str) -> None:
    """Poll a document of these items, an hour after the last one."""
    room.later(hours=1)
    server.put("/one", rss(*(dated(number, **changes) for number in reversed(list(numbers)))))
    room.once()


def numbers(room: Newsroom, name: str) -> list[int]:
    """Numbers of the articles of a document, in its order, which all formats must have alike."""
    return [int(entry["title"].rpartition(" ")[2]) for entry in alike(room, name)]


def pages(room: Newsroom, name: str = "news") -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((room.storage / "feeds" / name).glob("*"))}


def links(room: Newsroom, name: str) -> dict[str, str]:
    """Relations of a document to others of the archive, which RSS and Atom must have alike."""
    root, found = "https://news.example.org/feeds/", []
    for suffix in ("rss", "atom"):
        parsed = feedparser.parse(room.feed(f"{name}.{suffix}"))
        hrefs = {link.rel: link.href for link in parsed.feed.links}
        relations = ("self", "current", "prev-archive", "next-archive")
        assert all(hrefs[rel].endswith(f".{suffix}") for rel in relations if rel in hrefs)
        found.append({rel: hrefs[rel].removeprefix(root).rpartition(".")[0] for rel in relations[1:] if rel in hrefs})
        assert hrefs["self"] == f"{root}{name}.{suffix}"
        assert ("fh_archive" in parsed.feed) == ("/" in name)
    assert found[0] == found[1]
    next_url = json.loads(room.feed(f"{name}.json")).get("next_url", "")
    assert next_url.removeprefix(root).removesuffix(".json") == found[0].get("prev-archive", "")
    return found[0]


def assert_the_database_writes_the_same(room: Newsroom) -> None:
    before = room.files()
    with room.opened() as app:
        assert [str(each) for each in differences(app) if "/feeds/" in each.subject] == []
        publish_all(app)
    assert room.files() == before


def test_without_more_articles_than_a_feed_has_there_is_no_archive(room: Newsroom, server: Server) -> None:
    publish(room, server, range(LIMIT))
    assert numbers(room, "news") == [2, 1, 0]
    assert links(room, "news") == {}
    assert pages(room) == {}
    for suffix in SUFFIXES:
        document = room.feed(f"news.{suffix}")
        assert b"archive" not in document
        assert b"history" not in document


def test_pages_are_filled_from_the_oldest_and_linked_both_ways(room: Newsroom, server: Server) -> None:
    publish(room, server, range(8))
    assert numbers(room, "news") == [7, 6, 5]
    assert [numbers(room, f"news/{page}") for page in (1, 2, 3)] == [[2, 1, 0], [5, 4, 3], [7, 6]]
    assert links(room, "news") == {"prev-archive": "news/2"}
    assert links(room, "news/3") == {"current": "news", "prev-archive": "news/2"}
    assert links(room, "news/2") == {"current": "news", "prev-archive": "news/1", "next-archive": "news/3"}
    assert links(room, "news/1") == {"current": "news", "next-archive": "news/2"}
    assert len(pages(room)) == len(pages(room, "all")) == 3 * len(SUFFIXES)
    assert_the_database_writes_the_same(room)


def test_a_closed_page_does_not_change_when_articles_join_or_are_edited(room: Newsroom, server: Server) -> None:
    publish(room, server, range(4))
    first = {name: data for name, data in pages(room).items() if name.startswith("1.")}
    assert len(first) == len(SUFFIXES)
    publish(room, server, range(9))
    publish(room, server, range(9), description=f"&lt;p&gt;{prose(99)}&lt;/p&gt;", category="another")
    assert first.items() <= pages(room).items()
    assert len(pages(room)) == 3 * len(SUFFIXES)
    room.configuration["sources"][0]["title"] = "Another name"
    room.once()
    assert first.items() <= pages(room).items()
    assert_the_database_writes_the_same(room)


def test_a_page_is_closed_when_the_first_article_of_the_next_joins(room: Newsroom, server: Server) -> None:
    publish(room, server, range(2 * LIMIT))
    assert numbers(room, "news/2") == [5, 4, 3]
    assert "next-archive" not in links(room, "news/2")
    publish(room, server, range(2 * LIMIT + 1))
    assert numbers(room, "news/3") == [6]
    assert links(room, "news/2")["next-archive"] == "news/3"


def test_what_joined_later_comes_later_however_old_it_is(room: Newsroom, server: Server) -> None:
    publish(room, server, range(10, 14))
    publish(room, server, [0, 1, *range(10, 15)])
    assert [numbers(room, f"news/{page}") for page in (1, 2, 3)] == [[12, 11, 10], [13, 1, 0], [14]]
    assert numbers(room, "news") == [14, 13, 12]


def test_the_feed_leads_to_old_articles_of_the_open_page(room: Newsroom, server: Server) -> None:
    publish(room, server, range(10, 14))
    assert links(room, "news") == {"prev-archive": "news/1"}
    publish(room, server, [0, *range(10, 14)])
    assert links(room, "news") == {"prev-archive": "news/2"}
    assert numbers(room, "news/2") == [13, 0]
    publish(room, server, range(10, 17))
    assert links(room, "news") == {"prev-archive": "news/2"}
    assert links(room, "news/2")["next-archive"] == "news/3"


def test_a_feed_has_an_edited_article_of_a_closed_page_until_enough_others_joined(
    room: Newsroom, server: Server
) -> None:
    publish(room, server, range(5))
    edited = dated(0, description=f"&lt;p&gt;{prose(50)}&lt;/p&gt;")
    room.later(hours=1)
    server.put("/one", rss(*map(dated, range(1, 5)), edited))
    room.once()
    assert numbers(room, "news") == [4, 3, 2, 0]
    assert prose(50).encode() in room.feed("news.rss")
    assert prose(50).encode() not in room.feed("news/1.rss")
    for last in (5, 6):
        publish(room, server, range(1, last + 1))
        assert numbers(room, "news") == [last, last - 1, last - 2, 0]
    publish(room, server, range(1, 8))
    assert numbers(room, "news") == [7, 6, 5]
    assert_the_database_writes_the_same(room)


def test_an_edit_before_its_page_is_closed_is_on_the_page_alone(room: Newsroom, server: Server) -> None:
    publish(room, server, range(4))
    edited = dated(3, description=f"&lt;p&gt;{prose(50)}&lt;/p&gt;")
    room.later(hours=1)
    server.put("/one", rss(*map(dated, range(4, 9)), edited))
    room.once()
    assert numbers(room, "news") == [8, 7, 6]
    assert prose(50).encode() in room.feed("news/2.rss")


def test_a_page_loses_what_is_pruned_and_is_gone_with_its_last_article(room: Newsroom, server: Server) -> None:
    publish(room, server, range(8))
    second = room.feed("news/2.rss")
    with room.opened() as app:
        ids = {article.title: article.id for article in app.store.articles.page(None, 99)}
        app.store.maintenance.prune([ids["Story number 0"]])
        publish_changed(app)
    assert numbers(room, "news/1") == [2, 1]
    assert room.feed("news/2.rss") == second
    assert_the_database_writes_the_same(room)
    with room.opened() as app:
        app.store.maintenance.prune([ids[f"Story number {number}"] for number in (1, 2)])
        publish_changed(app)
    assert not {name for name in pages(room) if name.startswith("1.")}
    assert room.feed("news/2.rss") == second
    assert_the_database_writes_the_same(room)
    publish(room, server, range(12))
    assert not {name for name in pages(room) if name.startswith("1.")}


def test_a_page_loses_what_a_rule_drops_and_what_returns_joins_again(room: Newsroom, server: Server) -> None:
    publish(room, server, range(8))
    source = room.configuration["sources"][0]
    source["rules"] = [{"if": {"title": "number 1$"}, "drop": True}]
    room.once()
    assert numbers(room, "news/1") == [2, 0]
    assert_the_database_writes_the_same(room)
    del source["rules"]
    room.once()
    assert numbers(room, "news/1") == [2, 0]
    assert numbers(room, "news/3") == [7, 6, 1]


def test_what_leaves_a_category_leaves_its_pages(room: Newsroom, server: Server) -> None:
    publish(room, server, range(8))
    everything = pages(room, "all")
    room.configuration["sources"][0]["category"] = "other"
    room.once()
    assert pages(room) == {}
    assert numbers(room, "other/1") == [2, 1, 0]
    assert pages(room, "all") == everything
    assert_the_database_writes_the_same(room)


def test_another_limit_holds_for_pages_that_are_not_closed(room: Newsroom, server: Server) -> None:
    publish(room, server, range(8))
    before = pages(room)
    room.configuration["feeds"]["limit"] = 2
    publish(room, server, range(11))
    assert [numbers(room, f"news/{page}") for page in range(1, 6)] == [[2, 1, 0], [5, 4, 3], [7, 6], [9, 8], [10]]
    assert {name: before[name] for name in ("1.rss", "2.json")}.items() <= pages(room).items()
    assert_the_database_writes_the_same(room)


def test_pages_follow_the_form_of_all_feeds(room: Newsroom, server: Server) -> None:
    publish(room, server, range(8))
    publish(room, server, range(8), description=f"&lt;p&gt;{prose(50)}&lt;/p&gt;")
    room.configuration |= {"title": "Another title", "base_url": "https://elsewhere.example/"}
    room.configuration["feeds"]["formats"] = ["atom"]
    room.once()
    assert set(pages(room)) == {"1.atom", "2.atom", "3.atom"}
    page = room.feed("news/1.atom")
    assert b"<title" in page
    assert b"Another title: news" in page
    assert b"https://elsewhere.example/feeds/news/2.atom" in page
    assert prose(1).encode() in page
    assert prose(50).encode() not in page
    assert_the_database_writes_the_same(room)


def test_large_articles_make_pages_of_fewer(room: Newsroom, server: Server) -> None:
    room.configuration["feeds"]["limit"] = 9
    words = "".join(f"&lt;p&gt;{prose(7, 9000)}&lt;/p&gt;" for _ in range(2))
    room.later(hours=1)
    server.put("/one", rss(*(dated(number, description=f"{prose(number)} {words}") for number in range(7))))
    room.once()
    sizes = {name: len(data) for name, data in pages(room).items()}
    assert max(sizes.values()) <= 512_000
    shown = [numbers(room, f"news/{page}") for page in range(1, 1 + len(sizes) // len(SUFFIXES))]
    assert sorted(number for page in shown for number in page) == list(range(7))
    assert 1 < len(shown[0]) < 7
    newest = numbers(room, "news")
    assert newest == sorted(range(7), reverse=True)[: len(newest)]
    assert_the_database_writes_the_same(room)


def test_a_feed_whose_head_leaves_no_room_for_its_oldest_article_has_a_page_with_all(
    room: Newsroom, server: Server
) -> None:
    """The head of the feed names the hub, that of a page does not: the same articles fit into the page."""
    publish(room, server, range(LIMIT))
    size = max(len(room.feed(f"news.{suffix}")) for suffix in SUFFIXES)
    room.configuration["feeds"]["hub"] = f"https://hub.example.org/{'x' * 2000}"
    padding = "x" * (formats.MAX_BYTES - size - 1000)
    room.later(hours=1)
    server.put("/one", rss(dated(0, description=f"&lt;p&gt;{prose(0)} {padding}&lt;/p&gt;")))
    room.once()
    assert (numbers(room, "news"), links(room, "news")) == ([2, 1], {"prev-archive": "news/1"})
    assert (numbers(room, "news/1"), links(room, "news/1")) == (
        [2, 1, 0],
        {"current": "news", "next-archive": "news/2"},
    )
    assert_the_database_writes_the_same(room)


def test_an_article_that_joins_while_the_feed_is_written_makes_no_page(
    room: Newsroom, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may number it, after this one was paused for so long that it lost its turn."""
    publish(room, server, range(1))
    with room.opened() as app:
        read = FeedStore.category_feed

        def read_before_another_joins(store: FeedStore, name: str, *args: Any, **options: Any) -> CategoryFeed:
            feed = read(store, name, *args, **options)
            if name == "news" and len(feed.articles) == 1:
                server.put("/one", rss(dated(1), dated(0)))
                asyncio.run(run_cycle(app, lambda outcome: None, everything=True))
                prepare(app.store, near_duplicates=False)
                app.store.archive.number("news")
            return feed

        monkeypatch.setattr(FeedStore, "category_feed", read_before_another_joins)
        publish_all(app)
        monkeypatch.undo()
        publish_changed(app)
    assert numbers(room, "news") == [1, 0]
    assert pages(room) == {}
    assert_the_database_writes_the_same(room)


def test_pages_that_were_written_are_not_marked_any_more(room: Newsroom, server: Server) -> None:
    publish(room, server, range(8))
    with room.opened() as app:
        assert {name: list(app.store.archive.pending(name)) for name in ("all", "news")} == {"all": [], "news": []}
        app.store.archive.mark_all()
        assert list(app.store.archive.pending("news")) == [1, 2]
        app.store.outbox.mark_categories((), names=["news"])
        publish_changed(app)
        assert list(app.store.archive.pending("news")) == []


def test_what_a_kill_left_unwritten_is_written_next(
    room: Newsroom, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(room, server, range(4))
    write = files.write

    def killed(root: Path, outputs: Iterable[OutputFile]) -> tuple[str, ...]:
        outputs = tuple(outputs)
        if any(output.path == "news/2.rss" for output in outputs):
            raise KeyboardInterrupt
        return write(root, outputs)

    with monkeypatch.context() as patch:
        patch.setattr("aggregator.files.write", killed)
        with pytest.raises(KeyboardInterrupt):
            publish(room, server, range(8))
    with room.opened() as app:
        publish_changed(app)
    assert [numbers(room, f"news/{page}") for page in (1, 2, 3)] == [[2, 1, 0], [5, 4, 3], [7, 6]]
    assert_the_database_writes_the_same(room)


def test_pages_are_served_as_feeds_are(room: Newsroom, server: Server) -> None:
    publish(room, server, range(8))
    with room.opened() as app:
        oldest = [article.id for article in app.store.articles.page(None, 99) if article.title[-1] in "012"]
        app.store.maintenance.prune(oldest)
        publish_changed(app)
        client = TestClient(site(app, Health(app.clock), Metrics()))
        answer = client.get("/feeds/news/2.rss")
        assert (answer.status_code, answer.content) == (200, room.feed("news/2.rss"))
        assert answer.headers["content-type"] == "application/rss+xml; charset=utf-8"
        assert answer.headers["access-control-allow-origin"] == "*"
        again = client.get("/feeds/news/2.rss", headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
        absent = ("news/1.rss", "news/4.rss", "news/0.rss", "news/x.rss", "nobody/1.rss")
        statuses = [client.get(f"/feeds/{path}").status_code for path in absent]
        assert statuses == [410, 404, 404, 404, 404]


def test_the_example_of_the_documentation_makes_the_pages_of_its_table(tmp_path: Path, server: Server) -> None:
    text = (Path(__file__).parents[2] / "docs" / "archives.md").read_text(encoding="utf-8")
    example, _ = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    configuration = yaml.safe_load(example.replace("https://example.org/feed.xml", server.url("/one")))
    room = newsroom(tmp_path, configuration.pop("sources"), **configuration)
    publish(room, server, range(120))
    rows = re.findall(r"^\| `(news\S*)\.rss` \| (.*?) \| (.*) \|$", text, re.MULTILINE)
    assert len(rows) == 4
    for name, content, named in rows:
        bounds = re.findall(r"\d+", content)
        first, last = (int(bounds[0]), int(bounds[1])) if len(bounds) == 2 else (1, 50)
        if name == "news":
            first, last = 71, 120
        assert sorted(numbers(room, name)) == list(range(first - 1, last))
        assert links(room, name) == dict(re.findall(r"`(\S+)`: `(\S+)\.rss`", named))


def test_publishing_renders_an_article_once_for_all_its_pages(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = [
        {"name": name, "url": server.url(f"/{name}"), "category": name, "max_new": None} for name in ("one", "two")
    ]
    room = newsroom(tmp_path, sources, feeds={"limit": LIMIT})
    server.put("/one", rss(*(dated(number) for number in range(1, 60, 2))))
    server.put("/two", rss(*(dated(number) for number in range(2, 61, 2))))
    rendered = list[str]()

    def entry(article: StoredArticle, formats_: Sequence[formats.Format]) -> RenderedEntry:
        rendered.append(article.title)
        return render(article, formats_)

    render = formats._entry
    monkeypatch.setattr(formats, "_entry", entry)
    monkeypatch.setattr(formats, "_entries", EntryCache(20 * 5_000))  # not all 60
    room.once()
    assert len(set(rendered)) == 60
    assert len(rendered) < 1.2 * 60
