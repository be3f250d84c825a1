"""Full text: an article goes out with the feed's text, and again with that of its page, which is asked for once."""

import asyncio
import json
import signal
from datetime import timedelta
from itertools import pairwise, repeat
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from starlette.testclient import TestClient

from aggregator.fetch import Fetcher
from aggregator.maintain.prune import prune_all
from aggregator.model import PageText
from aggregator.pipeline.complete import complete_all
from aggregator.publish import Published
from aggregator.serve import Health, Metrics, site
from aggregator.status import waiting_work
from tests.commands import aggregator, configure, daemon, until
from tests.full_text.pages import PARAGRAPHS, TEXT, html
from tests.newsroom import Newsroom, item, newsroom, prose, rss
from tests.normalise.rendering import Page as Rendered
from tests.servers import Server
from tests.thorough import with_each_database
from tests.whole.test_translations import translated

TEASER = "The old bridge opens again on Friday, and everybody may walk over it."
LAST = Rendered(PARAGRAPHS[3]).words
HTML = {"headers": {"Content-Type": "text/html; charset=utf-8"}}


def entry(server: Server, number: int = 1, description: str = TEASER, **changes: str) -> str:
    link = changes.pop("link", server.url(f"/stories/{number}"))
    return item(number, link=link, description=f"&lt;p&gt;{description}&lt;/p&gt;", **changes)


def put_page(server: Server, number: int = 1, page: str = "", **answer: Any) -> None:
    server.put(f"/stories/{number}", page or html(), **(HTML | answer))


def source(server: Server, name: str = "one", **settings: Any) -> dict[str, Any]:
    return {"name": name, "url": server.url("/feed"), "full_text": True, **settings}


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Newsroom:
    """One source with full text, one entry with a page."""
    server.put("/feed", rss(entry(server)))
    put_page(server)
    return newsroom(tmp_path, [source(server)])


def shown(room: Newsroom) -> list[str]:
    """The article in every output."""
    (article,) = room.articles().values()
    return [article, *(room.feed(f"one.{suffix}").decode() for suffix in ("rss", "atom", "json"))]


def has_full_text(room: Newsroom) -> bool:
    (has_it,) = {LAST in text for text in shown(room)}
    return has_it


def entries(room: Newsroom, name: str = "one") -> list[dict[str, Any]]:
    items = json.loads(room.feed(f"{name}.json"))["items"]
    assert isinstance(items, list)
    return items


def asked(server: Server) -> list[str]:
    """The paths that were asked for besides the feed's."""
    return [request.path for request in server.requests if request.path != "/feed"]


# ------------------------------------------------------------------------------------------------------- once a version


def test_an_article_goes_out_at_once_and_again_with_its_pages_text(
    tmp_path: Path, server: Server, database: dict[str, str]
) -> None:
    server.put("/feed", rss(entry(server)))
    put_page(server)
    room = newsroom(tmp_path, [source(server)], **database)
    room.once()
    assert asked(server) == []
    assert all(TEASER in text for text in shown(room))
    ((before,), (head,), paths) = entries(room), room.heads(), list(room.articles())
    room.later(minutes=1)
    assert room.complete() == Published(articles=1, feeds=6)
    assert has_full_text(room)
    assert asked(server) == ["/robots.txt", "/stories/1"]
    ((after,), (new_head,)) = entries(room), room.heads()
    changed = {"content_html", "summary"}
    assert {name: after[name] for name in after.keys() - changed} == {
        name: before[name] for name in before.keys() - changed
    }
    assert new_head.pop("summary").startswith("The bridge over the river")
    assert head.pop("summary") == TEASER
    assert (new_head, list(room.articles())) == (head, paths)  # no `lastmod`: it is not edited


