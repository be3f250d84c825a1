"""`backup`, `restore` and `health`, as an operator types them."""

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from aggregator.errors import AggregatorError
from aggregator.files import DAEMON_LOCK, alone
from aggregator.maintain.health import check_health
from tests.commands import aggregator, configure, running, until
from tests.newsroom import item, rss
from tests.servers import Answer, Server


@pytest.fixture
def folder(tmp_path: Path, server: Server) -> Path:
    server.put("/paper", rss(item(1), item(2)))
    configure(tmp_path, sources=[{"name": "paper", "url": server.url("/paper"), "category": "news"}])
    return tmp_path


def files(folder: Path) -> dict[str, bytes]:
    parts = [folder / "storage" / part for part in ("articles", "feeds")]
    return {str(path): path.read_bytes() for part in parts for path in part.rglob("*") if path.is_file()}


def count(path: Path) -> int:
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute("SELECT count(*) FROM article").fetchone()[0])


def test_a_copy_made_beside_a_daemon_is_whole_and_its_owners_alone(folder: Path) -> None:
    before = os.umask(0)
    try:
        with running(folder) as daemon:
            until(lambda: "Story number 1" in daemon.get("feeds/news.rss").text)
            done = aggregator("backup", "copy.db", cwd=folder)
            assert daemon.get("healthz").status_code == 200
    finally:
        os.umask(before)
    assert done.stdout.startswith("copy.db: ")
    assert count(folder / "copy.db") == 2
    assert stat.S_IMODE((folder / "copy.db").stat().st_mode) == 0o600
    assert sorted(path.name for path in folder.iterdir()) == ["copy.db", "feeds.yaml", "log", "storage"]


def test_backup_refuses_an_existing_file_and_says_what_is_missing(folder: Path) -> None:
    assert "there is no database" in aggregator("backup", "copy.db", cwd=folder, status=1).stderr
    aggregator("once", cwd=folder)
    (folder / "copy.db").write_text("mine")
    assert "copy.db exists already" in aggregator("backup", "copy.db", cwd=folder, status=1).stderr
    assert (folder / "copy.db").read_text() == "mine"
    (folder / "file").write_text("")
    assert "file/copy.db cannot be written" in aggregator("backup", "file/copy.db", cwd=folder, status=1).stderr


def test_a_database_that_cannot_be_opened_says_what_is_missing(folder: Path) -> None:
    aggregator("once", cwd=folder)
    wal = folder / "storage" / "aggregator.db-wal"
    wal.unlink(missing_ok=True)
    wal.mkdir()  # root may write to a folder that nobody may
    for words in (("backup", "copy.db"), ("plan",)):
        assert "has to be writable" in aggregator(*words, cwd=folder, status=1).stderr


def test_a_damaged_database_gives_no_copy(folder: Path) -> None:
    aggregator("once", cwd=folder)
    path = folder / "storage/aggregator.db"
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(b"\xa5" * 8192)
    assert "is damaged" in aggregator("backup", "copy.db", cwd=folder, status=1).stderr
    assert not list(folder.glob("*copy*"))


