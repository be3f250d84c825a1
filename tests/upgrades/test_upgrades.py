"""An installation of an earlier version is opened, migrated in one transaction, and nothing of it is lost."""

import json
import shutil
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from aggregator.dedupe import text_keys
from aggregator.model import Fingerprint
from tests.commands import aggregator
from tests.servers import Server
from tests.upgrades.documents import PORT, documents

HERE = Path(__file__).parent
INSTALLATIONS = sorted(path.name for path in HERE.glob("schema-*"))


@pytest.fixture(params=INSTALLATIONS)
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of an installation, its database made of the dump."""
    folder = tmp_path / "installation"
    storage = folder / "storage"
    for part in ("articles", "feeds"):
        shutil.copytree(HERE / request.param / part, storage / part)
    shutil.copy(HERE / request.param / "feeds.yaml", folder)
    database = sqlite3.connect(storage / "aggregator.db")
    database.executescript((HERE / request.param / "database.sql").read_text(encoding="utf-8"))
    database.close()
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for part in ("articles", "feeds") for path in (folder / "storage" / part).rglob("*"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if path.is_file()}


def rows(folder: Path, query: str) -> list[Any]:
    database = sqlite3.connect(folder / "storage" / "aggregator.db")
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()


def test_the_first_command_says_in_one_line_that_it_migrates_the_database(installation: Path) -> None:
    first = aggregator("sources", cwd=installation, SECOND_KEY="k")
    assert [line for line in first.stderr.splitlines() if "migrat" in line] == first.stderr.splitlines()
    (version,) = [name for name in INSTALLATIONS if name.replace("-", " ") in first.stderr]
    assert first.stderr.count(version.replace("-", " ")) == first.stderr.count("\n") == 1
    assert aggregator("sources", cwd=installation, SECOND_KEY="k").stderr == ""


def test_sources_keep_their_state(installation: Path) -> None:
    stored = dict[str, int](rows(installation, "SELECT name, next_fetch FROM source"))
    sources = json.loads(aggregator("sources", "--json", cwd=installation, SECOND_KEY="k").stdout)
    if "off" in stored:
        assert [source["name"] for source in sources] == ["thehill", "second", "third", "off"]
        assert [source["entries"] for source in sources] == [1, 2, 1, 0]
        assert [source["paused"] is None for source in sources] == [True, True, True, False]
    else:
        assert [source["name"] for source in sources] == ["first", "second", "third"]
        assert [source["entries"] for source in sources] == [3, 3, 2]
    assert dict(rows(installation, "SELECT name, next_fetch FROM source")) == stored


ARTICLES_THEN = (
    "SELECT id, uid, path, title, html, markdown, summary, published, updated, edited FROM article ORDER BY id"
)
ARTICLES = ARTICLES_THEN.replace("FROM article", "FROM article JOIN article_text USING (number)")


def test_files_are_rewritten_once_and_no_article_counts_as_edited(installation: Path) -> None:
    articles, files = rows(installation, ARTICLES_THEN), contents(installation)
    order = feed_order(files)
    aggregator("publish", cwd=installation, SECOND_KEY="k")
    assert aggregator("verify", cwd=installation, SECOND_KEY="k").returncode == 0
    assert rows(installation, ARTICLES) == articles
    rewritten = contents(installation)
    assert rewritten.keys() == files.keys()
    assert feed_order(rewritten) == order
    assert edit_dates(rewritten) == edit_dates(files)
    aggregator("publish", cwd=installation, SECOND_KEY="k")
    assert contents(installation) == rewritten


def test_articles_are_found_by_the_keys_of_today(installation: Path) -> None:
    aggregator("sources", cwd=installation, SECOND_KEY="k")
    stored = {(digest, article_id) for digest, article_id in rows(installation, "SELECT digest, article_id FROM key")}
    marks = rows(installation, "SELECT id, text_digest, title_digest, signature, words FROM article")
    assert marks
    for article_id, digest, title, signature, words in marks:
        mark = Fingerprint(digest=digest, title=title, signature=signature, words=words)
        assert {(key, article_id) for key in text_keys(mark)} <= stored


def edit_dates(files: Mapping[str, bytes]) -> dict[str, list[bytes]]:
    return {path: [line for line in data.splitlines() if line.startswith(b"lastmod:")] for path, data in files.items()}


def feed_order(files: Mapping[str, bytes]) -> dict[str, list[tuple[str, str]]]:
    """Id and date of the last change of each item of the JSON feeds, in their order."""
    feeds = {path: json.loads(data) for path, data in files.items() if path.endswith(".json")}
    return {path: [(item["id"], item["date_modified"]) for item in feed["items"]] for path, feed in feeds.items()}


def test_a_poll_that_reads_every_entry_again_edits_nothing(tmp_path: Path, server: Server) -> None:
    folder = tmp_path / "installation"
    shutil.copytree(HERE / "schema-0003", folder / "storage", ignore=shutil.ignore_patterns("feeds.yaml", "*.sql"))
    address, moved = f"127.0.0.1:{PORT}", f"127.0.0.1:{server.port}"
    settings = (HERE / "schema-0003" / "feeds.yaml").read_text(encoding="utf-8")
    (folder / "feeds.yaml").write_text(settings.replace(address, moved), encoding="utf-8")
    database = sqlite3.connect(folder / "storage" / "aggregator.db")
    dump = (HERE / "schema-0003" / "database.sql").read_text(encoding="utf-8")
    database.executescript(dump.replace(address, moved))
    database.close()
    for path, body in documents(1, extra="<rating>5</rating>").items():
        server.put(path, body)
    aggregator("publish", cwd=folder)
    articles, files = rows(folder, ARTICLES), contents(folder)
    figures = json.loads(aggregator("once", "--all", "--json", cwd=folder).stdout)
    assert (figures["fetched"], figures["entries"], figures["failures"]) == (3, 8, [])
    assert (figures["new"], figures["updated"]) == (0, 0)
    assert (figures["articles_written"], figures["feeds_written"]) == (0, 0)
    assert rows(folder, ARTICLES) == articles
    assert contents(folder) == files
