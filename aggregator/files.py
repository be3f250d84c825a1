"""Atomic file writes, only if the bytes differ. Edge: the only writer under the storage folder.

A file is written under a temporary name beside its path, then renamed. There is no fsync: the database can restore
every file. One process at a time writes to a root; the caller holds the lock for it.
"""

import errno
import fcntl
import os
import pwd
import re
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import accumulate, count
from pathlib import Path

from aggregator.errors import DISK_FULL, FilesError
from aggregator.model import OutputFile

MODE = 0o644  # minus the umask
DAEMON_LOCK = ".daemon.lock"  # in storage; held by a daemon as long as it runs

_COUNTER = count()
_NOT_NAMES = frozenset({"", ".", ".."})
_HOST = zlib.crc32(os.uname().nodename.encode())  # machines that share a folder may have processes of one number
_TEMPORARY = re.compile(r"\.aggregator-(\d+-)?\d+-\d+\.tmp")
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW  # no O_EXCL: a killed process may have left the name

_REASONS = {
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "disk quota exceeded; free some space",
    errno.EFBIG: "file too large; raise the limit on file sizes",
    errno.EACCES: "permission denied; let the user that runs aggregator write there",
    errno.EPERM: "permission denied; let the user that runs aggregator write there",
    errno.EROFS: "the file system is read-only; make it writable",
    errno.ENAMETOOLONG: "file name too long; shorten articles.name or the category",
    errno.EISDIR: "a folder is in its place; move the folder away",
    errno.ENOTDIR: "a file is in the place of its folder; move that file away",
    errno.EEXIST: "a file is in the place of its folder; move that file away",
    errno.ENOLCK: "its file system has no locks; choose a `storage` on another one",
    errno.EMFILE: "too many open files; raise the limit on open files",
    errno.ENFILE: "too many open files; raise the limit on open files",
}


def write(root: Path, files: Iterable[OutputFile]) -> tuple[str, ...]:
    """Write the files under `root`, creating folders, and return the paths of those that were missing or different.

    Raises FilesError for the first file that cannot be written, after all others were; at once if the disk is full.
    """
    folders = _Folders(root)
    written: list[str] = []
    failure: FilesError | None = None
    for file in files:
        try:
            if _write_if_different(folders.locate(file.path), file.data):
                written.append(file.path)
        except FilesError as error:
            if error.stops_all:
                raise
            failure = failure or error
    if failure:
        failure.written = len(written)
        raise failure
    return tuple(written)


def remove(root: Path, paths: Iterable[str]) -> tuple[str, ...]:
    """Remove files under `root`, with folders that become empty, and return the paths of those that existed.

    Raises FilesError at the first file that cannot be removed.
    """
    folders = _Folders(root)
    return tuple(path for path in paths if _remove_if_exists(Path(folders.locate(path)), Path(folders.root)))


def sweep(root: Path) -> tuple[str, ...]:
    """Remove temporary files of killed processes under `root` and return their paths. Raises FilesError."""
    return remove(root, tuple(path for path in listed(root) if is_temporary(path)))


def listed(root: Path) -> Iterator[str]:
    """Yield the paths of all files under `root`, relative to it; none if it does not exist."""
    for folder, _, names in os.walk(root):
        for name in names:
            yield Path(folder, name).relative_to(root).as_posix()


def is_temporary(path: str) -> bool:
    """Return True for the temporary name of a file that is being written, or was by a killed process."""
    return bool(_TEMPORARY.fullmatch(path.rpartition("/")[2]))


def differing(root: Path, files: Iterable[OutputFile]) -> Iterator[tuple[OutputFile, bool]]:
    """Yield the files that are missing or different under `root`, each with True if its path exists.

    Raises FilesError at the first file that cannot be read.
    """
    folders = _Folders(root)
    for file in files:
        path = folders.locate(file.path)
        try:
            if not _has_bytes(path, file.data):
                yield file, os.path.lexists(path)
        except OSError as error:
            raise _error("read", path, error) from error


