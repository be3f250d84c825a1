"""An installation of an earlier version is opened, migrated in one transaction, and nothing of it is lost."""

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.commands import aggregator

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
    assert first.stderr.count("schema 0002") == first.stderr.count("\n") == 1
    assert aggregator("sources", cwd=installation, SECOND_KEY="k").stderr == ""


def test_sources_keep_their_state(installation: Path) -> None:
    stored = dict[str, int](rows(installation, "SELECT name, next_fetch FROM source"))
    sources = json.loads(aggregator("sources", "--json", cwd=installation, SECOND_KEY="k").stdout)
    assert [source["name"] for source in sources] == ["thehill", "second", "third", "off"]
    assert [source["entries"] for source in sources] == [1, 2, 1, 0]
    assert [source["paused"] is None for source in sources] == [True, True, True, False]
    assert dict(rows(installation, "SELECT name, next_fetch FROM source")) == stored


def test_no_file_changes_and_no_article_counts_as_edited(installation: Path) -> None:
    columns = "SELECT id, uid, path, title, html, published, updated, edited FROM article ORDER BY id"
    articles, files = rows(installation, columns), contents(installation)
    aggregator("publish", cwd=installation, SECOND_KEY="k")
    assert aggregator("verify", cwd=installation, SECOND_KEY="k").returncode == 0
    assert rows(installation, columns) == articles
    assert contents(installation) == files
