"""The cost of a process, as the operating system counts it: with the children that it waited for."""

import os
import re
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
PATIENCE = 300.0  # seconds without a request, after which a daemon has stopped polling

_scratch = tempfile.TemporaryDirectory(prefix="aggregator-benchmarks-")


def new_folder() -> Path:
    """Return a new folder, which is removed when the benchmark ends.

    Removing one sooner would disturb the next measurement: for a minute, ext4 looks at each freed inode before it
    makes a file, which doubled the CPU time of a first poll.
    """
    return Path(tempfile.mkdtemp(dir=_scratch.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Cost of one process and its children.

    `cpu` and `wall` are seconds, `system` the part of `cpu` in the kernel; `peak_mb` is the memory of the largest
    process, `printed` the standard output.
    """

    cpu: float
    system: float
    wall: float
    peak_mb: float
    printed: str = ""


def run(command: Sequence[str], environ: Mapping[str, str] | None = None, stdin: str = "") -> Cost:
    """Run a command with `stdin` as its input until it ends, and return its cost. Its exit status must be 0."""
    started = time.monotonic()
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, env=environ
        )
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdin.write(stdin)
        process.stdin.close()
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        assert process.returncode == 0, (command, process.returncode, errors.read())
    return Cost(
        cpu=usage.ru_utime + usage.ru_stime,
        system=usage.ru_stime,
        wall=time.monotonic() - started,
        peak_mb=usage.ru_maxrss / 1024,
        printed=printed,
    )


def aggregator(config: Path, *words: str) -> list[str]:
    """Return the command line of ours with this configuration."""
    return [sys.executable, "-m", "aggregator", "--config", str(config), *words]


class Sources:
    """A server of documents (`benchmarks.server WORDS`) in a process of its own; use it in a `with`."""

    def __init__(self, *words: object) -> None:
        self._command = [sys.executable, "-m", "benchmarks.server", *map(str, words)]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._port, self.number = map(int, self._process.stdout.readline().split())
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def tell(self, command: str = "count") -> int:
        """Send the server a command, and return the number of requests that it had so far."""
        assert self._process.stdout is not None
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def wait_for(self, requests: int) -> None:
        """Wait until the server has had so many requests, as long as more of them come."""
        before, deadline = -1, 0.0
        while (present := self.tell()) < requests:
            if present > before:
                before, deadline = present, time.monotonic() + PATIENCE
            assert time.monotonic() < deadline, f"the daemon stopped polling after {present} of {requests} requests"
            time.sleep(0.5)

    @property
    def urls(self) -> tuple[str, ...]:
        """The URL of each source."""
        return tuple(f"http://127.0.0.1:{self._port}/{number}" for number in range(self.number))


def configure(folder: Path, sources: Sources, **fetch: Any) -> Path:
    """Write a configuration of ours with all the sources, in ten categories, and return its path."""
    settings = {
        "fetch": {"allow_private": ["127.0.0.1/32"], "host_gap": "0s", "per_host": 64, **fetch},
        "sources": [
            {"name": f"s{number}", "url": url, "category": f"c{number % CATEGORIES}"}
            for number, url in enumerate(sources.urls)
        ],
    }
    path = folder / "feeds.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


@contextmanager
def daemon(config: Path) -> Iterator[tuple[int, str]]:
    """Run a daemon of ours; yields its process id and the URL that it serves."""
    command = aggregator(config, "run", "--port", "0")
    log = config.parent / "log"
    with log.open("w") as stderr, subprocess.Popen(command, stderr=stderr) as process:
        try:
            while not (match := re.search(r"http://[\d.:]+/", log.read_text())):
                assert process.poll() is None, log.read_text()
                time.sleep(0.1)
            yield process.pid, match[0]
        finally:
            process.terminate()


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of a running process so far, with those of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def memory_of(pid: int, name: str = "VmHWM") -> float:
    """Return the peak memory of a running process in MB; with "VmRSS" its present memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition(f"{name}:")[2].split()[0]) / 1024


def children_of(pid: int) -> list[int]:
    """Return the process ids of the children of a running process."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def machine() -> str:
    """Return processor, cores, memory, system, Python, and the load before the benchmark."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "some processor")
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 1e6
    return (
        f"{model}, {os.cpu_count()} cores, {memory:.0f} GB of memory, {os.uname().sysname} {os.uname().release}, "
        f"Python {sys.version.split()[0]}, load average at the start {os.getloadavg()[0]:.1f}"
    )