def make_folder(folder: Path) -> None:
    """Create the folder and its missing parents. Raises FilesError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _error("create", str(folder), error) from error


def act_as_owner(folder: Path) -> None:
    """Give up root's rights for those of the folder's owner: files that root makes there, its owner cannot replace.

    Raises FilesError if the owner cannot read the program.
    """
    if os.geteuid() != 0 or not folder.is_dir() or (owner := folder.stat()).st_uid == 0:
        return
    try:
        os.initgroups(pwd.getpwuid(owner.st_uid).pw_name, owner.st_gid)
    except KeyError:  # a user of a container, without a name here
        os.setgroups([owner.st_gid])
    os.setegid(owner.st_gid)
    os.seteuid(owner.st_uid)
    is_readable = all(os.access(file, os.R_OK, effective_ids=True) for file in (os.__file__, __file__))
    os.seteuid(0)
    if not is_readable:
        raise FilesError(
            f"{folder} belongs to the user {owner.st_uid}, as whom this command would run, but who cannot read "
            f"{Path(os.__file__).parent} or {Path(__file__).parent}; install Python and aggregator where that user can"
        )
    os.setresgid(owner.st_gid, owner.st_gid, owner.st_gid)
    os.setresuid(owner.st_uid, owner.st_uid, owner.st_uid)


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold the lock file at `path`, after waiting for it; the system releases it if the process is killed.

    Raises FilesError if the file cannot be created or locked.
    """
    with _opened(path) as descriptor:
        _flock(path, descriptor, fcntl.LOCK_EX)
        yield


@contextmanager
def tried_lock(path: Path) -> Iterator[bool]:
    """Hold the lock file at `path` if nobody does; yield whether that is so.

    Raises FilesError if the file cannot be created or locked.
    """
    with _opened(path) as descriptor:
        yield _flock(path, descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def alone(path: Path, *, or_shared: bool = False) -> Iterator[bool]:
    """Hold the lock file at `path`, with our process id in it; the system releases it if the process is killed.

    Yields True if the last holder ended cleanly and the machine was not restarted since, or if there was none. Else
    files that it wrote may be truncated or missing, because there is no fsync. Raises FilesError if another process
    holds the lock (with its process id), unless the folder may be shared, or if the file cannot be created, locked or
    written.
    """
    with _opened(path) as descriptor:
        if not _flock(path, descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB):
            if or_shared:
                yield True
                return
            holder = _content(descriptor)
            raise FilesError(
                f"another daemon is running on {path.parent}: "
                f"process {holder if holder.isdecimal() else 'just started'}; "
                "stop it first, or give this one a `storage` of its own"
            )
        clean_end, before = f"ended {_boot_id()}", _content(descriptor)
        was_clean = before in ("", clean_end)
        _put_content(path, descriptor, str(os.getpid()))
        try:
            yield was_clean
        except BaseException:  # such as a port in use: not killed, but nothing was repaired either
            with suppress(FilesError):  # the error that led here is the one to report
                _put_content(path, descriptor, clean_end if was_clean else before)
            raise
        _put_content(path, descriptor, clean_end)


def is_held(path: Path) -> bool:
    """Return True if a process holds the lock file at `path`. Raises FilesError if that cannot be told."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # no daemon ever ran here, or one of another user, whose storage no command of ours can write
        return False
    try:
        return not _flock(path, descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    finally:
        os.close(descriptor)


def _flock(path: Path, descriptor: int, operation: int) -> bool:
    """Lock the file; return False if another process holds it. Raises FilesError where the system has no locks."""
    try:
        fcntl.flock(descriptor, operation)
    except BlockingIOError:
        return False
    except OSError as error:
        raise _error("lock", str(path), error) from error
    return True


def _content(descriptor: int) -> str:
    return os.pread(descriptor, 100, 0).decode(errors="replace").strip()


def _put_content(path: Path, descriptor: int, text: str) -> None:
    """Replace the content of the file. Raises FilesError."""
    try:
        size = os.pwrite(descriptor, f"{text}\n".encode(), 0)
        os.ftruncate(descriptor, size)  # afterwards, as a full disk would not give the first block back
        os.fsync(descriptor)  # or a power cut could leave the clean end of before in it
    except OSError as error:
        raise _error("write", str(path), error) from error


def _boot_id() -> str:
    """Return an identifier of the machine's current boot; "" if the system has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:  # a system without /proc: each start then follows a clean end or none
        return ""


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, MODE)
    except OSError as error:
        raise _error("create", str(path), error) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