def test_a_page_is_asked_for_once_for_each_version_of_its_entry(room: Newsroom, server: Server) -> None:
    room.once()
    for _ in range(3):
        room.complete()
        room.later(hours=2)
        assert room.once().rows == 0
    server.put("/feed", rss(entry(server), head="<ttl>5</ttl>"))
    room.later(hours=2)
    assert room.once().rows == 0
    assert room.complete() == Published()
    assert asked(server) == ["/robots.txt", "/stories/1"]
    server.put("/feed", rss(entry(server, description="The bridge is closed again, for a week.")))
    room.later(hours=1)
    edited = room.once()
    assert (edited.new, edited.updated) == (0, 1)
    assert not has_full_text(room)
    assert "The bridge is closed again" in shown(room)[0]
    put_page(server, page=html(TEXT.replace("eleven", "twelve")))
    room.complete()
    assert has_full_text(room)
    assert all("twelve years" in text for text in shown(room))
    assert asked(server) == ["/robots.txt", "/stories/1", "/stories/1"]
    with room.opened() as app:
        (article,) = app.store.articles.page(None, 10)
        (head,) = app.store.articles.revisions(article.id)
        revision = app.store.articles.revision(article.id, head.number)
        assert revision
        assert "eleven years" in revision.html  # as readers saw it


def test_it_is_off_by_default_and_begins_with_new_articles(room: Newsroom, server: Server) -> None:
    (settings,) = room.configuration["sources"]
    del settings["full_text"]
    room.once()
    assert room.complete() == Published()
    settings["full_text"] = True
    server.put("/feed", rss(entry(server, 2, prose(2)), entry(server)))
    put_page(server, 2)
    room.later(hours=1)
    room.once()
    room.complete()
    assert asked(server) == ["/robots.txt", "/stories/2"]
    settings["full_text"] = False
    server.put("/feed", rss(entry(server, 3, prose(3)), entry(server, 2, prose(2)), entry(server)))
    room.later(hours=1)
    assert room.once().new == 1
    assert room.complete() == Published()
    assert len(asked(server)) == 2


def test_entries_without_a_link_of_their_own_have_no_page(room: Newsroom, server: Server) -> None:
    home = server.url("/")
    server.put("/feed", rss(entry(server, 1, prose(1), link=home), entry(server, 2, prose(2), link=home)))
    room.once()
    room.complete()
    assert asked(server) == []


def test_the_feeds_text_stays_if_the_page_has_no_better(room: Newsroom, server: Server) -> None:
    put_page(server, page=html("<p>Walk over it.</p>"))
    room.once()
    before = room.files()
    assert room.complete() == Published()
    assert room.files() == before
    assert asked(server) == ["/robots.txt", "/stories/1"]


def test_selectors_of_the_source_are_obeyed(room: Newsroom, server: Server) -> None:
    (settings,) = room.configuration["sources"]
    settings |= {"content": ".body", "remove": ["blockquote", ".promo"]}
    put_page(server, page=html(TEXT + '<p class="promo">Subscribe now.</p>', aside="<p>No part of the text.</p>" * 50))
    room.once()
    room.complete()
    assert has_full_text(room)
    for out in shown(room):
        for absent in ("We waited", "Subscribe", "No part"):
            assert absent not in out


@pytest.mark.parametrize("place", ["page", "header"])
def test_the_canonical_link_of_the_page_wins(room: Newsroom, server: Server, place: str) -> None:
    canonical = server.url("/2026/bridge")
    if place == "page":
        put_page(server, page=html(head=f'<link rel="canonical" href="{canonical}">'))
    else:
        links = {"Link": '</style.css>; rel=preload; as=style, </2026/bridge>; rel="shortlink canonical"'}
        put_page(server, headers=HTML["headers"] | links)
    room.once()
    (before,) = entries(room)
    room.complete()
    (after,) = entries(room)
    assert (after["url"], after["id"]) == (canonical, before["id"])
    (article,) = room.articles().values()
    assert article.endswith(f"[one]({canonical})\n")
    room.later(hours=1)
    assert room.once().rows == 0  # the entry is known by its own link
    assert entries(room) == [after]


def test_clusters_and_duplicates_are_judged_by_the_feeds_text(tmp_path: Path, server: Server) -> None:
    server.put("/feed", rss(entry(server, 1, prose(1, 80))))
    server.put("/second", rss(entry(server, 2, prose(1, 80) + " indeed", title="Story number 1")))
    put_page(server)
    room = newsroom(tmp_path, [source(server), source(server, "two", url=server.url("/second"), full_text=False)])
    room.once("one")
    room.complete()
    assert has_full_text(room)
    room.later(minutes=10)
    room.once("two")
    (entry_object,) = entries(room, "all")
    assert LAST in entry_object["content_html"]
    assert server.url("/stories/2") in json.dumps(entry_object)  # as "also"


