"""Hostile pages: whatever the pages of entries answer, once ends well, and the healthy pages are read.

This has every eighth of the hostile answers, and two of the five endless ones; `make hostile` has all.
"""

import json
from pathlib import Path

from tests.full_text.pages import PARAGRAPHS, html
from tests.hostile import CANARY, hostile
from tests.hostile.rows import PASSWD
from tests.hostile.watched import configure, running
from tests.newsroom import item, prose, rss
from tests.normalise.rendering import Page as Rendered
from tests.normalise.rendering import rendered
from tests.servers import Server
from tests.thorough import some

LAST = Rendered(PARAGRAPHS[3]).words
HTML = {"headers": {"Content-Type": "text/html"}}
MOST_MEMORY = 250_000_000  # bytes, of the main process
ENDLESS = {  # text/html that costs an extractor much for its size
    "bold": "<b>" * 500_000,
    "paragraphs": "<p>a" * 100_000,
    "tables": "<table><tr><td>" * 50_000,
    "links": "<a href=x>y</a> " * 5_000,
    "script": "<article><p>Text " + "<script>" * 50_000,
}


def test_hostile_pages(tmp_path: Path, server: Server) -> None:
    endless = dict(some(list(ENDLESS.items()), 3))
    for name, body in endless.items():
        server.put(f"/{name}", f"<html><body>{body}", **HTML)
    for number in range(3):
        server.put(f"/good/{number}", html(), **HTML)
    with hostile() as sources:
        rows = some([sources.urls[row.path] for row in sources.rows if not row.is_slow], 24)
        links = [*rows, *map(server.url, (f"/{name}" for name in endless))]
        good = [server.url(f"/good/{number}") for number in range(3)]
        entries = [
            item(number, link=link.replace("&", "&amp;"), description=prose(number, 30))
            for number, link in enumerate(links + good)
        ]
        server.put("/feed", rss(*entries))
        source = {"name": "pages", "url": server.url("/feed"), "full_text": True, "language": "en"}
        configure(tmp_path, [source])
        with running(tmp_path, sources, "once", "--json") as watched:
            assert watched.process.stdout is not None
            report = json.loads(watched.process.stdout.read())
            assert watched.process.wait() == 0
        assert sources.touched() == {}
    assert report["failed"] == 0
    assert not any("Traceback" in line for line in watched.log)
    assert watched.peak < MOST_MEMORY
    files = {path: path.read_text() for path in (tmp_path / "storage" / "articles").rglob("*.md")}
    assert len(files) == report["new"]
    complete = [text for text in files.values() if LAST in text]
    assert len(complete) == len(good)
    for text in files.values():
        assert CANARY not in text
        assert PASSWD not in text
        assert Rendered(rendered(text.split("---\n", 2)[2])).active == []
