"""`backfill: all`: the archive of a source is read once, page by page, whatever its pages name."""

import asyncio
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml
from markupsafe import escape
from starlette.testclient import TestClient

from aggregator.app import opened_with
from aggregator.config import load
from aggregator.pipeline import backfill, run_cycle
from aggregator.schedule import archive
from aggregator.serve import Health, Metrics, site
from aggregator.status import archive_progress
from tests.commands import aggregator, configure, daemon, until
from tests.newsroom import Newsroom, item, newsroom, prose, rss
from tests.servers import Answer, Request, Server


def dated(number: int, **changes: str) -> str:
    """A story of the day `number` of October."""
    return item(number, **{"pubDate": f"Thu, {number:02} Oct 2026 10:00:00 +0000"} | changes)


def link(rel: str, href: str) -> str:
    return f'<atom:link rel="{rel}" href="{href}"/>'


def put_chain(server: Server, pages: Iterable[Iterable[int]], rel: str = "prev-archive") -> None:
    """Serve these stories as /feed, /2, /3, ...: each document names the next."""
    documents = list(pages)
    for number, stories in enumerate(documents, 1):
        head = link(rel, f"/{number + 1}") if number < len(documents) else ""
        server.put("/feed" if number == 1 else f"/{number}", rss(*map(dated, stories), head=head))


def source(server: Server, **changes: Any) -> dict[str, Any]:
    return {"name": "one", "url": server.url("/feed"), "backfill": "all", "language": "en", **changes}


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Newsroom:
    return newsroom(tmp_path, [source(server)])


def stories(room: Newsroom) -> list[int]:
    """The numbers of the articles, the newest first, as the feed has them."""
    return [int(each["title"].rpartition(" ")[2]) for each in json.loads(room.feed("one.json"))["items"]]


def asked(server: Server) -> list[str]:
    return [request.target for request in server.requests if request.path != "/feed"]


# --------------------------------------------------------------------------------------------------- what is read, once


@pytest.mark.parametrize("rel", ["prev-archive", "next"])
def test_all_pages_are_read_once_and_dated_by_their_entries(
    tmp_path: Path, server: Server, database: dict[str, str], rel: str
) -> None:
    put_chain(server, [(9, 8), (7, 6), (5, 4), (3,)], rel)
    room = newsroom(tmp_path, [source(server, max_new=1)], feeds={"limit": 4}, **database)
    assert room.once().new == 2
    assert asked(server) == []
    assert room.backfill().articles == 5
    assert asked(server) == ["/2", "/3", "/4"]
    assert len(room.articles()) == 7
    assert stories(room) == [9, 8, 7, 6]  # old entries are not the newest of the feed
    days = {int(head["title"].rpartition(" ")[2]): int(str(head["date"])[8:10]) for head in room.heads()}
    assert days == {number: number for number in range(3, 10)}
    for _ in range(2):
        room.later(hours=2)
        assert room.once().rows == 0
        assert room.backfill().articles == 0
    assert asked(server) == ["/2", "/3", "/4"]


def test_json_feed(room: Newsroom, server: Server) -> None:
    def document(*numbers: int, **more: str) -> str:
        items = [
            {"id": str(number), "url": f"https://source.example/{number}", "title": f"Story {number}",
             "content_text": prose(number), "date_published": f"2026-10-{number:02}T10:00:00Z"}
            for number in numbers
        ]  # fmt: skip
        return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "A source", "items": items} | more)

    server.put("/feed", document(9, 8, next_url=server.url("/2")))
    server.put("/2", document(7))
    room.once()
    room.backfill()
    assert stories(room) == [9, 8, 7]


def test_without_the_setting_no_page_is_asked_for(tmp_path: Path, server: Server) -> None:
    put_chain(server, [(9,), (8,)])
    room = newsroom(tmp_path, [source(server, backfill="none")])
    room.once()
    room.backfill()
    assert asked(server) == []
    room.configuration["sources"][0]["backfill"] = "all"
    server.put("/feed", rss(dated(9), head=link("prev-archive", "/2")), headers={"ETag": '"1"'})
    room.later(hours=1)
    room.once()  # its document is read again, though it has not changed
    room.backfill()
    assert stories(room) == [9, 8]
    assert server.asked("/feed")[-1].header("If-None-Match") is None