def test_text_of_an_older_version_is_not_recorded(room: Newsroom, server: Server) -> None:
    room.once()
    with room.opened() as app:
        (mark,) = app.store.pages.due(room.now, 10)
        (claimed,) = app.store.pages.claim([mark.article_id], room.now, timedelta(minutes=10))
    server.put("/feed", rss(entry(server, description="The bridge is closed again, for a week.")))
    room.later(hours=1)
    room.once()
    with room.opened() as app:
        app.store.pages.record(claimed, PageText(html="<p>Old.</p>", markdown="Old.", summary="Old."))
        assert len(app.store.pages.due(room.now, 10)) == 1  # the new version is still to be read
    room.complete()
    assert has_full_text(room)


def test_rules_judge_the_pages_text(room: Newsroom, server: Server) -> None:
    (settings,) = room.configuration["sources"]
    settings["rules"] = [{"replace": {"in": "text", "find": "eleven years", "with": "a long time"}}]
    room.once()
    room.complete()
    assert has_full_text(room)
    assert all("a long time" in out and "eleven years" not in out for out in shown(room))
    for rules, words in (([], "eleven years"), (settings["rules"], "a long time")):
        settings["rules"] = rules
        room.later(hours=1)
        assert room.once().updated == 0
        assert has_full_text(room)
        assert all(words in out for out in shown(room))
    assert len(server.asked("/stories/1")) == 1
    assert "lastmod" not in room.heads()[0]


def test_an_article_that_a_rule_drops_by_the_feeds_text_may_come_with_the_pages(room: Newsroom, server: Server) -> None:
    put_page(server, 2, page=html("<p>Short, too.</p>"))
    server.put("/feed", rss(entry(server), entry(server, 2, "Short.")))
    (settings,) = room.configuration["sources"]
    settings["rules"] = [{"unless": {"words": ">60"}, "drop": True}]
    room.once()
    assert room.articles() == {}
    room.complete()
    assert has_full_text(room)
    assert len(entries(room)) == 1
    settings["rules"] = []
    room.later(hours=1)
    room.once()
    assert len(entries(room)) == 2


def test_a_dropped_article_has_no_page_unless_a_rule_looks_at_texts(room: Newsroom, server: Server) -> None:
    (settings,) = room.configuration["sources"]
    settings["rules"] = [{"if": {"title": "story"}, "drop": True}]
    room.once()
    room.complete()
    assert asked(server) == []
    settings["rules"] = []
    room.later(hours=1)
    room.once()
    room.complete()
    assert has_full_text(room)


def test_pruned_articles_leave_no_page(room: Newsroom, server: Server) -> None:
    room.once()
    room.complete()
    room.configuration["retention"] = "30d"
    room.later(days=400)
    with room.opened() as app:
        assert prune_all(app) == 1
    assert pages(room) == []


def pages(room: Newsroom) -> list[Any]:
    """The rows of the pages."""
    engine = create_engine(f"sqlite:///{room.storage}/aggregator.db")
    try:
        with engine.connect() as connection:
            return list(connection.execute(text("SELECT article_id, due, error FROM page")))
    finally:
        engine.dispose()


# --------------------------------------------------------------------------------------------------------------- robots


def test_robots_txt_is_obeyed_and_kept_for_a_day(room: Newsroom, server: Server) -> None:
    server.put("/robots.txt", "User-agent: *\nDisallow: /stories/1\n", headers={"Content-Type": "text/plain"})
    for number in (2, 3):
        put_page(server, number)
    server.put("/feed", rss(*(entry(server, number, prose(number)) for number in (1, 2))))
    room.once()
    room.complete()
    assert sorted(asked(server)) == ["/robots.txt", "/stories/2"]
    server.put("/feed", rss(*(entry(server, number, prose(number)) for number in (1, 2, 3))))
    room.later(hours=23)
    room.once()
    room.complete()
    assert asked(server)[2:] == ["/stories/3"]
    server.put("/feed", rss(entry(server, 1, prose(7))))
    room.later(hours=2)
    room.once()
    room.complete()
    assert asked(server)[3:] == ["/robots.txt"]


