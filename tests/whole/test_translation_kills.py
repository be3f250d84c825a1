"""kill -9 while articles are translated: no translation is lost or doubled, and the next cycle makes what is due."""

import json
import re
import time
from collections import Counter
from pathlib import Path

from tests.clusters import rows
from tests.commands import configure
from tests.newsroom import item, rss
from tests.servers import Answer, Request, Server
from tests.thorough import THOROUGH, on_each_database
from tests.whole.forking import Forks

LISTED = 4  # entries in the document
FIRST, STEP = 20, 3 if THOROUGH else 89  # statements of the database before which a run is killed
MOST = 800
LEASE = 1.0  # seconds until PostgreSQL frees what a process had that was killed


class Press:
    """A feed with a new entry in each edition, of which the entry before was edited, and a translation server."""

    def __init__(self, server: Server) -> None:
        self._server, self.edition = server, 0
        server.put("/feed", lambda _request: rss(*map(self._entry, self._listed)))
        server.put("/translate", self._translation)

    @property
    def _listed(self) -> list[int]:
        return list(range(self.edition, max(0, self.edition - LISTED), -1))

    def version(self, number: int) -> int:
        return 2 if number < self.edition else 1

    def text(self, number: int) -> str:
        return f"Text of number {number}, version {self.version(number)}."

    def _entry(self, number: int) -> str:
        return item(number, description=self.text(number))

    @staticmethod
    def _translation(request: Request) -> Answer:
        text = json.loads(request.body)["q"]
        return Answer(body=json.dumps({"translatedText": text.replace("Text of", "Text von")}).encode())

    def requests(self) -> Counter[str]:
        """The number of requests for each text that was sent."""
        return Counter(json.loads(request.body)["q"] for request in self._server.asked("/translate"))


@on_each_database
def test_kills(forks: Forks, server: Server, tmp_path: Path, database_url: str) -> None:
    press = Press(server)
    source = {"name": "site", "url": server.url("/feed"), "language": "en", "translate": ["de"]}
    translate = {"url": server.url("/")}
    configure(tmp_path, database=database_url, sources=[source], feeds={"limit": 500}, translate=translate)
    press.edition = 1
    with forks.begun("once", cwd=tmp_path) as child:
        assert child.wait() == 0, child.said()
    kills = untranslated = 0
    for statement in range(FIRST, MOST, STEP):
        press.edition += 1
        with forks.begun("once", "--all", cwd=tmp_path, statement=statement, lease=LEASE) as child:
            status = child.wait()
        if status != 0 and database_url.startswith("postgresql"):
            time.sleep(LEASE)
        kills += status != 0
        untranslated += status != 0 and bool(rows(database_url, "SELECT * FROM translation WHERE due IS NOT NULL"))
        with forks.begun("once", "--all", cwd=tmp_path) as child:
            assert child.wait() == 0, child.said()
        files = sorted((tmp_path / "storage" / "articles").rglob("*.md"))
        translations = [path for path in files if path.name.endswith(".de.md")]
        assert (len(translations), len(files)) == (press.edition, 2 * press.edition)  # none is lost, none doubled
        for path in translations:
            article = path.read_text()
            number = int(re.findall(r"Story number (\d+)", article)[0])
            assert press.text(number).replace("Text of", "Text von") in article
        assert rows(database_url, "SELECT * FROM translation WHERE due IS NOT NULL OR lease_until IS NOT NULL") == []
        assert len(json.loads((tmp_path / "storage/feeds/all.de.json").read_text())["items"]) == press.edition
        assert rows(database_url, "SELECT count(*) FROM revision") == [(press.edition - 1,)]
        if status == 0:
            break
    assert kills > untranslated >= 2  # some fell before a translation was made, others later
    assert status == 0  # the last run was killed before none of its statements
    counts = press.requests()
    assert max(counts.values()) <= 2  # once a text, and once more if the process was killed before it was remembered
    assert sum(count - 1 for count in counts.values()) <= kills
    with forks.begun("verify", cwd=tmp_path) as child:
        assert child.wait() == 0, child.said()
