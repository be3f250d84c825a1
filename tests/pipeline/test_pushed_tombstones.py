"""Tombstones (RFC 6721) in documents that hubs push: they withdraw articles as those of polled documents do."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator import hub_subscriptions
from aggregator.model import Push
from aggregator.pipeline.push import record_push
from aggregator.pipeline.report import SourceOutcome
from aggregator.publish import publish_changed
from tests.newsroom import Newsroom, newsroom, prose
from tests.pipeline.test_withdraw import (
    DELETED,
    PUBLISHED,
    RENEWED,
    atom,
    entry,
    faults,
    ids,
    owners,
    searched,
    statuses,
    tombstone,
    tombstones,
)
from tests.servers import Server

SHARED = "https://site.example/story"


def hub(path: str) -> str:
    return f'<link rel="hub" href="https://hub.example/"/><link rel="self" href="https://source.example/{path}"/>'


def subscribed(room: Newsroom) -> dict[str, str]:
    """Ask the hubs of all sources and have them grant it; the tokens by topic."""
    room.once()
    with room.opened() as app:
        public_url = "https://news.example/"
        due = hub_subscriptions.claim_due(
            app.store, app.clock(), limit=10, public_url=public_url, fetch=app.settings.fetch
        )
        for subscription in due:
            hub_subscriptions.grant(app.store, subscription.token, timedelta(days=10), app.clock())
        return {subscription.topic.rpartition("/")[2]: subscription.token for subscription in due}


def push(room: Newsroom, token: str, *parts: str, body: bytes = b"") -> SourceOutcome:
    """A push of these parts, an hour later, recorded and published."""
    room.later(hours=1)
    pushed = Push(token=token, body=body or atom(*parts), content_type="application/atom+xml")
    with room.opened() as app:
        outcome = asyncio.run(record_push(app, pushed))
        publish_changed(app)
    assert outcome
    return outcome


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Newsroom:
    server.put("/feed", atom(hub("feed"), *map(entry, (1, 2, 3))))
    return newsroom(tmp_path, [{"name": "paper", "url": server.url("/feed"), "category": "News"}], websub="always")


@pytest.fixture
def token(room: Newsroom) -> str:
    return subscribed(room)["feed"]


def test_a_pushed_tombstone_takes_file_entry_search_row_and_page(room: Newsroom, token: str) -> None:
    withdrawn = ids(room)["Story number 2"]
    push(room, token, tombstone(2))
    assert room.titles() == searched(room, "number") == ["Story number 1", "Story number 3"]
    assert statuses(room, f"/article/{withdrawn}") == [410]
    assert tombstones(room) == tombstones(room, "news") == [("tag:source.example,2026:2", DELETED)]
    assert faults(room) == []


def test_all_tombstones_of_a_push_count_beside_its_entries(room: Newsroom, token: str) -> None:
    push(room, token, tombstone(1), entry(4), tombstone(2), entry(5), tombstone(5, PUBLISHED))
    assert room.titles() == ["Story number 3", "Story number 4"]


def test_it_stays_away_while_the_polled_document_still_holds_the_entry(
    room: Newsroom, token: str, server: Server
) -> None:
    push(room, token, tombstone(2))
    for text in (prose(2), prose(8)):  # as it was, and in other words with the same date
        server.put("/feed", atom(hub("feed"), entry(1), entry(2, text=text), entry(3)))
        room.later(hours=1)
        room.once()
        push(room, token, entry(2, text=text + " Pushed."))
        assert room.titles() == ["Story number 1", "Story number 3"]


@pytest.mark.parametrize("by", ["push", "poll"])
def test_a_newer_entry_brings_the_article_back(room: Newsroom, token: str, server: Server, by: str) -> None:
    paths = room.articles().keys()
    push(room, token, tombstone(2))
    if by == "push":
        push(room, token, entry(2, updated=RENEWED))
    else:
        server.put("/feed", atom(hub("feed"), entry(1), entry(2, updated=RENEWED), entry(3)))
        room.later(hours=1)
        room.once()
    assert room.articles().keys() == paths
    assert tombstones(room) == []
    push(room, token, tombstone(2))  # the old one again, which the hub sends late
    assert len(room.titles()) == 3


def test_a_push_that_cannot_be_read_or_is_cut_off_withdraws_nothing(room: Newsroom, token: str) -> None:
    for body in (atom(tombstone(1), tombstone(2))[:-10], atom(entry(1)), atom(), b"<html/>"):
        push(room, token, body=body)
        assert len(room.titles()) == 3


def test_the_next_owner_takes_a_shared_article_over_and_is_read_anew(tmp_path: Path, server: Server) -> None:
    server.put("/first", atom(hub("first"), entry(1, link=SHARED)))
    server.put("/second", atom(hub("second"), entry(1, link=SHARED, text=prose(1) + " Of the second.")))
    names = ("first", "second")
    sources = [{"name": name, "url": server.url(f"/{name}"), "category": name.title()} for name in names]
    room = newsroom(tmp_path, [*sources], websub="always")
    tokens = subscribed(room)
    owner, next_owner = owners(room)[SHARED]
    push(room, tokens[owner], tombstone(1))
    assert owners(room)[SHARED] == [next_owner]
    assert prose(1)[:30] not in "".join(room.articles().values())
    assert next_owner in room.once(everything=False).outcomes  # due, though its hub pushes
    assert prose(1)[:30] in "".join(room.articles().values())


def test_a_hub_cannot_withdraw_what_other_sources_published(tmp_path: Path, server: Server) -> None:
    server.put("/first", atom(hub("first"), entry(1)))
    server.put("/second", atom(hub("second"), entry(2)))
    sources = [{"name": name, "url": server.url(f"/{name}")} for name in ("first", "second")]
    room = newsroom(tmp_path, [*sources], websub="always")
    push(room, subscribed(room)["first"], tombstone(1), tombstone(2))
    assert room.titles() == ["Story number 2"]
