"""What fails under a running daemon: one clear line, 503 with the reason meanwhile, nothing lost, healed by itself."""

import json
import shutil
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.commands import configure, forked, make_due, until
from tests.newsroom import item, prose, rss
from tests.servers import Answer, Request, Server
from tests.thorough import THOROUGH
from tests.whole.forking import Child, Forks

LONG = 60  # seconds that a condition gets, on a machine that does much else
PATIENCE = 1.0  # seconds that the daemon waits for a lock; else it is 30
DISK = 24_000_000  # bytes
BIG = 24  # articles of a document that a nearly full disk does not take


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, and a small one; skips, with the reason, where none can be had."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


class Paper:
    """A source whose second edition is news; `meanwhile` happens as it is asked for that."""

    def __init__(self, server: Server, folder: Path, *, many: int = 1, **settings: Any) -> None:
        self.folder, self.many, self.edition = folder, many, 1
        self.articles = Path(settings.get("articles", {}).get("path", folder / "storage/articles"))
        self.meanwhile: Callable[[], None] = lambda: None
        server.put("/paper", self.document)
        configure(folder, sources=[{"name": "paper", "url": server.url("/paper"), "category": "news"}], **settings)

    def document(self, request: Request) -> Answer:
        if self.edition == 1:
            return Answer(body=rss(item(1)))
        self.meanwhile()
        return Answer(body=rss(item(1), *(self._item(number + 2) for number in range(self.many))))

    def _item(self, number: int) -> str:
        return item(number, description=f"&lt;p&gt;{prose(number, 3000 if self.many > 1 else 60)}&lt;/p&gt;")

    def appear(self) -> None:
        """Have the second edition asked for."""
        self.edition = 2
        with closing(sqlite3.connect(self.folder / "storage/aggregator.db")) as database, database:
            make_due(database)

    def titles(self) -> list[str]:
        """Of the feed that goes out; it can be read at any moment."""
        path = self.folder / "storage/feeds/news.json"
        return [entry["title"] for entry in json.loads(path.read_text())["items"]] if path.exists() else []

    def stories(self) -> list[str]:
        """Titles of the database's articles."""
        with closing(sqlite3.connect(self.folder / "storage/aggregator.db")) as database:
            return [title for (title,) in database.execute("SELECT title FROM article")]

    def files(self) -> list[Path]:
        """Of articles."""
        return list(self.articles.rglob("*.md"))


def is_healthy(daemon: Child) -> bool:
    return daemon.get("healthz").status_code == 200


def await_first_edition(daemon: Child, paper: Paper) -> None:
    until(lambda: paper.titles() == ["Story number 1"] and is_healthy(daemon), LONG)


def await_trouble(daemon: Child, text: str) -> None:
    until(lambda: text in daemon.get("healthz").text, LONG)
    assert daemon.get("healthz").status_code == 503


def assert_healed(daemon: Child, paper: Paper, text: str, causes: Collection[int] = (1,)) -> None:
    """All articles are there, each once and in its file, and the log has one line of it."""
    wanted = [f"Story number {number + 1}" for number in range(1 + paper.many)]
    until(lambda: is_healthy(daemon) and len(paper.files()) == len(wanted), LONG)
    until(lambda: len(paper.titles()) > 1 and is_healthy(daemon), LONG)  # a feed holds 512 KB
    assert sorted(paper.stories()) == sorted(wanted)
    assert all(path.read_text().endswith(")\n") for path in paper.files())
    assert_told_once(daemon, text, causes)


def assert_told_once(daemon: Child, text: str, causes: Collection[int] = (1,)) -> None:
    records = [json.loads(line) for line in daemon.said() if line.startswith("{")]
    assert len(records) == len(daemon.said())
    errors = [line["message"] for line in records if line["level"] in ("error", "critical")]
    assert not [line for line in records if "traceback" in line], records
    assert len(errors) in causes, errors
    assert text in errors[0]
    assert max(Counter(line["message"] for line in records if line["level"] != "info").values()) == 1, records


# -------------------------------------------------------------------------------------------------------------- disks


def test_a_disk_that_fills_up(forks: Forks, server: Server, tmp_path: Path, disk: Path) -> None:
    paper = Paper(server, tmp_path, many=BIG)
    (tmp_path / "storage").symlink_to(disk)
    ballast = disk / "ballast"

    def fill() -> None:
        with ballast.open("wb", buffering=0) as file:
            size = 2**16
            while size:
                try:
                    file.write(bytes(size))
                except OSError:
                    size //= 2

    paper.meanwhile = lambda: None if ballast.exists() else fill()
    with forks.daemon(tmp_path) as daemon:
        await_first_edition(daemon, paper)
        paper.appear()
        until(lambda: not is_healthy(daemon), LONG)
        assert "ull" in daemon.get("healthz").text
        assert daemon.get("status").status_code == 200
        assert paper.titles() == ["Story number 1"]
        paper.meanwhile = lambda: None
        ballast.unlink()
        assert_healed(daemon, paper, "disk")
        assert not list(disk.rglob("*.tmp"))