def test_a_document_that_has_not_changed_is_read_again_for_its_archive(tmp_path: Path, server: Server) -> None:
    put_chain(server, [(9,), (8,)])
    room = newsroom(tmp_path, [source(server, backfill="none")])
    room.once()
    room.configuration["sources"][0]["backfill"] = "all"
    room.later(hours=1)
    assert room.once().kinds == {"one": "fetched"}
    room.backfill()
    assert stories(room) == [9, 8]
    room.configuration["sources"][0]["url"] = server.url("/moved")
    server.put("/moved", rss(dated(9), head=link("prev-archive", "/other")))
    server.put("/other", rss(dated(5)))
    room.once()
    room.backfill()
    assert stories(room) == [9, 8, 5]  # another URL has another archive


def test_entries_without_a_date_are_older_than_all_others(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(dated(9), dated(8), head=link("next", "/2")))
    server.put("/2", rss(dated(7), item(6, pubDate=""), head=link("next", "/3")))
    server.put("/3", rss(item(5, pubDate=""), item(4, pubDate="soon")))
    room.once()
    room.backfill()
    assert stories(room) == [9, 8, 7, 6, 5, 4]


def test_older_text_and_links_of_a_page_edit_nothing(room: Newsroom, server: Server) -> None:
    present = dated(9, description=f"&lt;p&gt;Corrected. {prose(9)}&lt;/p&gt;")
    server.put("/feed", rss(present, dated(8), head=link("prev-archive", "/2")))
    moved = dated(8, link="https://elsewhere.example/8")
    weekly = dated(7, title="Story number 9", description=f"&lt;p&gt;{prose(9)} and a few words&lt;/p&gt;")
    server.put("/2", rss(dated(9), moved, weekly))
    room.once()
    before = room.articles()
    room.backfill()
    after = room.articles()
    assert {path: after[path] for path in before} == before
    assert len(after) == len(before) + 1  # the third entry, however similar, is another one
    room.later(hours=1)
    assert room.once().rows == 0


def test_pages_count_neither_for_max_new_nor_as_a_poll(tmp_path: Path, server: Server) -> None:
    put_chain(server, [(9,), (8, 7, 6), (5, 4, 3)])
    room = newsroom(tmp_path, [source(server, max_new=2)])
    room.once()
    before = room.state("one").state
    room.later(minutes=1)
    room.backfill()
    assert room.state("one").state == before
    server.put("/feed", rss(*map(dated, (13, 12, 11, 9))))
    room.later(hours=1)
    assert room.once().new == 2
    assert stories(room) == [13, 12, 9, 8, 7, 6, 5, 4, 3]


# -------------------------------------------------------------------------------------------------------- where it ends


