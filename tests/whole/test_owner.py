"""Commands that root runs on another user's storage."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import aggregator, configure
from tests.newsroom import item, rss
from tests.servers import Server

OWNER = 65534

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")


@pytest.fixture
def folder(server: Server) -> Iterator[Path]:
    """Storage of another user, in a folder that everybody may enter, unlike pytest's."""
    server.put("/paper", rss(item(1), item(2)))
    made = Path(tempfile.mkdtemp())
    made.chmod(0o755)
    (made / "storage").mkdir()
    os.chown(made / "storage", OWNER, OWNER)
    configure(made, sources=[{"name": "paper", "url": server.url("/paper")}])
    yield made
    shutil.rmtree(made)


def can_run() -> bool:
    try:
        return not subprocess.run([sys.executable, "-c", "import aggregator.files"], user=OWNER, check=False).returncode
    except PermissionError:
        return False


def test_who_cannot_read_the_program_is_said(folder: Path) -> None:
    if can_run():
        pytest.skip("every user can read this Python")
    assert "install Python and aggregator where that user can" in aggregator("once", cwd=folder, status=1).stderr


def test_what_it_makes_belongs_to_the_owner(folder: Path) -> None:
    if not can_run():
        pytest.skip("another user cannot read this Python or this project")
    (folder / "feeds.yaml").chmod(0o600)  # root alone can read it
    for command in ("once", "publish", "sources", "verify"):
        aggregator(command, cwd=folder)
    owners = {path.stat().st_uid for path in (folder / "storage").rglob("*")}
    assert owners == {OWNER}
    assert "cannot be written" in aggregator("backup", "copy.db", cwd=folder, status=1).stderr
    aggregator("backup", "storage/copy.db", cwd=folder)
    assert (folder / "storage/copy.db").stat().st_uid == OWNER


def test_feeds_yaml_keeps_its_owner_and_mode(folder: Path) -> None:
    path = folder / "feeds.yaml"
    os.chown(path, OWNER, OWNER)
    path.chmod(0o640)
    opml = '<opml version="2.0"><body><outline type="rss" xmlUrl="https://example.org/feed.xml"/></body></opml>'
    (folder / "list.opml").write_text(opml)
    aggregator("import", "list.opml", cwd=folder)
    aggregator("remove", "paper", cwd=folder)
    assert (path.stat().st_uid, path.stat().st_gid, path.stat().st_mode & 0o777) == (OWNER, OWNER, 0o640)
