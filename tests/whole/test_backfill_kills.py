"""kill -9 while an archive is read: no article is lost or doubled, and the next cycle goes on where it ended."""

import json
import time
from pathlib import Path

from tests.clusters import rows
from tests.commands import configure
from tests.newsroom import item, prose, rss
from tests.servers import Request, Server
from tests.thorough import THOROUGH, on_each_database
from tests.whole.forking import Forks

WORDS = 12  # of a story: with more, those of a thorough run would not fit into the 512 KB of one feed
PAGES = 3  # of each archive, behind the feed; each has two entries
FIRST, STEP = 25, 3 if THOROUGH else 61  # statements of the database before which a run is killed
MOST = 800
LIMIT = 500  # entries of a feed, the most that it takes
LEASE = 1.0  # seconds until PostgreSQL frees what a process had that was killed


def answer(request: Request) -> bytes:
    """Page /SOURCE/PAGE, which names the next."""
    source, page = map(int, request.path.strip("/").split("/"))
    first = 100 * source + 2 * page
    head = f'<atom:link rel="prev-archive" href="/{source}/{page + 1}"/>' if page < PAGES else ""
    date = f"Thu, {20 - page} Oct 2026 10:00:00 +0000"
    stories = (item(number, pubDate=date, description=prose(number, WORDS)) for number in (first, first + 1))
    return rss(*stories, head=head)


@on_each_database
def test_kills(forks: Forks, server: Server, tmp_path: Path, database_url: str) -> None:
    server.put("*", answer)
    source = {"name": "site", "url": server.url("/0/0"), "backfill": "all", "language": "en"}
    configure(tmp_path, database=database_url, sources=[source], feeds={"limit": LIMIT})
    with forks.begun("once", cwd=tmp_path) as child:
        assert child.wait() == 0, child.said()
    kills = unread = 0
    for number, statement in enumerate(range(FIRST, MOST, STEP), 1):
        expected = 2 * (PAGES + 1) * (number + 1)
        source = source | {"url": server.url(f"/{number}/0")}
        configure(tmp_path, database=database_url, sources=[source], feeds={"limit": LIMIT})
        with forks.begun("once", "--all", cwd=tmp_path, statement=statement, lease=LEASE) as child:
            status = child.wait()
        if status != 0 and database_url.startswith("postgresql"):
            time.sleep(LEASE)
        kills += status != 0
        unread += status != 0 and bool(rows(database_url, "SELECT * FROM backfill WHERE due IS NOT NULL"))
        with forks.begun("once", "--all", cwd=tmp_path) as child:
            assert child.wait() == 0, child.said()
        assert len(list((tmp_path / "storage" / "articles").rglob("*.md"))) == expected
        titles = [entry["title"] for entry in json.loads((tmp_path / "storage/feeds/all.json").read_text())["items"]]
        assert len(set(titles)) == len(titles) == min(expected, LIMIT)  # none is lost, none doubled
        stored = rows(database_url, "SELECT title FROM article")
        assert len(set(stored)) == len(stored) == expected
        for page in range(1, PAGES + 1):
            assert len(server.asked(f"/{number}/{page}")) in (1, 2)  # once more if the kill fell before its record
        requests = [len(server.asked(f"/{number}/{page}")) for page in range(1, PAGES + 1)]
        assert sum(requests) <= PAGES + 1
        assert rows(database_url, "SELECT url, pages, lease_until FROM backfill") == [(None, PAGES, None)]
        if status == 0:
            break
    assert kills > unread >= 2  # some fell before the archive was known, others while it was read
    assert status == 0  # the last run was killed before none of its statements