def test_pages_that_name_each_other_are_read_once(
    room: Newsroom, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.put("/feed", rss(dated(9), head=link("next", "/2")))
    server.put("/2", rss(dated(8), head=link("next", "/3")))
    server.put("/3", rss(dated(7), head=link("next", "/2#again")))
    room.once()
    for _ in range(3):
        room.backfill()
    assert asked(server) == ["/2", "/3"]
    assert "one: its archive is not read further: a page names an earlier one as the next; pages read: 2" in caplog.text


def test_pages_without_end_that_have_the_same_entries(room: Newsroom, server: Server) -> None:
    def answer(request: Request) -> bytes:
        page = int((re.findall(r"page=(\d+)", request.target) or ["1"])[0])
        return rss(dated(9), dated(8), head=link("next", f"/feed?page={page + 1}"))

    server.put("/feed", answer)
    room.once()
    for _ in range(3):
        room.backfill()
    assert [request.target for request in server.requests] == ["/feed", "/feed?page=2"]


def test_pages_without_end(
    room: Newsroom, server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(archive, "MAX_PAGES", 7)
    monkeypatch.setattr(backfill, "PAGES_OF_RUN", 3)

    def answer(request: Request) -> bytes:
        page = int(request.path.removeprefix("/"))
        return rss(dated(20 - page), head=link("next", f"/{page + 1}"))

    server.put("/feed", rss(dated(20), head=link("next", "/1")))
    server.put("*", answer)
    room.once()
    counts = []
    for _ in range(4):
        room.backfill()
        counts.append(len(asked(server)))
    assert counts == [3, 6, 7, 7]
    assert "7 pages were read, and more are not" in caplog.text


def test_pages_older_than_the_retention_are_not_read(tmp_path: Path, server: Server) -> None:
    put_chain(server, [(29,), (28, 25), (24, 23), (22,)])
    room = newsroom(tmp_path, [source(server)], retention="30d")  # from 25 October, 12:00
    room.once()
    for _ in range(2):
        room.backfill()
    assert asked(server) == ["/2", "/3"]


def test_pages_of_other_hosts_are_not_read(room: Newsroom, server: Server, caplog: pytest.LogCaptureFixture) -> None:
    with Server() as foreign:
        foreign.put("/2", rss(dated(8)))
        for number in (9, 10):
            server.put("/feed", rss(dated(number), head=link("next", foreign.url("/2"))))
            assert room.once().new == 1
            room.backfill()
            room.later(hours=1)
        assert caplog.text.count("its next page is on another host") == 1
        assert foreign.requests == []


def test_a_redirect_to_another_host_is_not_followed(room: Newsroom, server: Server) -> None:
    with Server() as foreign:
        foreign.put("/2", rss(dated(8)))
        server.put("/feed", rss(dated(9), head=link("next", "/2")))
        server.put("/2", status=302, headers={"Location": foreign.url("/2")})
        room.once()
        room.backfill()
        assert foreign.requests == []
        server.put("/2", status=302, headers={"Location": "/3"})
        server.put("/3", rss(dated(7)))
        room.later(hours=2)
        room.backfill()
        assert stories(room) == [9, 7]


@pytest.mark.parametrize(
    "answer",
    [Answer(status=500), Answer(status=404), Answer(body=b"<p>No feed</p>", headers={"Content-Type": "text/html"})],
)
def test_a_page_that_fails_is_asked_for_three_times_more(
    room: Newsroom, server: Server, answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    put_chain(server, [(9,), (8,)])
    server.put("/2", lambda _request: answer)
    room.once()
    with room.opened() as app:
        for _ in range(40):
            asyncio.run(backfill.backfill_all(app))
            room.later(hours=1)
    assert asked(server) == ["/2"] * 4
    assert "the pages behind it are not read" in caplog.text
    assert room.state("one").state.failures == 0


def test_a_page_that_is_gone_is_not_asked_for_again(room: Newsroom, server: Server) -> None:
    put_chain(server, [(9,), (8,)])
    server.put("/2", status=410)
    room.once()
    for _ in range(3):
        room.backfill()
        room.later(hours=2)
    assert asked(server) == ["/2"]


def test_a_host_that_asks_to_be_left_alone_is(room: Newsroom, server: Server) -> None:
    put_chain(server, [(9,), (8,)])
    server.put("/2", status=429, headers={"Retry-After": "7200"})
    room.once()
    for _ in range(5):
        room.backfill()
        room.later(minutes=20)
    assert asked(server) == ["/2"]
    put_chain(server, [(9,), (8,)])
    room.later(minutes=30)
    room.backfill()
    assert stories(room) == [9, 8]


def test_the_source_is_polled_while_its_archive_fails(room: Newsroom, server: Server) -> None:
    put_chain(server, [(9,), (8,)])
    server.put("/2", status=500)
    room.once()
    room.backfill()
    server.put("/feed", rss(dated(10), dated(9)))
    room.later(hours=1)
    assert room.once().new == 1


def test_a_source_that_is_off_or_has_no_backfill_any_more_is_left_alone(tmp_path: Path, server: Server) -> None:
    put_chain(server, [(9,), (8,)])
    room = newsroom(tmp_path, [source(server)])
    room.once()
    for changes in ({"enabled": False}, {"backfill": "none"}):
        room.configuration["sources"] = [
            source(server, **changes),
            {"name": "two", "url": server.url("/feed"), "backfill": "all", "enabled": False},
        ]
        room.backfill()
    assert asked(server) == []
    room.configuration["sources"] = [source(server)]
    room.backfill()
    assert stories(room) == [9, 8]


def test_the_headers_of_a_source_go_to_its_own_pages(tmp_path: Path, server: Server) -> None:
    put_chain(server, [(9,), (8,)])
    room = newsroom(tmp_path, [source(server, headers={"Authorization": "Bearer x"})])
    room.once()
    room.backfill()
    assert [request.header("Authorization") for request in server.requests] == ["Bearer x"] * 2


def test_a_url_that_refers_to_the_environment_has_no_archive(room: Newsroom, server: Server) -> None:
    put_chain(server, [(9,), (8,)])
    path = room.root / "feeds.yaml"
    room.configuration["sources"] = [source(server, url=server.url("/feed") + "?key=${KEY}")]
    path.write_text(yaml.safe_dump(room.configuration))
    environ = {"KEY": "secret"}
    with opened_with(load(path, environ), environ, lambda: room.now) as app:
        asyncio.run(run_cycle(app, lambda outcome: None))
        assert not asyncio.run(backfill.backfill_all(app))
    assert [request.target for request in server.requests] == ["/feed?key=secret"]


def test_the_example_of_the_documentation_reads_the_archive(tmp_path: Path, server: Server) -> None:
    text = (Path(__file__).parents[2] / "docs" / "archives.md").read_text(encoding="utf-8")
    _, example = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    put_chain(server, [(9,), (8,), (7,)])
    configure(tmp_path, **yaml.safe_load(example.replace("https://example.org/feed.xml", server.url("/feed"))))
    aggregator("once", cwd=tmp_path)
    assert len(list((tmp_path / "storage" / "articles").rglob("*.md"))) == 3
    assert asked(server) == ["/2", "/3"]


# ------------------------------------------------------------------------------------------------- where it stands, why


def progress(room: Newsroom, name: str = "one") -> str | None:
    """The state of the archive, as the command, `/status` and the source's page show it alike."""
    with room.opened() as app:
        (stored,) = [stored for stored in app.store.sources.overview(room.now) if stored.source.name == name]
        text = archive_progress(
            stored, app.store.backfills.progress([stored.source.id]).get(stored.source.id), room.now
        )
        client = TestClient(site(app, Health(app.clock), Metrics()))
        for path in ("/status", f"/source/{name}"):
            shown = re.findall(r"<dt>Archive</dt> <dd>(.*?)\.</dd>", client.get(path).text)
            assert [each.casefold() for each in shown] == ([escape(text).casefold()] if text else [])
    return text


def test_the_progress_is_shown(room: Newsroom, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "PAGES_OF_RUN", 1)
    put_chain(server, [(9,), (8,), (7,), (6,)])
    assert progress(room) == "no document has named a page of it yet"
    room.once()
    assert progress(room) == f"pages read: 0; next {server.url('/2')}, now"
    room.backfill()
    assert progress(room) == f"pages read: 1; next {server.url('/3')}, now"
    server.put("/3", status=503, headers={"Retry-After": "600"})
    room.backfill()
    reason = "it waits: its host asks to be left alone"
    assert progress(room) == f"pages read: 1; next {server.url('/3')}, 2026-11-24T12:10:00Z; {reason}"
    server.put("/3", status=404)
    room.later(minutes=11)
    room.backfill()
    shown = progress(room)
    assert shown
    assert shown.startswith(f"pages read: 1; next {server.url('/3')}, 2026-11-24T13:11:00Z; it waits: ")
    assert shown.endswith("404 Not Found (failures in a row: 1)")
    put_chain(server, [(9,), (8,), (7,), (6,)])
    for _ in range(3):
        room.later(hours=2)
        room.backfill()
    assert progress(room) == "pages read: 3, up to its end"
    room.configuration["sources"][0]["backfill"] = "none"
    assert progress(room) is None


def test_the_reason_is_shown_why_an_archive_is_not_read_further(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(dated(9), head=link("next", "https://other.example/2")))
    room.once()
    assert progress(room) == "pages read: 0; the rest is not read: its next page is on another host"
    shown = aggregator("sources", "one", cwd=room.root).stdout
    assert "\narchive         pages read: 0; the rest is not read: its next page is on another host\n" in shown


def test_once_with_names_reads_the_archives_of_these_sources_alone(tmp_path: Path, server: Server) -> None:
    put_chain(server, [(9,), (8,)])
    server.put("/other", rss(dated(5), head=link("next", "/other-2")))
    server.put("/other-2", rss(dated(4)))
    room = newsroom(tmp_path, [source(server), source(server, name="two", url=server.url("/other"))])
    room.once()
    aggregator("once", "two", cwd=tmp_path)
    assert asked(server) == ["/other", "/other", "/other-2"]
    aggregator("once", cwd=tmp_path)
    assert asked(server)[3:] == ["/2"]


# ----------------------------------------------------------------------------------------------------------- the daemon


def test_the_daemon_reads_the_archive(tmp_path: Path, server: Server) -> None:
    put_chain(server, [(9,), (8,), (7,)])
    configure(tmp_path, sources=[source(server)])
    with daemon(tmp_path):
        feed = tmp_path / "storage" / "feeds" / "one.json"
        until(lambda: feed.exists() and len(json.loads(feed.read_text())["items"]) == 3)
    assert asked(server) == ["/2", "/3"]
