"""Writes files whole or not at all, and only where their bytes differ. Edge: the only writer under the storage folder.

A file is made under a temporary name beside its place, then renamed over it. Nothing is forced to the disk: the
database can make every file again. One process at a time writes to a root: who calls holds the lock for it.
"""

import errno
import fcntl
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import accumulate, count
from pathlib import Path

from aggregator.errors import DISK_FULL, FilesError
from aggregator.model import OutputFile

MODE = 0o644  # less the umask

_NUMBERS = count()
_NO_NAMES = frozenset({"", ".", ".."})
_TEMPORARY = re.compile(r"\.aggregator-\d+-\d+\.tmp")
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW  # not O_EXCL: a killed process may have had our number

_REASONS = {
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "the disk quota is used up; free some space",
    errno.EFBIG: "it passes the limit on the size of files; raise the limit",
    errno.EACCES: "permission is denied; let the user that runs aggregator write there",
    errno.EPERM: "permission is denied; let the user that runs aggregator write there",
    errno.EROFS: "the file system is read-only; make it writable",
    errno.ENAMETOOLONG: "its name is too long; shorten articles.name or the category",
    errno.EISDIR: "a folder is in its place; move the folder away",
    errno.ENOTDIR: "a file is in the place of its folder; move that file away",
    errno.EEXIST: "a file is in the place of its folder; move that file away",
    errno.EMFILE: "too many files are open; raise the limit on open files",
    errno.ENFILE: "too many files are open; raise the limit on open files",
}


def write(root: Path, files: Iterable[OutputFile]) -> tuple[str, ...]:
    """Write the files under `root`, and give the paths of those that were not there with the same bytes already.

    Folders are made. Raises FilesError at the first file that cannot be written; those before it are in place.
    """
    folders = _Folders(root)
    return tuple(file.path for file in files if _written(folders.place(file.path), file.data))


def remove(root: Path, paths: Iterable[str]) -> tuple[str, ...]:
    """Remove these files from `root`, with the folders left empty, and give the paths of those that were there.

    Raises FilesError at the first file that cannot be removed.
    """
    folders = _Folders(root)
    return tuple(path for path in paths if _removed(Path(folders.place(path)), Path(folders.root)))


def sweep(root: Path) -> tuple[str, ...]:
    """Remove the temporary files that killed processes left under `root`; give their paths. Raises FilesError."""
    return remove(root, tuple(path for path in listed(root) if is_temporary(path)))


def listed(root: Path) -> Iterator[str]:
    """Paths of all files under `root`, relative to it, folder by folder; none where it is not there."""
    for folder, _, names in os.walk(root):
        for name in names:
            yield Path(folder, name).relative_to(root).as_posix()


def is_temporary(path: str) -> bool:
    """Whether the file with this path was being written: where nobody writes now, a killed process left it."""
    return bool(_TEMPORARY.fullmatch(path.rpartition("/")[2]))


def differing(root: Path, files: Iterable[OutputFile]) -> Iterator[tuple[OutputFile, bool]]:
    """Those of the files that are not under `root` with these bytes, each with whether another is in its place.

    Raises FilesError at the first file that cannot be read.
    """
    folders = _Folders(root)
    for file in files:
        place = folders.place(file.path)
        try:
            if not _holds(place, file.data):
                yield file, os.path.lexists(place)
        except OSError as error:
            raise _failure("read", place, error) from error


def make_folder(folder: Path) -> None:
    """Make the folder, and those above it, where they are missing. Raises FilesError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _failure("make", str(folder), error) from error


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold the lock file at `path`, waiting for who has it; the system lets go of it for a killed process.

    Raises FilesError where it cannot be made.
    """
    with _opened(path) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Hold the lock file at `path`, in which our process id then stands; the system lets go of it for a killed process.

    Gives whether all is as the process before us left it: it ended in good order, and the machine ran on since then,
    or there was none. Else files that it wrote may be cut or missing, as they are not forced to the disk. Raises
    FilesError, with the process id of who has the lock, where another process does, and where it cannot be made.
    """
    with _opened(path) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _content(descriptor)
            raise FilesError(
                f"another daemon works on {path.parent}: process {holder if holder.isdecimal() else 'just started'}; "
                "stop that one first, or give this one a `storage` of its own"
            ) from None
        end, before = f"ended {_start_of_machine()}", _content(descriptor)
        in_order = before in ("", end)
        _put_content(descriptor, str(os.getpid()))
        os.fsync(descriptor)  # or the end of before could be what a power cut leaves in it
        try:
            yield in_order
        except BaseException:  # a port in use, say: no kill, but nothing was mended either
            _put_content(descriptor, end if in_order else before)
            raise
        _put_content(descriptor, end)


def is_held(path: Path) -> bool:
    """Whether a process holds the lock file at `path` by `alone`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _content(descriptor: int) -> str:
    return os.pread(descriptor, 100, 0).decode(errors="replace").strip()


