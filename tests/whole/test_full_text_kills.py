"""kill -9 while pages are read: no article is lost or doubled, and each has its page's text with the next cycle."""

import json
import re
import time
from pathlib import Path

from tests.clusters import rows
from tests.commands import configure
from tests.newsroom import item, rss
from tests.servers import Answer, Request, Server
from tests.thorough import THOROUGH, on_each_database
from tests.whole.forking import Forks

HTML = {"Content-Type": "text/html"}
LISTED = 4  # entries in the document
FIRST, STEP = 25, 3 if THOROUGH else 83  # statements of the database before which a run is killed
MOST = 800
LEASE = 1.0  # seconds until PostgreSQL frees what a process had that was killed


class Site:
    """A feed with a new entry in each edition, of which the entry before was edited, and a page for each version."""

    def __init__(self, server: Server) -> None:
        self._server, self.edition = server, 0
        server.put("/robots.txt", "User-agent: *\nDisallow: /private/\n")
        server.put("/feed", lambda _request: rss(*map(self._entry, self._listed)))
        server.put("*", self._page)

    @property
    def _listed(self) -> list[int]:
        return list(range(self.edition, max(0, self.edition - LISTED), -1))

    def version(self, number: int) -> int:
        return 2 if number < self.edition else 1

    def _entry(self, number: int) -> str:
        words = f"Teaser of number {number}, version {self.version(number)}."
        return item(number, link=self._server.url(f"/stories/{number}"), description=words)

    def _page(self, request: Request) -> Answer:
        number = int(request.path.rpartition("/")[2])
        sentence = f"Page of number {number} in version {self.version(number)}, with more words than the teaser has. "
        return Answer(body=f"<article><p>{sentence * 5}</p></article>".encode(), headers=HTML)

    def requests(self, number: int) -> int:
        return len(self._server.asked(f"/stories/{number}"))


@on_each_database
def test_kills(forks: Forks, server: Server, tmp_path: Path, database_url: str) -> None:
    site = Site(server)
    source = {"name": "site", "url": server.url("/feed"), "full_text": True}
    configure(tmp_path, database=database_url, sources=[source], feeds={"limit": 500})
    site.edition = 1
    with forks.begun("once", cwd=tmp_path) as child:
        assert child.wait() == 0, child.said()
    kills = unread = 0
    for statement in range(FIRST, MOST, STEP):
        site.edition += 1
        with forks.begun("once", "--all", cwd=tmp_path, statement=statement, lease=LEASE) as child:
            status = child.wait()
        if status != 0 and database_url.startswith("postgresql"):
            time.sleep(LEASE)
        kills += status != 0
        unread += status != 0 and bool(rows(database_url, "SELECT * FROM page WHERE due IS NOT NULL"))
        with forks.begun("once", "--all", cwd=tmp_path) as child:
            assert child.wait() == 0, child.said()
        files = sorted((tmp_path / "storage" / "articles").rglob("*.md"))
        assert len(files) == site.edition  # none is lost, none doubled
        for path in files:
            words = path.read_text()
            number = int(re.findall(r"Story number (\d+)", words)[0])
            assert f"Page of number {number} in version {site.version(number)}," in words
            assert ("lastmod" in words) == (site.version(number) == 2)
            assert site.requests(number) <= 2 * site.version(number)  # once a version, and once more after a kill
        assert rows(database_url, "SELECT * FROM page WHERE due IS NOT NULL OR lease_until IS NOT NULL") == []
        assert len(json.loads((tmp_path / "storage/feeds/all.json").read_text())["items"]) == site.edition
        assert rows(database_url, "SELECT count(*) FROM revision") == [(site.edition - 1,)]
        if status == 0:
            break
    assert kills > unread >= 2  # some fell before a page was read, others later
    assert status == 0  # the last run was killed before none of its statements
    with forks.begun("verify", cwd=tmp_path) as child:
        assert child.wait() == 0, child.said()
