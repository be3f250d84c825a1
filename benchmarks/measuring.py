"""What a process costs, as the operating system counts it: children that it waited for are in it."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

CATEGORIES = 10

_scratch = tempfile.TemporaryDirectory(prefix="aggregator-benchmarks-")


def folder() -> Path:
    """A new folder. All of them are removed at the very end, and no sooner.

    For a minute ext4 looks at each inode that was given back before it makes a file, and ten thousand of them made a
    first poll twice as dear.
    """
    return Path(tempfile.mkdtemp(dir=_scratch.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """CPU seconds of one process, those of them in the kernel, wall seconds, peak memory in MB, and what it printed."""

    cpu: float
    system: float
    wall: float
    peak_mb: float
    printed: str = ""


def run(command: Sequence[str], environ: Mapping[str, str] | None = None, given: str = "") -> Cost:
    """Run a command to its end, `given` on its standard input, and read its cost from the operating system.

    It must succeed.
    """
    started = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ)
    assert process.stdout is not None
    assert process.stdin is not None
    process.stdin.write(given)
    process.stdin.close()
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, (command, process.returncode)
    return Cost(
        cpu=usage.ru_utime + usage.ru_stime,
        system=usage.ru_stime,
        wall=time.monotonic() - started,
        peak_mb=usage.ru_maxrss / 1024,
        printed=printed,
    )


def python(*words: str) -> Cost:
    """The cost of `python -m WORDS`."""
    return run((sys.executable, "-m", *words))


class Sources:
    """The server of generated sources, a process of its own; use it in a `with`."""

    def __init__(self, number: int, entries: int, body_bytes: int = 4000) -> None:
        self.number, self.entries = number, entries
        self._command = [
            sys.executable, "-m", "benchmarks.server", str(number), str(entries), str(body_bytes)
        ]  # fmt: skip

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def tell(self, order: str) -> int:
        """Give the server an order; the number of requests that it had so far."""
        assert self._process.stdout is not None
        assert self._process.stdin is not None
        self._process.stdin.write(order + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    @property
    def urls(self) -> tuple[str, ...]:
        """One URL a source."""
        return tuple(f"http://127.0.0.1:{self.port}/{n}" for n in range(self.number))


def configured(folder: Path, sources: Sources, **fetch: Any) -> Path:
    """A configuration of ours with all the sources, in ten categories."""
    settings = {
        "fetch": {"allow_private": ["127.0.0.1/32"], "host_gap": "0s", "per_host": 64, **fetch},
        "sources": [
            {"name": f"s{n}", "url": url, "category": f"c{n % CATEGORIES}"} for n, url in enumerate(sources.urls)
        ],
    }
    path = folder / "feeds.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


@contextmanager
def daemon(config: Path) -> Iterator[int]:
    """A running daemon of ours; its process id."""
    command = [sys.executable, "-m", "aggregator", "--config", str(config), "run", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            yield process.pid
        finally:
            process.terminate()


def cpu_of(pid: int) -> float:
    """CPU seconds of a running process until now, with those of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def peak_of(pid: int) -> float:
    """Peak memory of a running process, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def machine() -> str:
    """Processor, cores, memory, system, Python."""
    about = dict(line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().splitlines() if ":" in line)
    model = next((value.strip() for name, value in about.items() if name.strip() == "model name"), "some processor")
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 1e6
    return (
        f"{model}, {os.cpu_count()} cores, {memory:.0f} GB of memory, {os.uname().sysname} {os.uname().release}, "
        f"Python {sys.version.split()[0]}"
    )
