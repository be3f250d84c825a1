"""Real feeds, served from loopback: one cycle over them, and everything that comes out of it.

Here it is the smallest feed for each peculiarity that the manifest names, in `make hostile` all of them.
"""

import csv
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import SHARED
from tests.newsroom import Newsroom, Round, front_matter, newsroom
from tests.servers import Server
from tests.thorough import THOROUGH
from tests.whole.feeds import read_json, read_xml
from tests.whole.hugo import build

CORPUS = SHARED / "corpus"

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real feeds is not beside this checkout")

# Entries that we keep where the manifest (made with feedparser's defaults) counts another number, and why.
DIFFERENT = {
    "le-cercle-psy.scienceshumaines.com--no_encoding_ISO-8859-1.xml": (9, "one has neither title, link nor text"),
    "openstreetmap.org.pl--osm-pl.xml": (7, "cut off in its eighth entry, which is dropped until it is whole"),
    "pcmag.com--illegally-nested.xml": (10, "entries inside entries, counted twice; half of them are empty"),
}


@cache
def manifest() -> dict[str, dict[str, str]]:
    """The feeds that are served, by file."""
    with (CORPUS / "manifest.tsv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    rows.sort(key=lambda row: (CORPUS / row["file"]).stat().st_size)
    seen = set[str]()
    chosen = {}
    for row in rows:
        peculiarities = {row["kind"], *re.findall(r"(?:^|[;,]) *([^;,=]+)", row["special"])}
        if THOROUGH or row["file"] in DIFFERENT or not peculiarities <= seen:
            chosen[row["file"]] = row
            seen |= peculiarities
    return chosen


def source_name(file: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", file.lower()).strip("-")


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with Server() as server:
        for file in manifest():
            body = (CORPUS / file).read_bytes()
            kind = "application/feed+json" if file.endswith(".json") else "application/xml"
            server.put(f"/{file}", body, headers={"Content-Type": kind, "ETag": f'"{len(body)}"'}, gzip=True)
        yield server


@pytest.fixture(scope="module")
def room(served: Server, tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    sources = [
        {"name": source_name(file), "url": served.url(f"/{file}"), "category": row["kind"].split()[0]}
        for file, row in manifest().items()
    ]
    return newsroom(tmp_path_factory.mktemp("corpus"), sources, fetch={"per_host": 50, "timeout": "60s"})


@pytest.fixture(scope="module")
def first(room: Newsroom) -> Round:
    return room.once()


def test_every_document_yields_its_entries(room: Newsroom, first: Round) -> None:
    differences = {
        file: (outcome.entries, int(row["entries"]))
        for file, row in manifest().items()
        if (outcome := first.outcomes[source_name(file)]).entries != int(row["entries"])
    }
    assert {file: count for file, (count, _) in differences.items()} == {
        file: count for file, (count, _) in DIFFERENT.items()
    }


def test_only_a_document_that_is_cut_off_fails(first: Round) -> None:
    assert {outcome.source for outcome in first.report.failures} == {"openstreetmap-org-pl-osm-pl-xml"}


def test_a_second_cycle_and_a_third_with_the_same_bytes_touch_nothing(
    room: Newsroom, first: Round, served: Server
) -> None:
    before = room.files()
    second = room.once()
    assert second.report.count("not_modified") >= len(manifest()) - 1
    assert (second.new, second.updated, second.rows) == (0, 0, 0)
    assert room.files() == before


def test_every_article_loads_with_the_right_types(room: Newsroom, first: Round) -> None:
    seen = 0
    for path, text in room.articles().items():
        head = front_matter(text)
        for name in ("title", "date", "summary", "thumbnail", "lead", "menu", "sidebar"):
            assert isinstance(head[name], str), (path, name)
        for name in ("categories", "tags", "lang", "translations", "widgets"):
            assert isinstance(head[name], list), (path, name)
            assert all(isinstance(value, str) for value in head[name]), (path, name)
        assert head["title"].strip(), path
        assert datetime.strptime(head["date"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) <= room.now, path
        assert re.search(r"\n\n\[[a-z0-9-]+\]\(https?://[^\s()]+\)\n\Z", text), path
        seen += 1
    assert seen == first.new


def test_hugo_builds_every_article_without_a_warning(room: Newsroom, first: Round, tmp_path: Path) -> None:
    public, output = build(tmp_path / "site", room.storage / "articles", now=room.now)
    warnings = [line for line in output.splitlines() if "WARN" in line or "ERROR" in line]
    assert [line for line in warnings if "menu" not in line] == []
    pages = {path.parent.relative_to(public / "post").as_posix() for path in (public / "post").rglob("index.html")}
    assert {path.removesuffix(".md") for path in room.articles()} <= pages


def test_no_article_shows_a_replacement_character_that_its_source_did_not_have(room: Newsroom, first: Round) -> None:
    published = {file: (CORPUS / file).read_bytes() for file in manifest()}
    damaged = {path.split("/")[0] for path, text in room.articles().items() if "�" in text}
    had = {source_name(file) for file, body in published.items() if "�".encode() in body or b"&#65533;" in body}
    assert damaged <= had


def test_no_article_begins_with_markup_shown_as_text(room: Newsroom, first: Round) -> None:
    bodies = {path: text.partition("\n---\n")[2].lstrip() for path, text in room.articles().items()}
    assert [path for path, body in bodies.items() if re.match(r"&lt;/?[a-z]", body)] == []


def test_no_article_shows_an_image_that_only_counts_readers(room: Newsroom, first: Round) -> None:
    counting = re.compile(r"!\[\]\([^)]*(?:idsite=|/~\w/|\?g=\d+\))")
    assert [path for path, text in room.articles().items() if counting.search(text)] == []


def test_every_feed_parses_back_to_the_same_entries_in_all_three_formats(room: Newsroom, first: Round) -> None:
    names = {path.stem for path in (room.storage / "feeds").glob("*.rss")}
    assert {"all", "rss20", "atom10", "json"} <= names
    for name in names:
        rss, atom = read_xml(room.feed(f"{name}.rss")), read_xml(room.feed(f"{name}.atom"))
        items = read_json(room.feed(f"{name}.json"))
        assert rss == atom == items, name
        assert len({entry["id"] for entry in items}) == len(items) > 0, name


def test_the_opml_names_each_category_once_without_all(room: Newsroom, first: Round) -> None:
    urls = re.findall(r'xmlUrl="([^"]+)"', room.feed("feeds.opml").decode())
    names = sorted(url.rsplit("/", 1)[1] for url in urls)
    assert names == sorted({f"{row['kind'].split()[0]}.rss" for row in manifest().values()})