def test_feeds_are_exempt_from_robots_txt(room: Newsroom, server: Server) -> None:
    server.put("/robots.txt", "User-agent: *\nDisallow: /\n", headers={"Content-Type": "application/octet-stream"})
    assert room.once().new == 1
    room.complete()
    assert asked(server) == ["/robots.txt"]
    assert not has_full_text(room)


def test_while_robots_txt_cannot_be_read_nothing_is_asked_for(room: Newsroom, server: Server) -> None:
    server.put("/robots.txt", status=500)
    room.once()
    room.complete()
    assert asked(server) == ["/robots.txt"]
    server.put("/robots.txt", "User-agent: *\nAllow: /\n")
    room.later(minutes=59)
    room.complete()
    assert asked(server) == ["/robots.txt"]
    room.later(minutes=2)
    room.complete()
    assert asked(server) == ["/robots.txt", "/robots.txt", "/stories/1"]
    assert has_full_text(room)


@pytest.mark.parametrize("headers", [{"X-Robots-Tag": "noindex"}, {"X-Robots-Tag": "aggregator: none"}])
def test_a_page_that_forbids_it_is_not_used_nor_asked_for_again(
    room: Newsroom, server: Server, headers: dict[str, str]
) -> None:
    put_page(server, headers=HTML["headers"] | headers)
    room.once()
    assert room.complete() == Published()
    room.later(days=3)
    room.complete()
    assert asked(server) == ["/robots.txt", "/stories/1"]


def test_robots_txt_counts_for_the_target_of_a_redirect(room: Newsroom, server: Server) -> None:
    with Server() as second_server:
        second_server.put("/robots.txt", "User-agent: *\nDisallow: /\n")
        second_server.put("/page", html(), **HTML)
        put_page(server, status=301, headers={"Location": second_server.url("/page")})
        room.once()
        assert room.complete() == Published()
        assert [request.path for request in second_server.requests] == ["/robots.txt"]


# ------------------------------------------------------------------------------------------------------------- requests


def test_failures_are_asked_again_three_times_and_then_never(room: Newsroom, server: Server) -> None:
    put_page(server, status=500)
    room.once()
    for hours, requests in ((0, 1), (0.9, 1), (0.2, 2), (1.8, 2), (0.3, 3), (3.9, 3), (0.2, 4), (24, 4), (1000, 4)):
        room.later(hours=hours)
        room.complete()
        assert len(server.asked("/stories/1")) == requests
    assert not has_full_text(room)
    server.put("/feed", rss(entry(server, description="The bridge is closed again, for a week.")))
    put_page(server)
    room.once()
    room.complete()
    assert has_full_text(room)


def test_a_page_waits_while_another_process_asks_its_host(room: Newsroom, server: Server) -> None:
    room.once()
    with room.other_process(server.url("/")):
        room.complete()
        assert asked(server) == []
    room.complete()
    assert not has_full_text(room)
    room.later(minutes=1)
    room.complete()
    assert has_full_text(room)


def test_a_host_that_asks_to_be_left_alone_is_left_alone(room: Newsroom, server: Server) -> None:
    put_page(server, 1, status=429, headers={"Retry-After": "7200"})
    put_page(server, 2)
    room.configuration["fetch"]["per_host"] = 1
    server.put("/feed", rss(entry(server, 1, prose(1)), entry(server, 2, prose(2))))
    room.once()
    room.complete()
    pages_asked = [path for path in asked(server) if path.startswith("/stories")]
    assert len(pages_asked) in (1, 2)  # the second may have been asked for first
    put_page(server, 1)
    feeds = len(server.asked("/feed"))
    room.later(hours=1)
    room.once()
    room.complete()
    assert len(server.asked("/feed")) == feeds  # neither feed nor page
    room.later(hours=2)
    room.once()
    room.complete()
    assert len(server.asked("/feed")) == feeds + 1
    assert all(LAST in each["content_html"] for each in entries(room))


def test_pages_that_are_forbidden_do_not_hold_up_the_feed(room: Newsroom, server: Server) -> None:
    numbers = range(1, 6)
    for number in numbers:
        put_page(server, number, status=403)
    server.put("/feed", rss(*(entry(server, number, prose(number)) for number in numbers)))
    room.once()
    room.complete()
    room.later(minutes=10)
    assert room.once().kinds == {"one": "fetched"}