def _put_content(descriptor: int, text: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{text}\n".encode(), 0)


def _start_of_machine() -> str:
    """What tells this run of the machine from those before and after it; "" where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, MODE)
    except OSError as error:
        raise _failure("make", str(path), error) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


class _Folders:
    """The folders under a root; each is looked at once, since thousands of files share it."""

    def __init__(self, root: Path) -> None:
        self.root = os.path.realpath(root)
        self._inside: set[str] = set()

    def place(self, path: str) -> str:
        """Absolute place of the file with this path below the root. Raises FilesError where it is not in there."""
        folder, _, name = path.rpartition("/")
        if folder not in self._inside:
            self._enter(folder, path)
        if name in _NO_NAMES or "\0" in name:
            raise FilesError(f"cannot write {path!r} in {self.root}: it names no file")
        try:
            os.fsencode(path)
        except UnicodeEncodeError as error:
            raise FilesError(
                f"cannot write {path!a} in {self.root}: the locale has no such characters in names of files, "
                f"only those of {error.encoding}; set LC_ALL=C.UTF-8"
            ) from None
        return f"{self.root}/{path}"

    def _enter(self, folder: str, path: str) -> None:
        """Look at the folder and at those above it, up to the root, which was followed: none may be a symbolic link."""
        parts = folder.split("/") if folder or path.startswith("/") else []
        if _NO_NAMES.intersection(parts) or "\0" in folder:
            raise self._leads_out(path)
        for inside in accumulate(parts, "{}/{}".format):
            if inside not in self._inside:
                if os.path.islink(f"{self.root}/{inside}"):  # noqa: PTH114 - a fifth of what Path takes, in each folder
                    raise self._leads_out(path)
                self._inside.add(inside)
        self._inside.add(folder)

    def _leads_out(self, path: str) -> FilesError:
        return FilesError(f"cannot write {path!r}: it leads out of {self.root}; remove the symbolic link on its way")


def _written(place: str, data: bytes) -> bool:
    try:
        if _holds(place, data):
            return False
        _replace(place, data)
    except OSError as error:
        raise _failure("write", place, error) from error
    return True


def _holds(place: str, data: bytes) -> bool:
    """Whether a file with these bytes is there. A symbolic link is not: it is replaced, never followed."""
    try:
        state = os.lstat(place)
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(state.st_mode) or state.st_size != len(data):
        return False
    return Path(place).read_bytes() == data


def _replace(place: str, data: bytes) -> None:
    folder, _, _ = place.rpartition("/")
    temporary = f"{folder}/.aggregator-{os.getpid()}-{next(_NUMBERS)}.tmp"
    try:
        descriptor = os.open(temporary, _NEW, MODE)
    except FileNotFoundError:
        Path(folder).mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, _NEW, MODE)
    try:
        try:
            _write_all(descriptor, data)
        finally:
            os.close(descriptor)
        os.replace(temporary, place)  # noqa: PTH105 - of a new file's 50 us, Path objects on this way would be 15
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise


def _write_all(descriptor: int, data: bytes) -> None:
    """All of `data`: a disk that fills up takes the first part, and refuses at the next call."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _removed(place: Path, root: Path) -> bool:
    try:
        place.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _failure("remove", str(place), error) from error
    with suppress(OSError):  # the first folder that is not empty ends it
        for folder in place.parents:
            if folder == root:
                break
            folder.rmdir()
    return True


def _failure(verb: str, place: str, error: OSError) -> FilesError:
    reason = (
        _REASONS.get(error.errno or 0)
        or f"{os.strerror(error.errno or errno.EIO).lower()}; try again when it is mended"
    )
    return FilesError(f"cannot {verb} {place}: {reason}", cause=DISK_FULL if error.errno == errno.ENOSPC else reason)
