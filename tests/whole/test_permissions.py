"""Commands of a user who may not read or write what they need, such as the storage of a service."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import aggregator, configure
from tests.newsroom import item, rss
from tests.servers import Server

SETPRIV = shutil.which("setpriv")

pytestmark = pytest.mark.skipif(os.geteuid() == 0 and not SETPRIV, reason="root may do everything")


def powerless(words: str, cwd: Path) -> tuple[int, str, str]:
    """Run the command as root without the rights beyond those of other users; return exit status, output, errors."""
    prefix = [SETPRIV, "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    command = [*filter(None, prefix), sys.executable, "-m", "aggregator", *words.split()]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def folder(tmp_path: Path, server: Server) -> Iterator[Path]:
    server.put("/paper", rss(item(1), item(2)))
    configure(tmp_path, sources=[{"name": "paper", "url": server.url("/paper")}])
    aggregator("once", cwd=tmp_path)
    closed = tmp_path / "closed"
    (closed / "folder").mkdir(parents=True)
    closed.chmod(0)
    yield tmp_path
    for path in (closed, tmp_path / "storage"):
        path.chmod(0o755)


def test_a_configuration_is_checked_whoever_may_read_the_database(folder: Path) -> None:
    database = folder / "storage/aggregator.db"
    for path, mode in ((database, 0), (database, 0o400), (folder / "storage", 0o555), (folder / "storage", 0)):
        path.chmod(mode)
        assert powerless("check", folder) == (0, "feeds.yaml: OK: 1 source\n", "")


@pytest.mark.parametrize(
    "words", ["once", "sources", "verify", "publish", "plan", "rules", "prune", "backup copy.db", "health", "run"]
)
def test_a_storage_that_may_not_be_entered_is_one_sentence(folder: Path, words: str) -> None:
    (folder / "storage").chmod(0)
    status, output, errors = powerless(words, folder)
    assert (status, output, errors.count("\n")) == (1, "", 1)
    assert str(folder / "storage") in errors
    assert "let " in errors
    assert "internal error" not in errors


@pytest.mark.parametrize(
    "words",
    [
        "init closed/folder",
        "init new --hugo closed/site",
        "restore closed/copy.db",
        "backup closed/copy.db",
        "migrate --to sqlite:///closed/copy.db",
        "--config closed/feeds.yaml add http://127.0.0.1:1/",
        "import closed/list.opml",
    ],
)
def test_a_file_in_a_folder_that_may_not_be_entered_is_one_sentence(folder: Path, words: str) -> None:
    status, output, errors = powerless(words, folder)
    assert (status, output, errors.count("\n")) == (1, "", 1)
    assert "closed/" in errors
    assert "internal error" not in errors


def test_a_folder_is_no_copy_to_restore(folder: Path) -> None:
    assert "storage is a folder; name a file" in aggregator("restore", "storage", cwd=folder, status=1).stderr
