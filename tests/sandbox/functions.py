"""Functions that the sandboxed processes of these tests run."""

import fcntl
import gc
import os
import re
import signal
import socket
import stat
import sys
import time
from contextlib import suppress
from pathlib import Path

MB = 1_000_000
KEPT: list[bytes] = []


def doubled(number: int) -> int:
    return 2 * number


def reversed_bytes(data: bytes) -> bytes:
    return data[::-1]


def own_pid(seconds: float = 0) -> int:
    time.sleep(seconds)
    return os.getpid()


def stuck(_: object = None) -> None:
    """A regular expression without end: it holds the interpreter, no Python code runs beside it."""
    re.match(r"(a+)+$", "a" * 60 + "b")


def stuck_if(wanted: bool) -> str:
    if wanted:
        stuck()
    return "done"


def busy(seconds: float) -> str:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
    return "done"


def much(size: int) -> int:
    return len(b"x" * size)


def kept(size: int) -> int:
    KEPT.append(b"x" * size)
    return size


def raising(text: str) -> None:
    raise LookupError(text)


def dying(how: str) -> None:
    if how == "exit":
        os._exit(3)
    signal.raise_signal(signal.Signals[how])


def surroundings() -> tuple[list[str], dict[str, str], str, int]:
    """Targets of the process's descriptors, its environment, its folder, and its session."""
    links = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # that of the listing itself
            links.append(str(link.readlink()))
    return links, dict(os.environ), str(Path.cwd()), os.getsid(0)


def connect(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), 1)


def write_file(path: str) -> None:
    Path(path).write_bytes(b"x")


def taken_over(sent: bytes) -> str:
    """Send bytes of a stranger's choice in place of a result, as code would that took over the interpreter."""
    os.write(_results_pipe(), sent)
    time.sleep(600)
    return "never sent"


def _results_pipe() -> int:
    """The descriptor, beyond the standard ones, of the only pipe that can be written to."""
    for descriptor in range(3, 20):
        with suppress(OSError):
            flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
            if flags & os.O_ACCMODE == os.O_WRONLY and stat.S_ISFIFO(os.fstat(descriptor).st_mode):
                return descriptor
    raise LookupError("no pipe")


def deaf(_data: bytes = b"") -> str:
    """Answer, and read no further call."""
    gc.collect()
    for descriptor in range(3, 20):
        with suppress(OSError):
            flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
            if flags & os.O_ACCMODE == os.O_RDONLY and stat.S_ISFIFO(os.fstat(descriptor).st_mode):
                os.dup(descriptor)  # it stays open
                os.dup2(os.pipe()[0], descriptor)  # never written to
    return "heard"


def mistyped() -> int:
    return "no number"  # type: ignore[return-value]


def noisy() -> str:
    print("on standard output", flush=True)
    print("on standard error", file=sys.stderr, flush=True)
    os.write(1, b"and below Python")
    return "quiet"


def ignoring() -> list[bool]:
    return [signal.getsignal(number) is signal.SIG_IGN for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