def test_a_disk_that_fills_up_between_the_database_and_the_files(
    forks: Forks, server: Server, tmp_path: Path, disk: Path
) -> None:
    """The articles' files alone are on it: rows are recorded, files are not; half of none is left."""
    paper = Paper(server, tmp_path, many=BIG, articles={"path": str(disk / "articles")})
    with forks.daemon(tmp_path) as daemon:
        await_first_edition(daemon, paper)
        (disk / "ballast").write_bytes(bytes(DISK - 400_000))
        paper.appear()
        await_trouble(daemon, "the disk is full; free some space")
        complete = [path.read_text().endswith(")\n") for path in (disk / "articles").rglob("*") if path.is_file()]
        assert all(complete)
        assert len(complete) < 1 + BIG
        (disk / "ballast").unlink()
        assert_healed(daemon, paper, "the disk is full")


def test_a_folder_that_becomes_read_only(forks: Forks, server: Server, tmp_path: Path, disk: Path) -> None:
    paper = Paper(server, tmp_path, articles={"path": str(disk / "articles")})
    with forks.daemon(tmp_path) as daemon:
        await_first_edition(daemon, paper)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        paper.appear()
        await_trouble(daemon, "the file system is read-only; make it writable")
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        assert_healed(daemon, paper, "read-only")


def test_a_storage_that_is_read_only_at_the_start(forks: Forks, server: Server, tmp_path: Path, disk: Path) -> None:
    Paper(server, tmp_path, storage=str(disk / "storage"))
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    with forks.begun("run", "--port", "0", cwd=tmp_path) as daemon:
        assert daemon.wait() == 1
    (line,) = daemon.said()
    assert "the file system is read-only; make it writable" in line


def test_a_limit_on_the_size_of_files(forks: Forks, server: Server, tmp_path: Path) -> None:
    """As a full disk, without its rights: the database cannot grow. A start without the limit goes on."""
    paper = Paper(server, tmp_path, many=BIG)
    with forks.daemon(tmp_path, size=700_000) as daemon:
        await_first_edition(daemon, paper)
        paper.appear()
        await_trouble(daemon, "is full, or fails")
        assert paper.titles() == ["Story number 1"]
        assert_told_once(daemon, "disk")
    with forks.daemon(tmp_path) as daemon:
        until(lambda: is_healthy(daemon) and len(paper.files()) == 1 + BIG, LONG)
        assert len(paper.stories()) == 1 + BIG


# ------------------------------------------------------------------------------------------------------- the database


def test_a_database_that_another_process_holds(forks: Forks, server: Server, tmp_path: Path) -> None:
    paper = Paper(server, tmp_path)
    with forks.daemon(tmp_path, busy=None if THOROUGH else PATIENCE) as daemon:
        await_first_edition(daemon, paper)
        paper.appear()
        with closing(
            sqlite3.connect(tmp_path / "storage/aggregator.db", isolation_level=None, timeout=LONG)
        ) as connection:
            connection.execute("BEGIN IMMEDIATE")
            slowest = 0.0

            def answers() -> bool:
                nonlocal slowest
                started = time.monotonic()
                assert daemon.get("status").status_code == 200
                slowest = max(slowest, time.monotonic() - started)
                return "is locked by another process" in daemon.get("healthz").text

            until(answers, LONG + 60)
            assert slowest < 10
            print(f"database locked: the slowest answer of the status page took {1000 * slowest:.0f} ms")
            connection.execute("ROLLBACK")
        assert_healed(daemon, paper, "is locked by another process")


@pytest.mark.parametrize("place", [0.2, 0.5, 0.9])
def test_a_database_that_is_damaged_at_the_start(forks: Forks, server: Server, tmp_path: Path, place: float) -> None:
    Paper(server, tmp_path)
    with forks.begun("once", cwd=tmp_path) as run:
        assert run.wait() == 0
    path = tmp_path / "storage/aggregator.db"
    damage(path, place)
    before = path.read_bytes()
    with forks.begun("run", "--port", "0", cwd=tmp_path) as daemon:
        assert daemon.wait() == 1
    (line,) = daemon.said()
    assert "is damaged" in line
    assert "aggregator backup FILE` made, with `aggregator restore FILE`" in line
    assert path.read_bytes() == before


