"""Two snapshots of one real feed, fetched one after the other: only what is truly new is new."""

from pathlib import Path

import pytest

from aggregator.model import Feed, FeedDocument
from aggregator.parse import parse
from tests.conftest import SHARED
from tests.newsroom import newsroom
from tests.servers import Server

CORPUS = SHARED / "corpus"

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real feeds is not beside this checkout")

PAIRS = [
    ("macrumors.com--feed.xml", "macrumors.com--feed_updated.xml"),
    ("theguardian.com--guardian.rss", "theguardian.com--rss_theguardian.xml"),
    ("golem.de--golem-de.xml", "golem.de--rss_golem_2.xml"),
    ("swtch.com--russcox.atom", "swtch.com--atom_research_rsc.xml"),
    ("kottke.org--kottke.xml", "kottke.org--e44e7aea7e34bb52.xml"),
    ("lemonde.fr--lemonde.xml", "lemonde.fr--rss_lemonde.xml"),
    (
        "cowboyprogrammer.org--cowboyprogrammer_deleted_middle_atom.xml",
        "cowboyprogrammer.org--cowboyprogrammer_atom.xml",
    ),
    ("arcgames.com--rss-with-relative-urls.xml", "arcgames.com--rss-with-relative-urls-with-absolute-xmlurl.xml"),
]


def guids(name: str) -> set[str | None]:
    feed = parse(FeedDocument(url="http://s.example/", final_url="http://s.example/", body=_body(name), digest=b""))
    assert isinstance(feed, Feed)
    return {entry.guid for entry in feed.entries}


def _body(name: str) -> bytes:
    return (CORPUS / name).read_bytes()


@pytest.mark.parametrize(("earlier", "later"), PAIRS, ids=lambda name: name.partition("--")[2])
def test_only_truly_new_entries_are_new(tmp_path: Path, server: Server, earlier: str, later: str) -> None:
    room = newsroom(tmp_path, [{"name": "source", "url": server.url("/feed")}])
    server.put("/feed", _body(earlier))
    room.once()
    room.later(hours=1)
    server.put("/feed", _body(later))
    second = room.once()
    assert second.new == len(guids(later) - guids(earlier))
    room.later(hours=1)
    third = room.once()
    assert (third.new, third.updated, third.rows) == (0, 0, 0)


@pytest.mark.parametrize("name", ["tpm-with-empty-base.atom", "tpm-with-fragment-base.atom"])
def test_a_feed_that_gains_an_odd_base_stays_the_same(tmp_path: Path, server: Server, name: str) -> None:
    room = newsroom(tmp_path, [{"name": "source", "url": server.url("/feed")}])
    server.put("/feed", _body("talkingpointsmemo.com--tpm.atom"))
    first = room.once()
    assert first.new == 20
    before = room.files()
    server.put("/feed", _body(f"talkingpointsmemo.com--{name}"))
    second = room.once()
    assert (second.new, second.updated, second.rows) == (0, 0, 0)
    assert room.files() == before
