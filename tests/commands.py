"""The command as a user types it, in processes of its own: to its end, to be stopped, or as a daemon.

All but those to be stopped before they end are forks (`tests/forks.py`), which saves a second of CPU time each.
"""

import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.forks import Process, fork_server
from tests.newsroom import dumped

COMMAND = (sys.executable, "-m", "aggregator")
DAEMON = ("run", "--port", "0")  # on any port that is free
LOG = "log"  # the file, in a process's folder, that its standard error goes to


def configure(folder: Path, **settings: Any) -> Path:
    """Write `feeds.yaml`, for sources on loopback."""
    fetch = {"allow_private": ["127.0.0.1/32"], "host_gap": "0s", "timeout": "60s"}
    path = folder / "feeds.yaml"
    path.write_text(dumped({"fetch": fetch, **settings}))
    return path


def aggregator(*words: str, cwd: Path, status: int = 0, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command; its exit status must be `status`, and no traceback may be seen.

    A fresh Python runs it where the environment is meant for Python.
    """
    variables = {name: value for name, value in os.environ.items() if not name.startswith("AGGREGATOR")} | environ
    with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
        if any(name.startswith("PYTHON") for name in environ):
            run = subprocess.run([*COMMAND, *words], cwd=cwd, env=variables, stdout=stdout, stderr=stderr, timeout=60)
            ended = run.returncode
        else:
            ended = fork_server().run(
                *words, cwd=cwd, stdout=stdout.fileno(), stderr=stderr.fileno(), environ=variables
            )
        stdout.seek(0)
        stderr.seek(0)
        done = subprocess.CompletedProcess(words, ended, stdout.read(), stderr.read())
    assert done.returncode == status, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done


@contextmanager
def begun(*words: str, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """A process of the command, killed in the end if it did not end before."""
    process = subprocess.Popen([*COMMAND, *words], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@contextmanager
def forked(*words: str, cwd: Path) -> Iterator[Process]:
    """The same, as a fork."""
    (output, stdout), (errors, stderr) = os.pipe(), os.pipe()
    process = fork_server().start(*words, cwd=cwd, stdout=stdout, stderr=stderr, environ=os.environ)
    os.close(stdout)
    os.close(stderr)
    with open(output, encoding="utf-8") as process.stdout, open(errors, encoding="utf-8") as process.stderr:
        try:
            yield process
        finally:
            process.kill()
            process.wait()


@contextmanager
def daemon(folder: Path, *words: str) -> Iterator[tuple[Process, str]]:
    """A daemon that serves, what it says piped to the test; and the URL it says it serves."""
    with forked(*DAEMON, *words, cwd=folder) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if address := re.search(r"http://[\d.:]+/", line):
                yield process, address[0]
                return
        pytest.fail(f"the daemon ended with {process.wait()}")


class Logged:
    """A process of the command whose log is a file in its folder."""

    folder: Path

    def said(self, text: str = "") -> list[str]:
        """Lines of its log, so far, with this text."""
        path = self.folder / LOG
        return [line for line in path.read_text().splitlines() if text in line] if path.exists() else []

    @property
    def url(self) -> str:
        """Where the daemon serves."""
        (line,) = self.said("serving")
        (url,) = re.findall(r"http://[\d.:]+/", line)
        return str(url)

    def get(self, path: str) -> httpx.Response:
        """What the daemon answers."""
        return httpx.get(self.url + path, timeout=60, verify=False)  # no certificates are read for it: 19 ms a call

    def figure(self, name: str) -> float:
        """A figure of the daemon's `/metrics`, labels and all; 0 where it has none of that name yet."""
        sample = re.search(rf"^{re.escape(name)} (\S+)$", self.get("metrics").text, re.MULTILINE)
        return float(sample[1]) if sample else 0.0


@dataclass(frozen=True)
class Running(Logged):
    """A daemon that was started in a folder with its log going to a file there."""

    folder: Path
    process: Process

    def sources(self) -> list[str]:
        """Names of the sources that it works on."""
        return [source["name"] for source in self.get("status.json").json()["sources"]]


@contextmanager
def running(folder: Path, *words: str, tick: float | None = None, **environ: str) -> Iterator[Running]:
    """A daemon that serves and can say much: its log is a file. `tick` is in seconds, if not that of other tests."""
    with (folder / LOG).open("wb") as log:
        process = fork_server().start(
            *DAEMON,
            *words,
            cwd=folder,
            stdout=log.fileno(),
            stderr=log.fileno(),
            environ=os.environ | environ,
            tick=tick,
        )
    with _started(Running(folder, process), "serving") as daemon:
        yield daemon


@contextmanager
def working(folder: Path, *words: str, **environ: str) -> Iterator[Running]:
    """A worker of a cluster whose log is a file in this folder; it serves nothing."""
    with working_limited({}, folder, *words, **environ) as worker:
        yield worker


@contextmanager
def working_limited(limits: Mapping[str, float], folder: Path, *words: str, **environ: str) -> Iterator[Running]:
    """Such a worker, with limits of `ForkServer.start`."""
    with (folder / LOG).open("wb") as log:
        output, merged = log.fileno(), os.environ | environ
        process = fork_server().start(
            "worker", *words, cwd=folder, stdout=output, stderr=output, environ=merged, **limits
        )
    with _started(Running(folder, process), "worker on") as worker:
        yield worker


@contextmanager
def _started(running: Running, text: str) -> Iterator[Running]:
    """Give the process once it has logged the text or has ended; kill it in the end."""
    try:
        until(lambda: bool(running.said(text)) or running.process.poll() is not None)
        yield running
    finally:
        running.process.kill()
        running.process.wait()


MAKE_DUE = ("UPDATE source SET next_fetch = 0", "UPDATE host SET due = 0")  # statements: all sources, at once


def make_due(connection: sqlite3.Connection) -> None:
    """Have all sources asked at the next tick."""
    for statement in MAKE_DUE:
        connection.execute(statement)


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something to become true, with looks that become rarer: a look often asks the daemon for a page."""
    started = time.monotonic()
    while not true():
        waited = time.monotonic() - started
        assert waited < seconds, "it did not happen in time"
        time.sleep(min(0.03 + waited / 10, 0.25))
