"""The command line of the benchmarks, and their documents."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.corpus import HELD_BACK, RealFeeds, Undeclared, corpus_folder
from benchmarks.documents import Generated
from tests.newsroom import item, rss


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.xml").write_bytes(rss(item(1), item(2), item(3), head="<language>en</language>"))
    (tmp_path / "b.json").write_text('{"version": "https://jsonfeed.org/version/1.1", "items": []}')
    (tmp_path / "manifest.tsv").write_text("file\n")
    return tmp_path


def test_without_real_feeds_the_benchmark_says_so_and_measures_generated_ones(tmp_path: Path) -> None:
    words = ["real", "stages", "--corpus", str(tmp_path / "missing"), "--sources", "2", "--entries", "2"]
    result = subprocess.run([sys.executable, "-m", "benchmarks", *words], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "The folder of real feeds does not exist" in result.stdout
    assert "First poll of generated feeds by package" in result.stdout
    assert "| aggregator.store |" in result.stdout


def test_the_folder_of_real_feeds_comes_from_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGGREGATOR_CORPUS", str(folder))
    assert corpus_folder() == folder
    assert corpus_folder(folder / "missing") is None


def test_a_real_feed_gets_its_first_entries_later(folder: Path) -> None:
    feeds = RealFeeds(folder)
    assert len(feeds) == 2
    counts = [feeds.body(0, newer).count(b"<item>") for newer in range(HELD_BACK + 2)]
    assert counts == [1, 2, 3, 3]
    assert feeds.body(0, HELD_BACK) == (folder / "a.xml").read_bytes()
    assert feeds.content_type(1) == "application/feed+json"


def test_copies_of_real_feeds_link_to_other_hosts(folder: Path) -> None:
    feeds = RealFeeds(folder, copies=2)
    assert len(feeds) == 4
    copy = feeds.body(2, 0)
    assert b"<link>https://copy1.source.example/stories/1</link>" in copy
    assert b'xmlns:media="http://search.yahoo.com/mrss/"' in copy


def test_feeds_that_declare_a_language_are_left_out(folder: Path) -> None:
    feeds = Undeclared(folder, 30)
    assert [feeds.content_type(number) for number in range(len(feeds))] == ["application/feed+json"]


def test_generated_feeds_are_the_same_each_time() -> None:
    feeds = Generated(2, 3, 100)
    assert feeds.body(1, 0) == Generated(2, 3, 100).body(1, 0)
    assert feeds.body(1, 2).count(b"<item>") == 3
    assert b'<guid isPermaLink="false">1-4</guid>' in feeds.body(1, 2)
