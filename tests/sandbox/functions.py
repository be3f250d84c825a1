"""Functions that the sandboxed processes of these tests run."""

import os
import re
import signal
import socket
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


def noisy() -> str:
    print("on standard output", flush=True)
    print("on standard error", file=sys.stderr, flush=True)
    os.write(1, b"and below Python")
    return "quiet"


def ignoring() -> list[bool]:
    return [signal.getsignal(number) is signal.SIG_IGN for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
