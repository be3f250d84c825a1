"""Real documents, and snapshots of one feed taken at two times."""

import html
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest

from aggregator.model import Entry, Feed, FeedDocument
from aggregator.parse import parse
from tests.conftest import SHARED
from tests.dedupe.memory import Duplicate, E, New, Store, Unchanged, Updated, kinds

CORPUS = SHARED / "corpus"

pytestmark = pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of real feeds is not beside this clone")


def document(name: str) -> list[E]:
    feed = parse(
        FeedDocument(
            url="https://feed.example/",
            final_url="https://feed.example/",
            body=(CORPUS / name).read_bytes(),
            digest=b"",
        )
    )
    assert isinstance(feed, Feed)
    return [entry_of(entry) for entry in feed.entries]


def entry_of(entry: Entry) -> E:
    text = html.unescape(max((content.value for content in entry.contents), key=len, default=""))
    return E(
        guid=entry.guid,
        link=next((link.href for link in entry.links if link.rel == "alternate"), None),
        title=entry.title.value if entry.title else " ".join(text.split()[:8]),
        text=re.sub(r"<[^>]*>", " ", text),
        published=date(entry.published or entry.updated),
    )


def date(raw: str | None) -> datetime | None:
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            return read(raw or "").astimezone(UTC)
        except ValueError:
            continue
    return None


def count(kind: type[object], kinds_of_entries: Iterable[type[object]]) -> int:
    return sum(kind_of_entry is kind for kind_of_entry in kinds_of_entries)


@pytest.mark.parametrize(
    ("name", "new", "copies"),
    [
        ("nixos.org--rss_nixos.xml", 99, 0),  # one link for all, no guid
        ("areweanticheatyet.com--cc314ce5dfbb3adc.xml", 1046, 0),  # neither guid nor link
        ("al-monitor.com--72fea1ebfd02e90a.xml", 11, 9),  # the same entries twice
        ("taverncast.com--itunes-missing-image.rss", 131, 0),  # one link for all, but guids
        ("scripting.com--rss_0.92.xml", 21, 1),  # no titles
    ],
)
def test_each_entry_is_kept_once_and_the_second_fetch_writes_nothing(name: str, new: int, copies: int) -> None:
    store = Store()
    entries = document(name)
    outcome = kinds(store.fetch(*entries))
    assert (count(New, outcome), count(Duplicate, outcome)) == (new, copies)
    for order in (entries, entries[::-1]):
        assert set(kinds(store.fetch(*order, skip_seen=False))) == {Unchanged}
        assert store.written == 0


@pytest.mark.parametrize(
    ("before", "after", "new", "edited"),
    [
        ("macrumors.com--feed.xml", "macrumors.com--feed_updated.xml", 1, 0),
        ("swtch.com--atom_research_rsc.xml", "swtch.com--russcox.atom", 10, 1),  # 4 more differ in markup alone
    ],
)
def test_a_later_snapshot_brings_only_what_is_new(before: str, after: str, new: int, edited: int) -> None:
    store = Store()
    store.fetch(*document(before))
    outcome = kinds(store.fetch(*document(after)))
    assert (count(New, outcome), count(Updated, outcome)) == (new, edited)