def damage(path: Path, place: float, pages: int = 2) -> None:
    """Write over pages (4 KB) of the file at that part of its length."""
    with path.open("r+b") as file:
        file.seek(int(path.stat().st_size * place) // 4096 * 4096)
        file.write(b"\xa5" * 4096 * pages)


def test_a_database_that_is_damaged_while_it_is_used(forks: Forks, server: Server, tmp_path: Path) -> None:
    paper = Paper(server, tmp_path)
    path = tmp_path / "storage/aggregator.db"
    with forks.daemon(tmp_path) as daemon:
        await_first_edition(daemon, paper)
        with closing(sqlite3.connect(path)) as connection:
            make_due(connection)
            connection.commit()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            shutil.copy(path, tmp_path / "copy.db")
            connection.execute("UPDATE note SET value = value")
            connection.commit()  # the daemon reads its pages anew
        paper.edition = 2
        damage(path, 0.02, pages=path.stat().st_size // 4096)
        await_trouble(daemon, "is damaged")
        shutil.copy(tmp_path / "copy.db", tmp_path / "restored.db")
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        (tmp_path / "restored.db").rename(path)
        assert_healed(daemon, paper, "is damaged")


def test_a_database_that_is_taken_away_and_brought_back(forks: Forks, server: Server, tmp_path: Path) -> None:
    paper = Paper(server, tmp_path)
    path = tmp_path / "storage/aggregator.db"
    with forks.daemon(tmp_path) as daemon:
        await_first_edition(daemon, paper)
        paper.appear()
        until(lambda: len(paper.titles()) == 2, LONG)
        path.rename(tmp_path / "away")
        await_trouble(daemon, "no longer exists; put back a copy")
        assert not path.exists()
        assert daemon.get("feeds/news.rss").status_code == 200
        (tmp_path / "away").rename(path)
        assert_healed(daemon, paper, "no longer exists")


# -------------------------------------------------------------------------------------------------------------- files


def test_a_storage_folder_that_is_taken_away_and_brought_back(forks: Forks, server: Server, tmp_path: Path) -> None:
    paper = Paper(server, tmp_path)
    with forks.daemon(tmp_path) as daemon:
        await_first_edition(daemon, paper)
        paper.appear()
        until(lambda: len(paper.titles()) == 2, LONG)
        (tmp_path / "storage").rename(tmp_path / "away")
        until(lambda: not is_healthy(daemon), LONG)
        assert not (tmp_path / "storage/aggregator.db").exists()
        shutil.rmtree(tmp_path / "storage", ignore_errors=True)
        (tmp_path / "away").rename(tmp_path / "storage")
        assert_healed(daemon, paper, "", causes=(1, 2))  # the database, and the lock of who publishes


def test_a_feeds_folder_that_a_file_takes_the_place_of(forks: Forks, server: Server, tmp_path: Path) -> None:
    paper = Paper(server, tmp_path)
    feeds = tmp_path / "storage/feeds"
    with forks.daemon(tmp_path) as daemon:
        await_first_edition(daemon, paper)
        feeds.rename(tmp_path / "away")
        feeds.write_text("in the way")
        paper.edition = 2
        with closing(sqlite3.connect(tmp_path / "storage/aggregator.db")) as database, database:
            make_due(database)
        await_trouble(daemon, "a file is in the place of its folder; move that file away")
        feeds.unlink()
        assert_healed(daemon, paper, "a file is in the place of its folder")


def test_a_log_that_nobody_takes_any_more(server: Server, tmp_path: Path) -> None:
    paper = Paper(server, tmp_path)
    with forked("run", "--port", "0", cwd=tmp_path) as process:
        assert process.stderr is not None
        line = next(line for line in process.stderr if "serving " in line)
        url = json.loads(line)["message"].rpartition("serving ")[2]
        process.stderr.close()
        until(lambda: paper.titles() == ["Story number 1"], LONG)
        paper.appear()
        until(lambda: len(paper.titles()) == 2, LONG)
        assert httpx.get(f"{url}healthz", timeout=60).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(LONG) == 0


# ------------------------------------------------------------------------------------------------------------ network


def test_no_descriptors_left(forks: Forks, server: Server, tmp_path: Path) -> None:
    """More sources hang than files may be open: the others are read, and the pages are answered."""
    server.put("*", hang=True)
    papers = [f"/{number}" for number in range(20)]
    for number, path in enumerate(papers):
        server.put(path, rss(item(number + 1)))
    paths = [f"/hangs-{number}" for number in range(40)] + papers
    sources = [{"name": path[1:], "url": server.url(path), "category": "news"} for path in paths]
    fetch = {"allow_private": ["127.0.0.1/32"], "host_gap": "0s", "per_host": 100, "timeout": "3s"}
    configure(tmp_path, sources=sources, fetch=fetch)
    with forks.daemon(tmp_path, files=72) as daemon:
        feed = tmp_path / "storage/feeds/news.json"
        until(lambda: feed.exists() and len(json.loads(feed.read_text())["items"]) == 20, LONG)
        assert is_healthy(daemon)
        assert len(daemon.said("open files")) == 1, daemon.said()
        assert not daemon.said("too many open files")


def test_a_name_that_does_not_resolve(forks: Forks, server: Server, tmp_path: Path) -> None:
    paper = Paper(server, tmp_path)
    dead = {"name": "dead", "url": "http://nowhere.invalid/feed", "category": "news"}
    alive = {"name": "paper", "url": server.url("/paper"), "category": "news"}
    configure(tmp_path, sources=[dead, alive])
    with forks.daemon(tmp_path) as daemon:
        await_first_edition(daemon, paper)
        until(lambda: bool(daemon.said("dead: ")), LONG)
        (line,) = daemon.said("dead: ")
        assert "DNS lookup failed: Name or service not known; check the source's URL, and this machine's DNS" in line
        assert is_healthy(daemon)
