"""`max_new`: a source has so many new articles on a day; the rest waits in its document, or is lost with it."""

import logging
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from aggregator.model import FeedDocument
from aggregator.pipeline.read import ReceivedDocument
from aggregator.pipeline.record import record_batch
from aggregator.publish import publish_changed
from aggregator.status import limit_problem
from tests.newsroom import Newsroom, item, newsroom, prose, rss
from tests.servers import Server
from tests.thorough import THOROUGH

# What these tests ask of the database, the others ask of PostgreSQL too.
on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
on_both_if_thorough = pytest.mark.parametrize(
    "url", ["sqlite", "postgresql"] if THOROUGH else ["sqlite"], indirect=True
)
MANY = 10_000 if THOROUGH else 600  # new entries at each poll


@pytest.fixture
def site() -> Iterator[Server]:
    """A real HTTP server."""
    with Server() as running:
        yield running


@pytest.fixture
def room(site: Server, tmp_path: Path, url: str) -> Newsroom:
    return newsroom(tmp_path, [{"name": "flood", "url": site.url("/feed"), "max_new": 20}], database=url)


def serve(site: Server, numbers: Iterable[int], **changes: str) -> None:
    """Serve the stories of these numbers, of which the greatest is the newest, in the order given."""
    serve_items(site, *(dated(number, **changes) for number in numbers))


def serve_items(site: Server, *items: str) -> None:
    document = rss(*items)
    site.put("/feed", document, headers={"ETag": tag(document)})


def tag(document: bytes) -> str:
    return f'"{len(document)}-{crc32(document)}"'


def dated(number: int, **changes: str) -> str:
    date = f"Mon, 23 Nov 2026 {number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02} +0000"
    return item(number, **({"pubDate": date} | changes))


def stories(room: Newsroom) -> set[int]:
    """The numbers of the stories that have a file."""
    return {int(re.sub(r"\D", "", title)) for title in room.titles()}


def note(room: Newsroom) -> str | None:
    with room.opened() as app:
        return limit_problem(app.store.sources.overview(room.now)[0])


def test_the_newest_are_recorded_and_the_others_wait_for_the_next_days(
    room: Newsroom, site: Server, caplog: pytest.LogCaptureFixture
) -> None:
    serve(site, range(50))
    first = tag(rss(*map(dated, range(50))))
    assert room.once().new == 50  # its first document is not limited
    serve(site, range(100))
    with caplog.at_level(logging.WARNING):
        assert room.once().new == 20
    assert stories(room) == {*range(50), *range(80, 100)}
    assert "flood: new entries that wait: 30" in caplog.text
    assert note(room) == "new entries that wait for another day, as `max_new` allows 20 new articles a day: 30"

    room.later(hours=1)
    assert room.once().new == 0
    assert caplog.text.count("that wait") == 1
    room.now = datetime(2026, 11, 25, tzinfo=UTC)
    assert room.once().new == 20
    assert stories(room) == {*range(50), *range(60, 100)}
    room.later(days=1)
    assert room.once().new == 10
    assert stories(room) == {*range(100)}
    assert note(room) is None
    assert [request.header("If-None-Match") for request in site.asked("/feed")][1:] == [first, None, None, None]

    room.later(hours=1)
    assert room.once().kinds == {"flood": "not_modified"}


def test_thousands_of_new_entries_at_each_poll_are_500_articles_a_day(site: Server, tmp_path: Path) -> None:
    room = newsroom(tmp_path, [{"name": "flood", "url": site.url("/feed"), "language": "en"}])
    serve(site, [0], description="short")
    assert room.once().new == 1
    counts = []
    for poll in range(3):
        serve(site, range(1 + MANY * poll, 1 + MANY * (poll + 1)), description="short")
        counts.append(room.once().new)
        room.later(hours=7)
    assert counts == [500, 0, 500]
    assert note(room) == (
        f"new entries that wait for another day, as `max_new` allows 500 new articles a day: {MANY - 500}; "
        f"entries that left the document while they waited for `max_new`, and are lost: {2 * MANY - 500}"
    )


def test_an_entry_that_leaves_the_document_while_it_waits_is_lost_and_counted(
    room: Newsroom, site: Server, caplog: pytest.LogCaptureFixture
) -> None:
    serve(site, [0])
    room.once()
    serve(site, range(100))
    assert room.once().new == 20
    serve(site, range(50, 100), description="An edit.")  # an entry that was edited meanwhile is still there
    with caplog.at_level(logging.WARNING):
        assert room.once().new == 0
    assert "flood: entries that left the document while they waited for `max_new`, and are lost: 49" in caplog.text
    assert room.state("flood").state.lost == 49
    assert note(room) == (
        "new entries that wait for another day, as `max_new` allows 20 new articles a day: 30; "
        "entries that left the document while they waited for `max_new`, and are lost: 49"
    )
    room.later(days=1)
    assert room.once().new == 20