@pytest.mark.parametrize("place", [0, 0.5])
def test_a_damaged_database_names_the_commands_that_help(folder: Path, place: float) -> None:
    aggregator("once", cwd=folder)
    aggregator("backup", "good.db", cwd=folder)
    path = folder / "storage/aggregator.db"
    with path.open("r+b") as file:
        file.seek(int(path.stat().st_size * place) // 4096 * 4096)
        file.write(b"\xa5" * 8192)
    remedy = "put back a copy that `aggregator backup FILE` made, with `aggregator restore FILE`"
    assert remedy in aggregator("backup", "copy.db", cwd=folder, status=1).stderr
    if not place:  # the plan reads parts of the database only
        assert remedy in aggregator("plan", cwd=folder, status=1).stderr
    (folder / "bad.db").write_bytes(path.read_bytes())
    assert "use an earlier backup" in aggregator("restore", "bad.db", cwd=folder, status=1).stderr
    aggregator("restore", "good.db", cwd=folder)
    assert "no differences" in aggregator("verify", cwd=folder).stdout


def test_a_restored_database_shows_what_it_did_and_its_files_follow(folder: Path, server: Server) -> None:
    aggregator("once", cwd=folder)
    aggregator("backup", "copy.db", cwd=folder)
    before = files(folder)
    server.put("/paper", rss(item(1), item(2), item(3)))
    aggregator("once", "--all", cwd=folder)
    assert files(folder) != before
    for suffix in ("-wal", "-shm", "-journal"):
        (folder / f"storage/aggregator.db{suffix}").write_bytes(b"of a database that is gone")
    aggregator("restore", "copy.db", cwd=folder)
    assert sorted(path.name for path in (folder / "storage").glob("aggregator.db*")) == [
        "aggregator.db",
        "aggregator.db-fetching",
    ]
    assert stat.S_IMODE((folder / "storage/aggregator.db").stat().st_mode) == 0o600
    server.put("/paper", status=500)
    aggregator("once", "--all", cwd=folder)
    after = files(folder)
    assert {path: after[path] for path in before} == before
    server.put("/paper", rss(item(1), item(2), item(3)))
    aggregator("once", "--all", cwd=folder)
    assert aggregator("verify", cwd=folder).stdout == "no differences\n"


def test_restore_refuses_what_is_no_good_copy_and_changes_nothing(folder: Path) -> None:
    aggregator("once", cwd=folder)
    before = (folder / "storage/aggregator.db").read_bytes()
    (folder / "text.db").write_text("no database" * 1000)
    with closing(sqlite3.connect(folder / "other.db")) as database, database:
        database.execute("CREATE TABLE other (id)")
    (folder / "new.db").write_bytes(before)
    with closing(sqlite3.connect(folder / "new.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    for name, reason in (
        ("none.db", "there is no file"),
        ("text.db", "not an SQLite database"),
        ("other.db", "is no database of aggregator"),
        ("new.db", "a newer aggregator made"),
    ):
        assert reason in aggregator("restore", name, cwd=folder, status=1).stderr
    assert (folder / "storage/aggregator.db").read_bytes() == before
    assert not list((folder / "storage").glob(".*.tmp"))


def test_restore_refuses_while_a_daemon_runs(folder: Path) -> None:
    with running(folder) as daemon:
        until(lambda: "Story number 1" in daemon.get("feeds/news.rss").text)
        aggregator("backup", "copy.db", cwd=folder)
        assert "a daemon is running" in aggregator("restore", "copy.db", cwd=folder, status=1).stderr
        configure(
            folder, sources=["http://127.0.0.1:1/"], storage="elsewhere", database="sqlite:///storage/aggregator.db"
        )
        assert "has the database" in aggregator("restore", "copy.db", cwd=folder, status=1).stderr


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_postgresql_has_its_own_tools(folder: Path, command: str) -> None:
    done = aggregator(command, "copy", cwd=folder, status=1, AGGREGATOR_DATABASE="postgresql://nobody@127.0.0.1:1/none")
    assert "pg_dump" in done.stderr
    (folder / "storage").mkdir(exist_ok=True)
    with alone(folder / "storage" / DAEMON_LOCK):
        again = aggregator(command, "copy", cwd=folder, status=1, AGGREGATOR_DATABASE="postgresql://a@127.0.0.1:1/b")
    assert again.stderr == done.stderr


def test_an_empty_database_beside_articles_is_warned_of(folder: Path) -> None:
    assert "is empty" not in aggregator("once", cwd=folder).stderr
    (folder / "storage/aggregator.db").unlink()
    (line,) = aggregator("sources", cwd=folder).stderr.splitlines()
    assert "aggregator.db is empty, but" in line
    assert "`aggregator restore FILE`" in line


def test_health_asks_the_daemon_of_this_storage(folder: Path) -> None:
    assert "no daemon has run" in aggregator("health", cwd=folder, status=1).stderr
    assert not (folder / "storage/aggregator.db").exists()
    with running(folder) as daemon:
        assert aggregator("health", cwd=folder).stdout == "ok\n"
        for url in (daemon.url, daemon.url + "healthz", daemon.url.rstrip("/")):
            aggregator("health", "--url", url, cwd=folder)
        assert " answers 404" in aggregator("health", "--url", daemon.url + "feeds", cwd=folder, status=1).stderr
        (folder / "storage/feeds/news.rss").unlink(missing_ok=True)
    assert "does not answer" in aggregator("health", cwd=folder, status=1).stderr
    assert "is no URL" in aggregator("health", "--url", "127.0.0.1", cwd=folder, status=1).stderr


@pytest.mark.parametrize("reset", [True, False])
def test_health_gives_no_traceback_where_the_reason_breaks_off(server: Server, reset: bool) -> None:
    raw = [b"HTTP/1.1 503 Service Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n20\r\nthe disk"]
    server.put("/healthz", lambda _: Answer(raw=raw, reset=reset))
    with pytest.raises(AggregatorError, match="does not answer"):
        check_health(server.url("/"))


@pytest.mark.parametrize(
    "fault", ["titel: mine\n", "title: [\n", "sources: []\n", 'translate: {key: "${NOWHERE}"}\n', None]
)
def test_health_asks_a_daemon_that_runs_by_the_configuration_before_its_faults(
    folder: Path, server: Server, fault: str | None
) -> None:
    """A container that counts as ill is started again, and then there is no configuration to run by."""
    with running(folder):
        path = folder / "feeds.yaml"
        if fault is None:
            path.unlink()
        else:
            path.write_text(path.read_text() + fault)
        assert aggregator("health", cwd=folder).stdout == "ok\n"
    aggregator("health", cwd=folder, status=1)


def test_health_of_another_storage_needs_no_more_than_its_place(folder: Path) -> None:
    configure(folder, storage="elsewhere", sources=[{"name": "paper", "url": "https://example.org/?key=${NOWHERE}"}])
    assert f"on {folder}/elsewhere yet" in aggregator("health", cwd=folder, status=1).stderr
    named = aggregator("health", cwd=folder, status=1, AGGREGATOR_STORAGE="third")
    assert f"on {folder}/third yet" in named.stderr


def test_health_without_a_daemon_reports_the_configuration(tmp_path: Path) -> None:
    assert "there is no such file" in aggregator("health", cwd=tmp_path, status=2).stderr
    (tmp_path / "feeds.yaml").write_text("title: [\n")
    assert "this is no YAML" in aggregator("health", cwd=tmp_path, status=2).stderr
    (tmp_path / "feeds.yaml").write_text("titel: mine\nsources: [https://example.org/]\n")
    assert "`titel` is no setting" in aggregator("health", cwd=tmp_path, status=2).stderr
    (tmp_path / "feeds.yaml").write_text("storage: []\nsources: [https://example.org/]\n")
    assert "feeds.yaml:1:10: `storage`" in aggregator("health", cwd=tmp_path, status=2).stderr
    (tmp_path / "feeds.yaml").write_text("storage: ~nobody-here/x\nsources: [https://example.org/]\n")
    assert "feeds.yaml:1:10: `~nobody-here/x` begins at a home" in aggregator("health", cwd=tmp_path, status=2).stderr


def test_health_gives_the_reason_of_a_daemon_that_is_not_well(folder: Path, server: Server) -> None:
    server.put("/healthz", b"publish: the disk is full\n", status=503)
    (line,) = aggregator("health", "--url", server.url("/"), cwd=folder, status=1).stderr.splitlines()
    assert line.endswith("answers 503: publish: the disk is full")
