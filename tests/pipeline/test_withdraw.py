"""Tombstones (RFC 6721): entries that their sources delete, and the articles that are withdrawn."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from starlette.testclient import TestClient

from aggregator.maintain.prune import prune_all
from aggregator.maintain.verify import differences
from aggregator.pipeline import run_cycle
from aggregator.publish import publish_all
from aggregator.search_terms import query_terms
from aggregator.serve import Health, Metrics, site
from tests.newsroom import Newsroom, Round, newsroom, prose
from tests.servers import Server

AT = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
NAMESPACES = 'xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0"'
PUBLISHED, DELETED, RENEWED = (f"2026-11-{day}T10:00:00Z" for day in (20, 22, 23))


def entry(number: int, *, updated: str = PUBLISHED, link: str = "", text: str = "") -> str:
    return (
        f"<entry><id>tag:source.example,2026:{number}</id><title>Story number {number}</title>"
        f'<link href="{link or f"https://source.example/{number}"}"/><updated>{updated}</updated>'
        f"<content>{text or prose(number)}</content></entry>"
    )


def tombstone(number: int, when: str = DELETED, inner: str = "") -> str:
    return f'<at:deleted-entry ref="tag:source.example,2026:{number}" when="{when}">{inner}</at:deleted-entry>'


def atom(*parts: str) -> bytes:
    return f"<feed {NAMESPACES}><id>urn:x:feed</id><title>A source</title>{''.join(parts)}</feed>".encode()


def tombstones(room: Newsroom, name: str = "all") -> list[tuple[str, str]]:
    """`ref` and `when` of the tombstones in our Atom feed."""
    root = etree.fromstring(room.feed(f"{name}.atom"))
    return [(str(each.get("ref")), str(each.get("when"))) for each in root.iterfind(AT)]


def poll(room: Newsroom, server: Server, *parts: str, path: str = "/feed") -> Round:
    """The next poll, an hour later, of a document of these parts."""
    server.put(path, atom(*parts))
    room.later(hours=1)
    answer = room.once()
    assert answer.outcomes, "nothing was due"
    assert [outcome.failure for outcome in answer.outcomes.values() if outcome.url.endswith(path)] == [None]
    return answer


def searched(room: Newsroom, words: str) -> list[str]:
    with room.opened() as app:
        return sorted(article.title for article in app.store.search.find(query_terms(words), 10).articles)


def faults(room: Newsroom) -> list[str]:
    with room.opened() as app:
        return [str(difference) for difference in differences(app)]


def statuses(room: Newsroom, *paths: str) -> list[int]:
    with room.opened() as app:
        client = TestClient(site(app, Health(app.clock), Metrics()))
        return [client.get(path).status_code for path in paths]


def ids(room: Newsroom) -> dict[str, str]:
    with room.opened() as app:
        return {article.title: article.id for article in app.store.articles.page(None, 100)}


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Newsroom:
    """Three articles of one source, published."""
    server.put("/feed", atom(*map(entry, (1, 2, 3))))
    room = newsroom(tmp_path, [{"name": "paper", "url": server.url("/feed"), "category": "News"}])
    room.once()
    return room


def test_a_tombstone_takes_file_entry_search_row_and_page(room: Newsroom, server: Server) -> None:
    gone = ids(room)["Story number 2"]
    assert statuses(room, f"/article/{gone}") == [200]
    poll(room, server, entry(1), tombstone(2), entry(3))
    assert room.titles() == ["Story number 1", "Story number 3"]
    assert b"Story number 2" not in b"".join(
        room.feed(f"{name}.{kind}") for name in ("all", "news") for kind in ("rss", "atom", "json")
    )
    assert searched(room, "number") == room.titles()
    assert statuses(room, f"/article/{gone}", f"/article/{gone}/revisions/1", "/article/" + "0" * 32) == [410, 410, 404]
    assert faults(room) == []


def test_all_tombstones_of_a_document_count(room: Newsroom, server: Server) -> None:
    poll(room, server, tombstone(1), tombstone(2), tombstone(3))
    assert room.titles() == []
    assert sorted(tombstones(room)) == [(f"tag:source.example,2026:{number}", DELETED) for number in (1, 2, 3)]


def test_all_of_them_count_where_only_feedparser_reads_the_document(room: Newsroom, server: Server) -> None:
    by = "<at:by><name>Jane</name></at:by><at:comment>Sold &amp; gone</at:comment><link href='https://other.example/'/>"
    server.put("/feed", b"<!DOCTYPE feed []>" + atom(tombstone(1, inner=by), entry(2), tombstone(3, inner=by)))
    room.later(hours=1)
    room.once()
    assert room.titles() == ["Story number 2"]
    assert "Jane" not in room.feed("all.atom").decode()


def test_ours_go_out_in_atom_alone_with_our_id_and_the_same_time(room: Newsroom, server: Server) -> None:
    before = {name: content for name, (_, content) in room.files().items()}
    assert b"tombstones" not in before["feeds/all.atom"]
    poll(room, server, entry(1), tombstone(2, "2026-11-22T12:30:00+02:00"), entry(3))
    for name in ("all", "news"):
        assert tombstones(room, name) == [("tag:source.example,2026:2", "2026-11-22T10:30:00Z")]
        assert b"deleted" not in room.feed(f"{name}.rss") + room.feed(f"{name}.json")


def test_ours_stand_until_as_many_articles_have_joined_as_the_feed_holds(room: Newsroom, server: Server) -> None:
    room.configuration["feeds"] = {"limit": 2}
    poll(room, server, entry(1), tombstone(2), entry(3))
    poll(room, server, entry(1), entry(3), entry(4))
    assert [ref for ref, _ in tombstones(room)] == ["tag:source.example,2026:2"]
    poll(room, server, entry(1), entry(3), entry(4), entry(5))
    assert tombstones(room) == tombstones(room, "news") == []


@pytest.mark.parametrize(
    "left",
    [
        pytest.param(atom(), id="empty"),
        pytest.param(atom(entry(1)), id="shorter"),
        pytest.param(atom(tombstone(2), entry(1))[:-20], id="cut-off"),
        pytest.param(b"<html><body>Not found</body></html>", id="no-feed"),
        pytest.param(atom(tombstone(9)), id="unknown"),
        pytest.param(atom(tombstone(2, "2026-11-19T10:00:00Z")), id="before-the-update"),
        pytest.param(atom(tombstone(2, "yesterday")), id="unreadable-time"),
        pytest.param(atom(tombstone(2).replace("when=", "then=")), id="no-time"),
        pytest.param(
            atom(tombstone(2).replace("atompub/tombstones/1.0", "")).replace(b"tombstones/1.0", b"else"), id="namespace"
        ),
    ],
)
def test_nothing_else_withdraws_an_article(room: Newsroom, server: Server, left: bytes) -> None:
    server.put("/feed", left)
    room.later(hours=1)
    room.once()
    assert len(room.titles()) == 3
    assert tombstones(room) == []


def test_a_server_that_fails_withdraws_nothing(room: Newsroom, server: Server) -> None:
    server.put("/feed", atom(tombstone(2)), status=500)
    room.later(hours=1)
    room.once()
    assert len(room.titles()) == 3


def test_an_edit_after_the_tombstone_stands(room: Newsroom, server: Server) -> None:
    poll(room, server, entry(1), entry(2, updated=RENEWED, text=prose(22)), tombstone(2), entry(3))
    poll(room, server, entry(1), tombstone(2), entry(3))
    assert len(room.titles()) == 3


def test_it_stays_away_while_documents_still_hold_the_entry(room: Newsroom, server: Server) -> None:
    poll(room, server, *map(entry, (1, 2, 3)), tombstone(2))
    poll(room, server, *map(entry, (1, 2, 3)), tombstone(2))
    assert room.titles() == ["Story number 1", "Story number 3"]
    poll(room, server, *map(entry, (1, 2, 3, 4)))
    poll(room, server, entry(2, text=prose(5)), *map(entry, (1, 3, 4)))
    assert room.titles() == ["Story number 1", "Story number 3", "Story number 4"]


def test_it_stays_away_without_a_date_of_its_own(room: Newsroom, server: Server) -> None:
    poll(room, server, tombstone(2))
    poll(room, server, entry(2, text="Another text entirely").replace(f"<updated>{PUBLISHED}</updated>", ""))
    assert room.titles() == ["Story number 1", "Story number 3"]


def test_an_entry_that_comes_with_its_tombstone_is_never_published(room: Newsroom, server: Server) -> None:
    poll(room, server, *map(entry, (1, 2, 3, 4)), tombstone(4))
    poll(room, server, *map(entry, (1, 2, 3, 4)))
    assert len(room.titles()) == 3
    assert tombstones(room) == []  # nobody saw it


@pytest.mark.parametrize("text", [prose(2), prose(7)], ids=["same-text", "other-text"])
def test_a_newer_entry_brings_the_article_back(room: Newsroom, server: Server, text: str) -> None:
    before, id_ = room.articles(), ids(room)["Story number 2"]
    poll(room, server, *map(entry, (1, 2, 3)), tombstone(2))
    poll(room, server, entry(1), entry(2, updated=RENEWED, text=text), entry(3))
    assert len(room.titles()) == 3
    assert room.articles().keys() == before.keys()
    assert ids(room)["Story number 2"] == id_
    assert tombstones(room) == []
    assert b"Story number 2" in room.feed("news.rss")
    assert len(searched(room, "number")) == 3
    assert statuses(room, f"/article/{id_}", f"/article/{id_}/revisions/1") == [200, 404]
    assert faults(room) == []
    poll(room, server, tombstone(2))  # the old one again, in a document that lists nothing
    assert len(room.titles()) == 3
    poll(room, server, tombstone(2, "2026-11-24T10:00:00Z"))
    assert tombstones(room) == [("tag:source.example,2026:2", "2026-11-24T10:00:00Z")]


def test_publish_verify_and_prune_agree(room: Newsroom, server: Server) -> None:
    poll(room, server, entry(1), tombstone(2), entry(3))
    files = room.files()
    with room.opened() as app:
        publish_all(app)
    assert room.files() == files
    (room.storage / "articles" / "2026-11-20-back.md").write_text("from a backup")
    room.configuration["retention"] = "3650d"
    with room.opened() as app:
        assert prune_all(app) == 0
    room.configuration["retention"] = "1d"
    with room.opened() as app:
        assert prune_all(app) == 2
    assert tombstones(room) == [("tag:source.example,2026:2", DELETED)]


def test_a_file_that_came_back_is_removed_again(room: Newsroom, server: Server) -> None:
    files = room.articles()
    poll(room, server, entry(1), tombstone(2), entry(3))
    (path,) = files.keys() - room.articles().keys()
    (room.storage / "articles" / path).write_text(files[path])
    assert [fault.rpartition(": ")[2] for fault in faults(room)] == ["its article was pruned, dropped or withdrawn"]


def test_a_file_that_could_not_be_removed_is_removed_later(room: Newsroom, server: Server) -> None:
    """The process was killed between the record and the publication."""
    server.put("/feed", atom(entry(1), tombstone(2), entry(3)))
    room.later(hours=1)
    with room.opened() as app:
        asyncio.run(run_cycle(app, lambda outcome: None, names=None, everything=True))
    assert len(room.titles()) == 3
    room.once()
    assert room.titles() == ["Story number 1", "Story number 3"]


def test_the_log_names_the_source(room: Newsroom, server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "aggregator")
    poll(room, server, tombstone(1), tombstone(2))
    assert "paper: its tombstones withdrew 2 articles" in caplog.messages


def test_of_too_many_tombstones_the_first_count(room: Newsroom, server: Server) -> None:
    many = "".join(map(tombstone, range(100, 1100)))
    poll(room, server, tombstone(1), many, tombstone(2))
    assert room.titles() == ["Story number 2", "Story number 3"]


def test_long_ids_leave_room_for_articles(tmp_path: Path, server: Server) -> None:
    long = [entry(number).replace("2026:", f"2026:{'x' * 900}") for number in range(150)]
    server.put("/feed", atom(*long[:140]))
    room = newsroom(tmp_path, [{"name": "paper", "url": server.url("/feed")}], feeds={"limit": 200})
    room.once()
    gone = [tombstone(number).replace("2026:", f"2026:{'x' * 900}") for number in range(140)]
    poll(room, server, *gone, *long[140:])
    assert 0 < len(tombstones(room)) < 80
    assert b"Story number 149" in room.feed("all.atom")
    assert len(room.feed("all.atom")) < 512_000


# ----------------------------------------------------------------------------------------------------- several sources

SHARED = "https://site.example/story"


@pytest.fixture
def shared(tmp_path: Path, server: Server) -> Newsroom:
    """One story of two sources, of which the first owns it."""
    server.put("/first", atom(entry(1, link=SHARED), entry(2)))
    server.put("/second", atom(entry(1, link=SHARED, text=prose(1) + " Of the second."), entry(3)))
    sources: list[dict[str, Any] | str] = [
        {"name": name, "url": server.url(f"/{name}"), "category": name.title()} for name in ("first", "second")
    ]
    room = newsroom(tmp_path, sources)
    room.once()
    return room


def owners(room: Newsroom) -> dict[str, list[str]]:
    with room.opened() as app:
        articles = app.store.articles.page(None, 100)
    return {article.link: [credit.source for credit in article.credits] for article in articles}


def test_the_next_owner_takes_a_shared_article_over(shared: Newsroom, server: Server) -> None:
    (owner, next_owner) = owners(shared)[SHARED]
    id_ = ids(shared)["Story number 1"]
    server.put(f"/{next_owner}", b"", status=503)
    poll(shared, server, tombstone(1), path=f"/{owner}")
    assert owners(shared)[SHARED] == [next_owner]
    (text,) = [text for text in shared.articles().values() if "Story number 1" in text]
    assert prose(1)[:30] not in text
    assert SHARED in text
    assert prose(1)[:30] not in shared.feed("all.rss").decode()
    assert tombstones(shared) == tombstones(shared, owner) == []
    assert faults(shared) == []
    server.put(f"/{next_owner}", atom(entry(1, link=SHARED, text=prose(1) + " Once more."), entry(3)))
    shared.later(hours=24)
    shared.once()
    assert ids(shared)["Story number 1"] == id_
    (text,) = [text for text in shared.articles().values() if "Story number 1" in text]
    assert "Once more." in text
    assert statuses(shared, f"/article/{id_}/revisions/1") == [404]  # an empty text is none
    assert len(shared.titles()) == 3


def test_the_unchanged_text_of_the_next_owner_is_asked_for_anew(shared: Newsroom, server: Server) -> None:
    (owner, next_owner) = owners(shared)[SHARED]
    poll(shared, server, tombstone(1), path=f"/{owner}")
    shared.later(hours=1)
    shared.once()
    assert owners(shared)[SHARED] == [next_owner]
    (text,) = [text for text in shared.articles().values() if "Story number 1" in text]
    assert prose(1)[:30] in text
    assert len(shared.titles()) == 3


def test_a_source_that_only_carries_an_article_leaves_it(shared: Newsroom, server: Server) -> None:
    (owner, next_owner) = owners(shared)[SHARED]
    poll(shared, server, entry(1, link=SHARED), tombstone(1), path=f"/{next_owner}")
    assert owners(shared)[SHARED] == [owner]
    (text,) = [text for text in shared.articles().values() if "Story number 1" in text]
    assert prose(1)[:30] in text
    assert b"Story number 1" not in shared.feed(f"{next_owner}.rss")
    poll(shared, server, entry(1, link=SHARED), path=f"/{next_owner}")
    assert owners(shared)[SHARED] == [owner]
    poll(shared, server, entry(1, link=SHARED, updated=RENEWED), path=f"/{next_owner}")
    assert owners(shared)[SHARED] == [owner, next_owner]


def test_a_later_edit_of_the_owner_does_not_keep_the_credit_of_another(shared: Newsroom, server: Server) -> None:
    (owner, next_owner) = owners(shared)[SHARED]
    edited = entry(1, link=SHARED, text=prose(1) + " Edited.", updated="2026-11-24T09:00:00Z")
    poll(shared, server, edited, path=f"/{owner}")
    poll(shared, server, entry(3), tombstone(1), path=f"/{next_owner}")
    assert owners(shared)[SHARED] == [owner]
    (text,) = [text for text in shared.articles().values() if "Story number 1" in text]
    assert "Edited." in text


def test_a_source_cannot_withdraw_what_another_published(shared: Newsroom, server: Server) -> None:
    poll(shared, server, tombstone(3), path="/first")
    poll(shared, server, tombstone(2), path="/second")
    assert len(shared.titles()) == 3


def test_another_source_may_publish_it_afterwards(room: Newsroom, server: Server) -> None:
    id_ = ids(room)["Story number 2"]
    poll(room, server, tombstone(2))
    room.configuration["sources"].append({"name": "other", "url": server.url("/other"), "category": "Other"})
    poll(room, server, entry(2), path="/other")
    assert ids(room)["Story number 2"] == id_
    assert b"Story number 2" in room.feed("other.rss")
    assert b"Story number 2" not in room.feed("news.rss")
    assert tombstones(room, "all") == tombstones(room, "other") == []
    assert tombstones(room, "news") == [("tag:source.example,2026:2", DELETED)]
    assert faults(room) == []
    poll(room, server, *map(entry, (1, 2, 3)))
    assert owners(room)["https://source.example/2"] == ["other"]


def test_the_translation_of_a_withdrawn_article_is_withdrawn(tmp_path: Path, server: Server) -> None:
    server.put("/translate", lambda request: json.dumps({"translatedText": json.loads(request.body)["q"]}).encode())
    source = {"name": "one", "url": server.url("/feed"), "language": "en", "translate": ["de"]}
    room = newsroom(tmp_path, [source], translate={"url": server.url("/")})
    poll(room, server, entry(1), entry(2))
    room.translate()
    names = (
        "{http://www.w3.org/2005/Atom}entry",
        "{http://www.w3.org/2005/Atom}id",
        "{http://www.w3.org/2005/Atom}title",
    )
    ids = {str(each.findtext(names[2])): each.findtext(names[1]) for each in etree.fromstring(room.feed("all.de.atom"))}
    assert len(room.articles()) == 4
    poll(room, server, entry(2), tombstone(1))
    assert len(room.articles()) == 2
    assert (ids["Story number 1"], DELETED) in tombstones(room, "all.de")
    assert ids["Story number 1"] not in [uid for uid, _ in tombstones(room)]
    assert faults(room) == []


@pytest.mark.parametrize("languages", [[], ["de"]])
def test_the_translation_goes_with_the_text_of_the_owner(tmp_path: Path, server: Server, languages: list[str]) -> None:
    server.put("/translate", lambda request: json.dumps({"translatedText": json.loads(request.body)["q"]}).encode())
    link, own = server.url("/story"), {"language": "en", "translate": ["de"]}
    sources = [{"name": name, "url": server.url(f"/{name}"), "language": "en"} for name in ("one", "two")]
    room = newsroom(
        tmp_path, [sources[0] | own, sources[1] | {"translate": languages}], translate={"url": server.url("/")}
    )
    server.put("/two", atom(entry(1, link=link)))
    poll(room, server, entry(1, link=link), path="/one")
    room.translate()
    assert len(room.articles()) == 2
    server.put("/two", b"", status=503)
    poll(room, server, entry(2), tombstone(1), path="/one")
    assert [path for path in room.articles() if path.endswith(".de.md")] == []
    assert prose(1)[:30] not in "".join(room.articles().values())
    assert faults(room) == []
    server.put("/two", atom(entry(1, link=link, text=prose(1) + " Once more.")))
    room.later(hours=24)
    room.once()
    room.translate()
    translated = [text for path, text in room.articles().items() if path.endswith(".de.md") and "number 1" in text]
    assert len(translated) == len(languages)
    assert all("Once more." in text for text in translated)
    assert faults(room) == []


@pytest.mark.parametrize("together", [True, False])
def test_the_tombstone_of_a_former_id_withdraws_no_listed_entry(
    tmp_path: Path, server: Server, *, together: bool
) -> None:
    room = newsroom(tmp_path, [{"name": "one", "url": server.url("/feed")}])
    poll(room, server, entry(1), entry(2))
    renamed = entry(1).replace("2026:1<", "2026:1b<")  # the source deletes an entry to publish it under another id
    if not together:
        poll(room, server, renamed, entry(2))
    poll(room, server, renamed, entry(2), tombstone(1), tombstone(2))
    assert room.titles() == ["Story number 1"]
    assert tombstones(room) == [("tag:source.example,2026:2", DELETED)]
    poll(room, server, entry(3), tombstone(1).replace("2026:1", "2026:1b"))
    assert room.titles() == ["Story number 3"]


def test_the_tombstone_of_a_former_id_does_not_withdraw_it_either_once_it_has_left(
    tmp_path: Path, server: Server
) -> None:
    room = newsroom(tmp_path, [{"name": "one", "url": server.url("/feed")}])
    poll(room, server, entry(1))
    renamed = entry(1).replace("2026:1<", "2026:1b<")
    poll(room, server, renamed, tombstone(1))
    poll(room, server, entry(2), tombstone(1))
    poll(room, server, entry(3), tombstone(1))
    assert room.titles() == ["Story number 1", "Story number 2", "Story number 3"]
    poll(room, server, entry(3), tombstone(1, RENEWED))  # another one, of what it was published as
    assert room.titles() == ["Story number 2", "Story number 3"]


def test_an_entry_that_is_listed_under_the_other_scheme_is_not_deleted(tmp_path: Path, server: Server) -> None:
    plain, secure = (f"{scheme}://source.example/1" for scheme in ("http", "https"))
    former, present = (entry(1).replace("tag:source.example,2026:1", guid) for guid in (plain, secure))
    deleted = tombstone(1).replace("tag:source.example,2026:1", plain)
    room = newsroom(tmp_path, [{"name": "one", "url": server.url("/feed")}])
    poll(room, server, former)
    poll(room, server, present, deleted)
    poll(room, server, present.replace("Story number 1", "Story one"), deleted)
    assert room.titles() == ["Story one"]
    poll(room, server, entry(2), deleted)
    assert room.titles() == ["Story number 2", "Story one"]