class _Folders:
    """The folders under a root; each is checked once, because thousands of files share it."""

    def __init__(self, root: Path) -> None:
        self.root = os.path.realpath(root)
        self._checked: set[str] = set()

    def locate(self, path: str) -> str:
        """Return the absolute path of a file below the root. Raises FilesError if it is outside, or no file name."""
        folder, _, name = path.rpartition("/")
        if folder not in self._checked:
            self._check(folder, path)
        if name in _NOT_NAMES or "\0" in name:
            raise FilesError(f"cannot write {path!r} in {self.root}: it is not a file name")
        try:
            os.fsencode(path)
        except UnicodeEncodeError as error:
            raise FilesError(
                f"cannot write {path!a} in {self.root}: the locale's encoding {error.encoding} lacks a character of "
                "the file name; set LC_ALL=C.UTF-8"
            ) from None
        return f"{self.root}/{path}"

    def _check(self, folder: str, path: str) -> None:
        """Raise FilesError if the folder, or a parent below the root, is a symbolic link or not a name."""
        parts = folder.split("/") if folder or path.startswith("/") else []
        if _NOT_NAMES.intersection(parts) or "\0" in folder:
            raise self._outside(path)
        for parent in accumulate(parts, "{}/{}".format):
            if parent not in self._checked:
                if os.path.islink(f"{self.root}/{parent}"):  # noqa: PTH114 - a fifth of the time of Path
                    raise self._outside(path)
                self._checked.add(parent)
        self._checked.add(folder)

    def _outside(self, path: str) -> FilesError:
        return FilesError(f"cannot write {path!r}: it is outside of {self.root}; remove the symbolic link in the path")


def _write_if_different(path: str, data: bytes) -> bool:
    try:
        if _has_bytes(path, data):
            return False
        _replace(path, data)
    except OSError as error:
        raise _error("write", path, error) from error
    return True


def _has_bytes(path: str, data: bytes) -> bool:
    """Return True if a regular file has these bytes; a symbolic link is replaced, never followed."""
    try:
        info = os.lstat(path)
    except FileNotFoundError:
        return False
    return stat.S_ISREG(info.st_mode) and info.st_size == len(data) and Path(path).read_bytes() == data


def _replace(path: str, data: bytes) -> None:
    folder, _, _ = path.rpartition("/")
    temporary = f"{folder}/.aggregator-{_HOST}-{os.getpid()}-{next(_COUNTER)}.tmp"
    try:
        descriptor = os.open(temporary, _NEW, MODE)
    except FileNotFoundError:
        Path(folder).mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, _NEW, MODE)
    try:
        try:
            unwritten = memoryview(data)
            while unwritten:  # a disk that fills up takes the first part, and fails at the next call
                unwritten = unwritten[os.write(descriptor, unwritten) :]
        finally:
            os.close(descriptor)
        os.replace(temporary, path)  # noqa: PTH105 - Path objects would add 15 us to the 50 us of a new file
    except BaseException:
        with suppress(OSError):  # the error that led here is the one to report
            Path(temporary).unlink()
        raise


def _remove_if_exists(path: Path, root: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _error("remove", str(path), error) from error
    with suppress(OSError):  # ends at the first folder that is not empty
        for folder in path.parents:
            if folder == root:
                break
            folder.rmdir()
    return True


def _error(verb: str, path: str, error: OSError) -> FilesError:
    number = error.errno or errno.EIO
    reason = _REASONS.get(number) or f"{os.strerror(number).lower()}; repair it and try again"
    return FilesError(f"cannot {verb} {path}: {reason}", cause=DISK_FULL if error.errno == errno.ENOSPC else reason)