def test_headers_of_the_source_go_to_pages_of_its_origin_alone(room: Newsroom, server: Server) -> None:
    (settings,) = room.configuration["sources"]
    settings["headers"] = {"X-Token": "secret"}
    with Server() as second_server:
        second_server.put("/page", html(), **HTML)
        put_page(server, 2, status=302, headers={"Location": second_server.url("/page")})
        server.put(
            "/feed",
            rss(
                entry(server, 1),
                entry(server, 2, prose(2)),
                entry(server, 3, prose(3), link=second_server.url("/page")),
            ),
        )
        room.once()
        room.complete()
        for path in ("/stories/1", "/stories/2"):
            (request,) = server.asked(path)
            assert request.header("X-Token") == "secret"
            assert (request.header("Accept") or "").startswith("text/html")
            assert request.header("Cookie") is request.header("Referer") is None
        assert len(second_server.asked("/page")) == 2
        for request in (*second_server.requests, *server.asked("/robots.txt")):
            assert request.header("X-Token") is None


def test_pages_keep_the_hosts_pace(room: Newsroom, server: Server) -> None:
    room.configuration["fetch"] |= {"host_gap": "200ms", "per_host": 1}
    numbers = range(1, 4)
    for number in numbers:
        put_page(server, number)
    server.put("/feed", rss(*(entry(server, number, prose(number)) for number in numbers)))
    room.once()
    room.complete()
    times = sorted(request.at for request in server.requests)
    assert len(times) == 5
    # The server of a busy machine notes a request late, and the next one not: without a gap they come within 10 ms.
    assert all(later - earlier >= 0.1 for earlier, later in pairwise(times[1:]))


def test_private_addresses_are_refused(room: Newsroom, server: Server) -> None:
    with Server("127.0.0.2") as private:
        private.put("/page", html(), **HTML)
        room.configuration["fetch"]["allow_private"] = ["127.0.0.1/32"]
        server.put("/feed", rss(entry(server, link=private.url("/page"))))
        room.once()
        room.complete()
        assert private.requests == []
        ((_, due, error),) = pages(room)
        assert "private network" in error
        assert due


def test_a_file_is_not_read_to_its_end_nor_asked_for_again(room: Newsroom, server: Server) -> None:
    put_page(server, headers={"Content-Type": "audio/mpeg"}, chunks=repeat(b"\0" * 65_536))
    room.once()
    assert room.complete() == Published()
    ((_, due, error),) = pages(room)
    assert (due, error) == (None, "the page is not HTML")
    assert len(server.asked("/stories/1")) == 1


