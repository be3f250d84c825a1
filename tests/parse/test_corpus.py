"""Real feeds, as their sources published them."""

import csv
from functools import cache
from pathlib import Path

import pytest

from aggregator.model import Entry, Feed
from tests.conftest import SHARED
from tests.parse.documents import feed_of
from tests.thorough import some

CORPUS = SHARED / "corpus"

# Where the number of entries differs from the manifest's, which is feedparser's.
ENTRIES = {
    "openstreetmap.org.pl--osm-pl.xml": 7,  # cut off inside the eighth
    "pcmag.com--illegally-nested.xml": 10,  # an empty item inside each item
    "le-cercle-psy.scienceshumaines.com--no_encoding_ISO-8859-1.xml": 9,  # one has neither title, link nor text
}
CUT_OFF = {"openstreetmap.org.pl--osm-pl.xml"}
FORMATS = {"json 1": "json1", "json 1.1": "json11"}


def manifest() -> list[dict[str, str]]:
    if not (CORPUS / "manifest.tsv").exists():
        return []
    with (CORPUS / "manifest.tsv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


@cache
def corpus_feed(name: str) -> Feed:
    path: Path = CORPUS / name
    if not path.exists():
        pytest.skip("the corpus of real feeds is not beside this clone")
    return feed_of(
        path.read_bytes(), url=f"https://{name.partition('--')[0]}/feed", content_type="text/xml; charset=utf-8"
    )


def every_text(entries: tuple[Entry, ...]) -> str:
    texts = (text for entry in entries for text in (entry.title, *entry.contents) if text)
    return "".join(text.value for text in texts)


def test_every_feed_gives_its_entries() -> None:
    rows = manifest()
    if not rows:
        pytest.skip("the corpus of real feeds is not beside this clone")
    for row in [row for row in rows if row["file"] in ENTRIES] + some(rows, 3):
        name = row["file"]
        feed = corpus_feed(name)
        assert feed.format == FORMATS.get(row["kind"], row["kind"]), name
        assert len(feed.entries) == ENTRIES.get(name, int(row["entries"])), name
        assert (feed.problem is not None) == (name in CUT_OFF), name
        assert "\ufffd" not in every_text(feed.entries), name


def test_links_of_a_feed_with_relative_links_are_absolute() -> None:
    feed = corpus_feed("arcgames.com--rss-with-relative-urls.xml")
    assert {entry.links[0].href.partition("/en/")[0] for entry in feed.entries} == {"https://arcgames.com"}


def test_an_empty_or_fragment_base_gives_the_links_of_the_feed_without_one() -> None:
    plain, empty, fragment = (
        [entry.links for entry in corpus_feed(f"talkingpointsmemo.com--tpm{case}.atom").entries]
        for case in ("", "-with-empty-base", "-with-fragment-base")
    )
    assert plain == empty == fragment


def test_bases_nest_three_deep() -> None:
    (entry,) = corpus_feed("tbray.org--tbray.org_nested_xmlbase.xml").entries
    assert entry.links[0].href.endswith("/2013/06/27/Air-Travel")


def test_a_feed_that_was_encoded_twice_is_repaired_and_a_title_about_it_is_not() -> None:
    titles = [
        entry.title.value for entry in corpus_feed("blog.poisson.chat--0346e81559b251eb.xml").entries if entry.title
    ]
    assert any("Martine Ã©crit en UTF-8" in title for title in titles)
    repaired = every_text(corpus_feed("lefigaro.fr--Rss20LeFigaro.xml").entries)
    assert "Ã" not in repaired
    assert "â€™" not in repaired


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("noticias.uol.com.br--uolNoticias.rss", "ç"),
        ("le-cercle-psy.scienceshumaines.com--cercle.psy.xml", "é"),
        ("oren.ru--iconv.xml", "о"),
        ("kc0011.net--kc0011.rss", "的"),
        ("golem.de--encoding_ISO-8859-1.xml", "ü"),
    ],
)
def test_feeds_in_other_encodings_are_legible(name: str, word: str) -> None:
    text = every_text(corpus_feed(name).entries)
    assert word in text
    assert "Ã" not in text


def test_a_video_tells_text_and_picture_from_inside_its_group() -> None:
    entry = corpus_feed("youtube.com--021a787a782817fc.xml").entries[0]
    assert entry.image == "https://i3.ytimg.com/vi/z35j2WC1uLI/hqdefault.jpg"
    assert entry.contents[0].value.startswith("FULL VIDEO")
    assert entry.guid == "yt:video:z35j2WC1uLI"


def test_titles_are_not_those_of_their_authors() -> None:
    titles = {entry.title.value for entry in corpus_feed("cloud.google.com--cloudblog.rss").entries if entry.title}
    assert "Want to keep your employees productive? Pay attention to shadow IT clues" in titles
    assert not any("Manager" in title for title in titles)


def test_a_date_inside_an_element_is_told() -> None:
    (entry,) = corpus_feed("fda.gov--feed-test-time.xml").entries
    assert entry.published == "2019-05-03T19:21:28Z"


@pytest.mark.parametrize("suffix", ["rss", "atom", "json"])
def test_the_seed_is_read_from_all_its_feeds(suffix: str) -> None:
    path = SHARED / "seed" / f"thehill.{suffix}"
    if not path.exists():
        pytest.skip("the seed article is not beside this clone")
    feed = feed_of(path.read_bytes(), url="https://thehill.com/feed")
    assert "Volodymyr Zelensky" in every_text(feed.entries)
    assert feed.language in ("en", "en-US")
