import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from aggregator.errors import FilesError
from aggregator.files import (
    alone,
    differing,
    is_held,
    is_temporary,
    listed,
    lock,
    make_folder,
    remove,
    sweep,
    tried_lock,
    write,
)
from aggregator.model import OutputFile

AS_ROOT = os.geteuid() == 0
LEFT_OVER = ".aggregator-123-4.tmp"


def _file(path: str, text: str = "text\n") -> OutputFile:
    return OutputFile(path=path, data=text.encode())


def _names(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def test_files_are_written_with_their_folders(tmp_path: Path) -> None:
    written = write(tmp_path / "new" / "root", [_file("a.md"), _file("b/c/d.md", "other\n")])
    assert written == ("a.md", "b/c/d.md")
    assert _names(tmp_path) == ["new/root/a.md", "new/root/b/c/d.md"]
    assert (tmp_path / "new/root/b/c/d.md").read_text() == "other\n"


def test_a_file_with_the_same_bytes_is_not_touched(tmp_path: Path) -> None:
    write(tmp_path, [_file("a.md")])
    os.utime(tmp_path / "a.md", ns=(1, 1))
    before = (tmp_path / "a.md").stat()
    assert write(tmp_path, [_file("a.md")]) == ()
    after = (tmp_path / "a.md").stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


@pytest.mark.parametrize("text", ["longer text\n", "", "tex!\n"])
def test_a_file_with_other_bytes_is_replaced(tmp_path: Path, text: str) -> None:
    write(tmp_path, [_file("a.md")])
    assert write(tmp_path, [_file("a.md", text), _file("a.md", text)]) == ("a.md",)
    assert (tmp_path / "a.md").read_text() == text
    assert _names(tmp_path) == ["a.md"]


def test_who_reads_the_old_file_reads_it_to_its_end(tmp_path: Path) -> None:
    write(tmp_path, [_file("a.md", "old" * 1000)])
    with (tmp_path / "a.md").open() as reader:
        assert reader.read(3) == "old"
        write(tmp_path, [_file("a.md", "new")])
        assert reader.read() == "old" * 999


def test_modes_are_those_of_the_umask(tmp_path: Path) -> None:
    for umask, mode in ((0o022, 0o644), (0o077, 0o600), (0o000, 0o644)):
        before = os.umask(umask)
        try:
            write(tmp_path, [_file(f"{umask}.md")])
        finally:
            os.umask(before)
        assert (tmp_path / f"{umask}.md").stat().st_mode & 0o777 == mode


@pytest.mark.parametrize(
    "path",
    ["../a.md", "a/../../b.md", "/etc/a.md", "a//b.md", "./a.md", "", "a/", "..", "a/..", "a\0b", "a\0/b", "//a"],
)
def test_a_path_that_leads_out_or_names_no_file_is_refused(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    with pytest.raises(FilesError):
        write(root, [_file(path)])
    with pytest.raises(FilesError):
        remove(root, [path])
    assert _names(tmp_path) == []


def test_a_folder_that_is_a_link_to_elsewhere_is_refused(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    root.mkdir()
    (outside / "a.md").write_text("mine")
    (root / "link").symlink_to(outside)
    write(root, [_file("real/a.md")])
    (root / "real/link").symlink_to(outside)
    for path in ("link/a.md", "link/b.md", "link/new/c.md", "real/link/a.md"):
        with pytest.raises(FilesError, match=r"it is outside of .*; remove the symbolic link"):
            write(root, [_file(path)])
    with pytest.raises(FilesError, match="it is outside of"):
        remove(root, ["link/a.md"])
    assert _names(outside) == ["a.md"]
    assert (outside / "a.md").read_text() == "mine"


def test_a_file_that_is_a_link_is_replaced_and_its_target_left_alone(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside.md", tmp_path / "root"
    outside.write_text("text\n")
    root.mkdir()
    (root / "a.md").symlink_to(outside)
    assert write(root, [_file("a.md")]) == ("a.md",)
    assert not (root / "a.md").is_symlink()
    assert outside.read_text() == "text\n"


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "root").symlink_to(tmp_path / "real")
    assert write(tmp_path / "root", [_file("b/a.md")]) == ("b/a.md",)
    assert _names(tmp_path / "real") == ["b/a.md"]


def test_files_are_removed_with_the_folders_left_empty(tmp_path: Path) -> None:
    write(tmp_path, [_file("a/b/c.md"), _file("a/d.md"), _file("e/f.md")])
    assert remove(tmp_path, ["a/b/c.md", "missing.md", "e/f.md"]) == ("a/b/c.md", "e/f.md")
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")) == ["a", "a/d.md"]
    assert remove(tmp_path, ["a/d.md"]) == ("a/d.md",)
    assert tmp_path.is_dir()


def test_files_that_differ_are_told_and_whether_another_is_in_their_place(tmp_path: Path) -> None:
    right, edited, missing, linked = files = [_file(path) for path in ("a/b.md", "a/c.md", "d/e.md", "link.md")]
    write(tmp_path, [right, edited])
    (tmp_path / "a/c.md").write_text("other")
    (tmp_path / "link.md").symlink_to(tmp_path / "a/b.md")
    assert list(differing(tmp_path, files)) == [(edited, True), (missing, False), (linked, True)]


def test_all_files_are_listed_temporary_ones_too(tmp_path: Path) -> None:
    write(tmp_path, [_file("a/b.md"), _file("c.md"), _file("a/.aggregator-1-2.tmp")])
    assert sorted(listed(tmp_path)) == ["a/.aggregator-1-2.tmp", "a/b.md", "c.md"]
    assert [path for path in listed(tmp_path) if is_temporary(path)] == ["a/.aggregator-1-2.tmp"]
    assert list(listed(tmp_path / "nowhere")) == []


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    paths = ["a.md", "b/.hidden", "b/aggregator-1-2.tmp", "b/.aggregator.tmp"]
    write(tmp_path, [_file(path) for path in (*paths, LEFT_OVER, f"b/c/{LEFT_OVER}")])
    assert sorted(sweep(tmp_path)) == [LEFT_OVER, f"b/c/{LEFT_OVER}"]
    assert _names(tmp_path) == sorted(paths)
    assert sweep(tmp_path / "missing") == ()


KILLED_WHILE_WRITING = """
import os, signal, sys
from pathlib import Path
from aggregator import files
from aggregator.model import OutputFile
os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
files.write(Path(sys.argv[1]), [OutputFile(path="a.md", data=b"new")])
"""


def test_two_machines_that_share_a_folder_share_no_temporary_name(tmp_path: Path) -> None:
    script = (
        "import os, sys; from types import SimpleNamespace; from pathlib import Path\n"
        "from aggregator.model import OutputFile\n"
        "os.uname, os.getpid = lambda: SimpleNamespace(nodename=sys.argv[1]), lambda: 7\n"
        "os.replace = lambda temporary, path: print(temporary)\n"
        "from aggregator.files import write\n"
        "write(Path(sys.argv[2]), [OutputFile(path='a.md', data=b'text')])"
    )
    names = {
        subprocess.run(
            [sys.executable, "-c", script, host, tmp_path], capture_output=True, text=True, check=True
        ).stdout
        for host in ("worker-1", "worker-2")
    }
    assert len(names) == 2
    assert len(sweep(tmp_path)) == 2


def test_a_process_killed_while_it_writes_leaves_the_old_file_whole(tmp_path: Path) -> None:
    write(tmp_path, [_file("a.md", "old")])
    killed = subprocess.run([sys.executable, "-c", KILLED_WHILE_WRITING, str(tmp_path)], check=False, timeout=60)
    assert killed.returncode == -9
    assert (tmp_path / "a.md").read_text() == "old"
    assert len(sweep(tmp_path)) == 1
    assert _names(tmp_path) == ["a.md"]


LIMITED = """
import resource, sys
from pathlib import Path
from aggregator import errors, files
from aggregator.model import OutputFile
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    sizes = {"a.md": 999, "b.md": 1001}
    files.write(Path(sys.argv[1]), [OutputFile(path=path, data=b"x" * size) for path, size in sizes.items()])
except errors.FilesError as error:
    print(error)
"""


def test_a_file_that_is_cut_short_is_not_left(tmp_path: Path) -> None:
    message = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], check=True, capture_output=True, text=True, timeout=60
    ).stdout
    assert message == f"cannot write {tmp_path}/b.md: file too large; raise the limit on file sizes\n"
    assert _names(tmp_path) == ["a.md"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if not AS_ROOT or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small file system can be mounted only by root, where mounting is allowed")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_told_and_leaves_whole_files_only(small_disk: Path) -> None:
    write(small_disk, [_file("a.md", "old")])
    with pytest.raises(FilesError, match=r"/a\.md: the disk is full; free some space$"):
        write(small_disk, [_file("b.md"), _file("a.md", "x" * 100_000)])
    assert _names(small_disk) == ["a.md", "b.md"]
    assert (small_disk / "a.md").read_text() == "old"
    assert write(small_disk, [_file("a.md", "x" * 10_000)]) == ("a.md",)


def fill(disk: Path) -> None:
    with (disk / "rest").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


def test_a_full_disk_is_told_before_a_daemon_starts_and_stops_none(small_disk: Path) -> None:
    lock = small_disk / ".daemon.lock"
    with alone(lock):
        fill(small_disk)  # it ends nevertheless
    with alone(lock) as is_in_order:
        assert is_in_order
    lock.unlink()
    fill(small_disk)
    with pytest.raises(FilesError, match=r"^cannot write .*lock: the disk is full; free some space$"), alone(lock):
        pytest.fail("it started")


def test_a_storage_that_became_read_only_is_told_at_the_end_unless_there_is_another_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pwrite(*_: object) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    def run(error: Exception | None) -> None:
        with monkeypatch.context() as read_only, alone(tmp_path / "lock"):
            read_only.setattr("os.pwrite", pwrite)
            if error:
                raise error

    with pytest.raises(FilesError, match=r"^cannot write .*/lock: the file system is read-only"):
        run(None)
    with pytest.raises(OSError, match="port in use"):
        run(OSError("port in use"))


def test_a_file_system_without_locks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    path = tmp_path / "lock"
    path.touch()
    monkeypatch.setattr("fcntl.flock", flock)
    for context in (lock(path), tried_lock(path), alone(path)):
        with pytest.raises(FilesError, match=r"^cannot lock .*/lock: its file system has no locks"), context:
            pytest.fail("it went on")
    with pytest.raises(FilesError, match="its file system has no locks"):
        is_held(path)


def test_a_read_only_file_system_is_told(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(FilesError, match=r"a\.md: the file system is read-only; make it writable$"):
        write(small_disk, [_file("a.md")])


@pytest.mark.skipif(AS_ROOT, reason="nothing is forbidden to root")
def test_a_folder_without_permission_is_told(tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0o500)
    with pytest.raises(FilesError, match=r"shut/a\.md: permission denied; let the user"):
        write(tmp_path, [_file("shut/a.md")])


FORBIDDEN = """
import os, sys
from pathlib import Path
from aggregator import errors, files
from aggregator.model import OutputFile
os.setegid(65534), os.seteuid(65534)
try:
    files.write(Path(sys.argv[1]), [OutputFile(path="a.md", data=b"x")])
except errors.FilesError as error:
    print(error)
"""


@pytest.mark.skipif(not AS_ROOT, reason="only root can become somebody else")
def test_a_folder_that_belongs_to_somebody_else_is_told(tmp_path: Path) -> None:
    message = subprocess.run(
        [sys.executable, "-c", FORBIDDEN, str(tmp_path)], check=True, capture_output=True, text=True, timeout=60
    ).stdout
    assert message.endswith("a.md: permission denied; let the user that runs aggregator write there\n")


def test_what_is_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    for path, reason in (
        ("folder", "a folder is in its place; move the folder away"),
        ("file/a.md", "a file is in the place of its folder; move that file away"),
        ("x" * 300, "file name too long; shorten articles.name or the category"),
        (f"{'x' * 300}/a.md", "file name too long; shorten articles.name or the category"),
    ):
        with pytest.raises(FilesError) as raised:
            write(tmp_path, [_file(path)])
        assert str(raised.value) == f"cannot write {tmp_path}/{path}: {reason}"
    with pytest.raises(FilesError, match=r"^cannot remove .*/folder: "):
        remove(tmp_path, ["folder"])
    assert _names(tmp_path) == ["file"]


def test_a_folder_is_made_once_and_told_where_it_cannot_be(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("")
    for place in ("file", "file/a"):
        with pytest.raises(FilesError, match=r"a file is in the place of its folder"):
            make_folder(tmp_path / place)


def test_who_is_alone_hears_how_the_one_before_ended(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with alone(lock) as in_order:
        assert in_order  # nobody was before
        with pytest.raises(FilesError, match=f"process {os.getpid()}"), alone(lock):
            pass
        killed = lock.read_bytes()
    with alone(lock) as in_order:
        assert in_order
    lock.write_bytes(killed)
    with alone(lock) as in_order:
        assert not in_order


def test_a_start_that_fails_is_no_unclean_end_and_makes_none_good(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with pytest.raises(OSError, match="port in use"), alone(lock):
        raise OSError("port in use")
    with alone(lock) as in_order:
        assert in_order
        killed = lock.read_bytes()
    lock.write_bytes(killed)
    with pytest.raises(OSError, match="port in use"), alone(lock):
        raise OSError("port in use")
    with alone(lock) as in_order:
        assert not in_order