def test_an_internal_error_is_a_failure_of_its_page_alone(
    room: Newsroom, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_page(server, 2)
    server.put("/feed", rss(entry(server, 1, prose(1)), entry(server, 2, prose(2))))
    read = Fetcher.fetch_page

    async def failing(fetcher: Fetcher, url: str, *args: Any, **options: Any) -> Any:
        if url.endswith("/1"):
            raise RuntimeError("a fault of ours")
        return await read(fetcher, url, *args, **options)

    monkeypatch.setattr(Fetcher, "fetch_page", failing)
    room.once()
    room.complete()
    assert {each["url"]: LAST in each["content_html"] for each in entries(room)} == {
        server.url("/stories/1"): False,
        server.url("/stories/2"): True,
    }
    assert {(bool(due), error) for _, due, error in pages(room)} == {
        (True, "internal error (RuntimeError)"),
        (False, None),
    }


def test_pages_are_read_after_a_clock_that_ran_ahead(room: Newsroom, server: Server) -> None:
    put_page(server, status=500)
    room.later(days=4000)
    room.once()
    room.complete()
    put_page(server)
    room.later(days=-4000)
    room.complete()
    assert has_full_text(room)


def test_a_hostile_page_does_not_stop_the_others(room: Newsroom, server: Server) -> None:
    put_page(server, page=html("<p>" + "<b>" * 200_000))
    put_page(server, 2)
    server.put("/feed", rss(entry(server, 1, prose(1)), entry(server, 2, prose(2))))
    room.once()
    room.complete()
    assert {each["url"]: LAST in each["content_html"] for each in entries(room)}[server.url("/stories/2")]


# ------------------------------------------------------------------------------------------------------ once and daemon


@with_each_database
def test_once_does_it_before_it_ends(tmp_path: Path, server: Server, database: dict[str, str]) -> None:
    server.put("/feed", rss(entry(server)))
    put_page(server)
    configure(tmp_path, sources=[source(server)], **database)
    done = aggregator("once", "--json", cwd=tmp_path)
    figures = json.loads(done.stdout)
    assert (figures["new"], figures["updated"], figures["articles_written"]) == (1, 0, 2)
    (path,) = (tmp_path / "storage" / "articles").rglob("*.md")
    assert LAST in path.read_text()
    assert aggregator("verify", cwd=tmp_path).returncode == 0


def test_once_with_a_name_completes_and_translates_articles_of_that_source_alone(
    tmp_path: Path, server: Server, database: dict[str, str]
) -> None:
    sources = [
        source(server, name, url=server.url(f"/feeds/{name}"), language="en", translate=["de"])
        for name in ("first", "second")
    ]
    for number, each in enumerate(sources):
        server.put(f"/feeds/{each['name']}", rss(entry(server, number, title=f"Story {number}")))
        put_page(server, number, html(TEXT.replace("eleven", each["name"])))
    server.put("/translate", translated)
    room = newsroom(tmp_path, sources, translate={"url": server.url("/")}, **database)
    room.once()
    aggregator("once", "second", cwd=tmp_path)
    assert [path for path in asked(server) if path.startswith("/stories")] == ["/stories/1"]
    assert {json.loads(request.body)["q"] for request in server.asked("/translate")}.isdisjoint({"Story 0"})
    assert len(list((tmp_path / "storage" / "articles").rglob("*.de.md"))) == 1
    aggregator("once", cwd=tmp_path)
    assert len(list((tmp_path / "storage" / "articles").rglob("*.de.md"))) == 2
    assert len(server.asked("/stories/0")) == 1


def test_a_daemon_that_is_stopped_leaves_the_page_to_the_next(tmp_path: Path, server: Server) -> None:
    server.put("/feed", rss(entry(server)))
    put_page(server, hang=True)
    configure(tmp_path, sources=[source(server)], fetch={"allow_private": ["127.0.0.1/32"], "timeout": "1h"})
    with daemon(tmp_path) as (process, _):
        until(lambda: bool(server.asked("/stories/1")))
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    put_page(server)
    aggregator("once", cwd=tmp_path)
    (path,) = (tmp_path / "storage" / "articles").rglob("*.md")
    assert LAST in path.read_text()


def test_the_daemon_does_it(tmp_path: Path, server: Server, database: dict[str, str]) -> None:
    server.put("/feed", rss(entry(server)))
    put_page(server, pause=0.5)
    configure(tmp_path, sources=[source(server)], **database)
    with daemon(tmp_path):
        articles = tmp_path / "storage" / "articles"
        until(lambda: any(LAST in path.read_text() for path in articles.rglob("*.md")))
    assert len(server.asked("/stories/1")) == 1


def test_pages_that_wait_to_be_read_are_shown_until_each_was(room: Newsroom, server: Server) -> None:
    server.put("/feed", rss(*(entry(server, number) for number in range(3))))
    for number in range(3):
        put_page(server, number)

    def notes() -> list[str | None]:
        with room.opened() as app:
            return [waiting_work(stored) for stored in app.store.sources.overview(room.now)]

    room.configuration["sources"].append({"name": "two", "url": server.url("/none")})
    room.once()
    assert notes() == ["pages that wait to be read for their full text: 3", None]
    with room.opened() as app:
        client = TestClient(site(app, Health(app.clock), Metrics()))
        texts = [client.get(path).text for path in ("/status", f"/source/{room.configuration['sources'][0]['name']}")]
    assert all("ages that wait to be read for their full text: 3" in page for page in texts)
    shown_by_command = aggregator("sources", cwd=room.root).stdout
    assert shown_by_command.count("pages that wait to be read for their full text: 3") == 1
    advances: list[None] = []
    with room.opened() as app:
        asyncio.run(complete_all(app, lambda: advances.append(None)))
    assert (len(advances), notes()) == (3, [None, None])
