"""Pages of a source's archive that no honest archive has, and tombstones on them."""

import gzip
from pathlib import Path

import pytest

from tests.newsroom import Newsroom, newsroom
from tests.pipeline.test_withdraw import DELETED, PUBLISHED, RENEWED, atom, entry, faults, tombstone, tombstones
from tests.servers import Server


def older(path: str) -> str:
    return f'<link rel="prev-archive" href="{path}"/>'


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Newsroom:
    """Three articles of a source whose archive starts at /2."""
    server.put("/feed", atom(older("/2"), *map(entry, (1, 2, 3))))
    source = {"name": "paper", "url": server.url("/feed"), "backfill": "all", "language": "en"}
    room = newsroom(tmp_path, [source], fetch={"max_bytes": "100KB"})
    room.once()
    return room


def poll(room: Newsroom, server: Server, *parts: str) -> None:
    server.put("/feed", atom(older("/2"), *parts))
    room.later(hours=1)
    room.once()


def test_pages_that_repeat_the_present_entries_in_another_order(room: Newsroom, server: Server) -> None:
    before = room.files()
    server.put("/2", atom(older("/3"), *map(entry, (3, 2, 1))))
    server.put("/3", atom(older("/4"), *map(entry, (2, 3))))
    server.put("/4", atom(*map(entry, (1, 2, 3, 3, 2, 1))))
    room.backfill()
    assert [request.path for request in server.requests] == ["/feed", "/2", "/3", "/4"]
    assert room.files() == before


@pytest.mark.parametrize("coding", ["", "gzip"])
def test_a_huge_page_is_a_failure_of_the_page_alone(room: Newsroom, server: Server, coding: str) -> None:
    huge = atom(older("/3"), *map(entry, range(4, 2000)))
    body, headers = (gzip.compress(huge), {"Content-Encoding": "gzip"}) if coding else (huge, {})
    server.put("/2", body, headers=headers)
    room.backfill()
    assert len(room.titles()) == 3
    assert room.state("paper").state.failures == len(server.asked("/3")) == 0


def test_a_page_waits_while_another_process_asks_its_host(room: Newsroom, server: Server) -> None:
    server.put("/2", atom(entry(4)))
    with room.other_process(server.url("/2")):
        room.backfill()
        assert not server.asked("/2")
        with room.opened() as app:
            (progress,) = app.store.backfills.progress([room.state("paper").source.id]).values()
        assert progress.problem == "another process asks its host"
    room.later(minutes=1)
    room.backfill()
    assert len(room.titles()) == 4


def test_a_tombstone_on_a_page_counts(room: Newsroom, server: Server) -> None:
    server.put("/2", atom(tombstone(2), entry(4)))
    room.backfill()
    assert room.titles() == ["Story number 1", "Story number 3", "Story number 4"]
    assert tombstones(room) == [("tag:source.example,2026:2", DELETED)]
    poll(room, server, *map(entry, (1, 2, 3)))
    assert len(room.titles()) == 3
    poll(room, server, entry(1), entry(2, updated=RENEWED), entry(3))
    assert len(room.titles()) == 4
    assert faults(room) == []


def test_an_old_tombstone_on_a_page_says_nothing_of_a_newer_entry(room: Newsroom, server: Server) -> None:
    server.put("/2", atom(tombstone(2, "2026-11-19T00:00:00Z"), entry(4)))
    room.backfill()
    assert len(room.titles()) == 4


def test_a_page_does_not_bring_back_what_was_withdrawn(room: Newsroom, server: Server) -> None:
    poll(room, server, entry(1), tombstone(2), entry(3))
    server.put("/2", atom(*map(entry, (2, 4))))
    room.backfill()
    assert room.titles() == ["Story number 1", "Story number 3", "Story number 4"]


def test_a_page_does_not_bring_what_was_deleted_before_it_was_read(room: Newsroom, server: Server) -> None:
    poll(room, server, *map(entry, (1, 2, 3)), tombstone(4), tombstone(5), tombstone(6, "2026-11-19T00:00:00Z"))
    server.put("/2", atom(entry(4), entry(5, updated=RENEWED), entry(6)))
    room.backfill()
    assert room.titles() == [f"Story number {number}" for number in (1, 2, 3, 5, 6)]
    assert faults(room) == []


@pytest.mark.parametrize("date", ["0001-01-01T00:00:00Z", "1601-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "soon", ""])
def test_dates_that_no_entry_can_have(room: Newsroom, server: Server, date: str) -> None:
    server.put("/2", atom(older("/3"), entry(4, updated=date)))
    server.put("/3", atom(*(entry(number, updated="") for number in (5, 6))))
    room.backfill()
    dates = {head["title"]: head["date"] for head in room.heads()}
    assert len(dates) == 6
    assert sorted(dates, key=lambda title: str(dates[title]))[3:] == [f"Story number {number}" for number in (1, 2, 3)]
    assert str(dates["Story number 1"])[:10] == PUBLISHED[:10]
