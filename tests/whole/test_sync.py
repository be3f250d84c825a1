"""`aggregator sync`: settings and sources as rows, for workers."""

import json
from pathlib import Path

from tests.clusters import Cluster, rows
from tests.commands import aggregator, configure

VERSION = "SELECT value FROM note WHERE name = 'version of the settings'"
TEXT = "SELECT value FROM note WHERE name = 'settings'"
SOURCES = "SELECT name, settings FROM source WHERE present ORDER BY ordinal"


def test_it_stores_the_file_and_no_secret(tmp_path: Path, postgresql: Cluster) -> None:
    database = postgresql.database()
    sources = [{"name": "paper", "url": "https://paper.example/${KEY}", "headers": {"X-Token": "${TOKEN}"}}]
    configure(tmp_path, title="Mine", database=database, sources=sources)
    command = aggregator("sync", cwd=tmp_path, KEY="key-secret", AGGREGATOR_FETCH__TIMEOUT="3s")  # and without TOKEN
    assert command.stdout == "1 source and the settings (version 1) are stored\n"
    ((text,),) = rows(database, TEXT)
    stored = json.loads(text)
    assert (stored["settings"]["title"], stored["settings"]["fetch"]["timeout"]) == ("Mine", "1m")
    assert stored["variables"] == ["KEY", "TOKEN"]
    ((name, settings),) = rows(database, SOURCES)
    assert name == "paper"
    assert settings["url"] == "https://paper.example/${KEY}"
    assert "key-secret" not in text + str(settings)

    assert "(version 1)" in aggregator("sync", cwd=tmp_path).stdout  # nothing changed
    configure(tmp_path, title="Mine", database=database, sources=[*sources, "https://other.example/"])
    assert "2 sources and the settings (version 1)" in aggregator("sync", cwd=tmp_path).stdout
    configure(tmp_path, title="Other", database=database, sources=sources)
    assert "(version 2)" in aggregator("sync", cwd=tmp_path).stdout
    assert [name for name, _ in rows(database, SOURCES)] == ["paper"]


def test_run_stores_the_settings_too(tmp_path: Path, postgresql: Cluster) -> None:
    database = postgresql.database()
    configure(tmp_path, database=database, sources=[{"url": "https://paper.invalid/", "enabled": False}])
    aggregator("once", cwd=tmp_path)
    assert rows(database, VERSION) == [("1",)]


def test_on_sqlite_it_says_what_it_is_for(tmp_path: Path) -> None:
    configure(tmp_path, sources=["https://paper.example/"])
    command = aggregator("sync", cwd=tmp_path, status=1)
    assert command.stderr.count("\n") == 1
    assert "need PostgreSQL: set `database`" in command.stderr