@on_sqlite
def test_a_document_that_is_cut_off_loses_nothing(room: Newsroom, site: Server) -> None:
    serve(site, [0])
    room.once()
    serve(site, range(100))
    room.once()
    site.put("/feed", rss(*map(dated, range(80, 100))).partition(b"Story number 90")[0])
    assert room.once().report.failures
    assert room.state("flood").state.lost == 0
    serve(site, range(100))
    room.later(days=1)
    assert room.once().new == 20
    assert room.state("flood").state.lost == 0


@on_sqlite
@pytest.mark.parametrize("limit", [{"max_new": None}, {"rules": [{"if": {"title": "Story"}, "drop": True}]}])
def test_without_a_limit_nothing_waits_nor_do_dropped_entries(
    room: Newsroom, site: Server, limit: dict[str, Any]
) -> None:
    room.configuration["sources"][0].update(limit)
    for number in (1, 100):
        serve(site, range(number))
        room.once()
        assert note(room) is None
        assert room.state("flood").state.validators.etag
    room.configuration["sources"][0].update({"max_new": 20, "rules": []})
    room.later(days=1)
    serve(site, range(130))
    assert room.once().new == 20


@on_sqlite
def test_entries_of_existing_articles_neither_count_nor_wait(room: Newsroom, site: Server) -> None:
    serve(site, [0])
    room.once()
    added = {"name": "other", "url": site.put("/other", rss(*map(dated, range(100, 130))))}
    room.configuration["sources"].append(added)
    assert room.once("other").new == 30
    serve(site, [*range(100, 130), *range(21)])
    cycle = room.once("flood")
    assert (cycle.new, cycle.duplicates) == (20, 30)
    assert note(room) is None


@on_both_if_thorough
def test_articles_that_join_another_before_their_publication_do_not_count(room: Newsroom, site: Server) -> None:
    room.configuration["sources"].insert(0, {"name": "paper", "url": site.url("/paper")})
    serve(site, [0])
    site.put("/paper", rss(dated(50)))
    room.once()
    serve(site, [*range(100, 115), 0])
    site.put("/paper", rss(*map(dated, range(100, 115))))
    cycle = room.once("flood", "paper")
    assert (cycle.new, cycle.duplicates) == (15, 15)
    serve(site, [*range(100, 115), *range(21)])
    assert room.once("flood").new == 20
    assert note(room) is None


@on_sqlite
def test_copies_of_an_entry_that_waits_wait_with_it(room: Newsroom, site: Server) -> None:
    serve(site, [0])
    room.once()
    copy = dated(1, description=f"&lt;p&gt;{prose(1)} end&lt;/p&gt;")
    serve_items(site, *map(dated, range(22)), copy)
    assert room.once().new == 20
    assert stories(room) == {0, *range(2, 22)}
    room.later(days=1)
    assert room.once().new == 1
    assert stories(room) == {*range(22)}


@on_sqlite
def test_several_sources_with_one_url_have_limits_of_their_own(room: Newsroom, site: Server) -> None:
    serve(site, [0])
    room.configuration["sources"].append({"name": "free", "url": site.url("/feed"), "max_new": None})
    room.once()
    serve(site, range(30))
    room.once()
    assert room.state("flood").state.waiting
    assert not room.state("free").state.waiting
    room.later(days=1)
    assert room.once("flood").outcomes["flood"].kind == "fetched"
    assert not room.state("flood").state.waiting


@on_sqlite
def test_a_source_at_a_new_url_begins_anew(room: Newsroom, site: Server) -> None:
    serve(site, [0])
    room.once()
    serve(site, range(30))
    room.once()
    room.configuration["sources"][0]["url"] = site.put("/elsewhere", rss(*map(dated, range(200, 260))))
    assert room.once().new == 60
    assert note(room) is None


@on_both_if_thorough
def test_entries_of_a_push_wait_too_and_the_next_poll_reads_the_document(room: Newsroom, site: Server) -> None:
    serve(site, range(5))
    room.once()
    serve(site, range(40))
    with room.opened() as app:
        (stored,) = app.store.sources.all()
        body = rss(*map(dated, range(15, 40)))  # the newest entries alone
        document = FeedDocument(url=stored.source.url, final_url=stored.source.url, body=body, digest=b"")
        pushed = ReceivedDocument(sources=(stored,), document=document, now=room.now, is_pushed=True)
        (outcomes,) = record_batch(app, [pushed])
        publish_changed(app)
    assert isinstance(outcomes, tuple)
    assert outcomes[0].recorded.new == 20
    assert stories(room) == {*range(5), *range(20, 40)}
    assert note(room) == "new entries that wait for another day, as `max_new` allows 20 new articles a day: 5"

    assert room.once().new == 0
    assert site.asked("/feed")[-1].header("If-None-Match") is None
    assert note(room) == "new entries that wait for another day, as `max_new` allows 20 new articles a day: 15"
    room.later(days=1)
    assert room.once().new == 15
    assert stories(room) == {*range(40)}
    assert room.state("flood").state.lost == 0
