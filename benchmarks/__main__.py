"""`make bench`: what a round costs, as whole processes and by stage. Prints tables; asserts nothing.

`python -m benchmarks [SOURCES [ENTRIES]]`, 500 sources of 20 entries of 4 KB by default.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CATEGORIES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one process cost: CPU and wall seconds, peak memory in MB, and the figures it printed."""

    cpu: float
    wall: float
    peak_mb: float
    figures: dict[str, Any]


@contextmanager
def server(sources: int, entries: int) -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    """A running server and its port."""
    command = [sys.executable, "-m", "benchmarks.server", str(sources), str(entries)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield int(process.stdout.readline()), process
        process.stdin.close()


def tell(process: "subprocess.Popen[str]", order: str) -> int:
    """Give the server an order; its count of requests."""
    assert process.stdout is not None
    assert process.stdin is not None
    process.stdin.write(order + "\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def configure(folder: Path, port: int, sources: int) -> Path:
    """A configuration of all sources, in ten categories."""
    settings = {
        "fetch": {"allow_private": ["127.0.0.1/32"], "host_gap": "0s", "per_host": 64},
        "sources": [
            {"name": f"s{n}", "url": f"http://127.0.0.1:{port}/{n}", "category": f"c{n % CATEGORIES}"}
            for n in range(sources)
        ],
    }
    path = folder / "feeds.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


def run(*words: str) -> Cost:
    """Run `python -m WORDS` and read its cost from the operating system."""
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", *words], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, words
    return Cost(
        cpu=usage.ru_utime + usage.ru_stime,
        wall=time.monotonic() - started,
        peak_mb=usage.ru_maxrss / 1024,
        figures=json.loads(printed),
    )


def rounds(sources: int, entries: int) -> None:
    """The four rounds of a source's life, each a process of its own."""
    with server(sources, entries) as (port, process), tempfile.TemporaryDirectory() as folder:
        config = str(configure(Path(folder), port, sources))
        once = ("aggregator", "--config", config, "once", "--all", "--json")
        print(f"{sources} sources x {entries} entries\n")
        print("| round | CPU s | wall s | peak MB | requests | new | articles/CPU s | CPU ms/source |")
        print("|---|---|---|---|---|---|---|---|")
        for name, order in (
            ("first poll", "validators on"),
            ("all 304", "count"),
            ("5 % changed", "newer 2 5"),
            ("no validators, same bytes", "validators off"),
            ("no validators, same bytes again", "count"),
        ):
            before = tell(process, order)
            _print_round(name, run(*once), sources, tell(process, "count") - before)


def _print_round(name: str, cost: Cost, sources: int, requests: int) -> None:
    new = cost.figures["new"]
    rate = f"{new / cost.cpu:.0f}" if new else "-"
    print(
        f"| {name} | {cost.cpu:.2f} | {cost.wall:.2f} | {cost.peak_mb:.0f} | {requests} | {new} | {rate} "
        f"| {1000 * cost.cpu / sources:.2f} |",
        flush=True,
    )


def stages(sources: int, entries: int) -> None:
    """CPU seconds of a first poll by stage."""
    with server(sources, entries) as (port, _), tempfile.TemporaryDirectory() as folder:
        figures = run("benchmarks.stages", str(configure(Path(folder), port, sources))).figures
    print(f"\nFirst poll by stage: {figures['articles'] / figures['cpu']:.0f} articles per CPU second, ", end="")
    print(f"peak {figures['peak_mb']:.0f} MB\n\n| stage | CPU s | share |\n|---|---|---|")
    for stage, seconds in sorted(figures["stages"].items(), key=lambda spent: -spent[1]):
        print(f"| {stage} | {seconds:.2f} | {100 * seconds / figures['cpu']:.0f} % |")


def main() -> None:
    """Everything, one after the other."""
    given = [int(word) for word in sys.argv[1:]]
    sources, entries = (given + [500, 20][len(given) :])[:2]
    rounds(sources, entries)
    stages(sources, entries)


if __name__ == "__main__":
    main()
