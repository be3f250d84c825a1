"""Processes of the command for tests that need hundreds of them.

with Forks().begun("once", "--all", cwd=folder) as child:
    child.kill()
    assert child.wait() == -signal.SIGKILL
    print(child.said())
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.commands import DAEMON, LOG, Logged
from tests.forks import Process, fork_server


@dataclass
class Child(Logged):
    """A process of the command that was begun in a folder with its output going to a file there."""

    folder: Path
    process: Process

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def poll(self, seconds: float = 0) -> int | None:
        """Return its exit status, negative for a signal; None if it runs, after waiting so many seconds."""
        return self.process.poll(seconds)

    def wait(self, seconds: float = 60) -> int:
        """Return its exit status, once it ended."""
        status = self.poll(seconds)
        assert status is not None, f"it did not end in time, and said: {self.said()}"
        return status


class Forks:
    """Processes of the fork server that all tests of a process share."""

    @contextmanager
    def begun(self, *words: str, cwd: Path, **limits: float | None) -> Iterator[Child]:
        """A child that is killed in the end if it did not end before; `limits` as of `ForkServer.start`."""
        (cwd / LOG).unlink(missing_ok=True)
        with (cwd / LOG).open("ab") as log:
            process = fork_server().start(
                *words, cwd=cwd, stdout=log.fileno(), stderr=log.fileno(), environ=os.environ, **limits
            )
        child = Child(cwd, process)
        try:
            yield child
        finally:
            child.kill()
            child.wait()

    @contextmanager
    def daemon(self, cwd: Path, **limits: Any) -> Iterator[Child]:
        """A daemon that serves, on a port of its own."""
        with self.begun(*DAEMON, cwd=cwd, **limits) as child:
            deadline = time.monotonic() + 60
            while not child.said("serving"):
                assert child.poll(0.02) is None, child.said()
                assert time.monotonic() < deadline, child.said()
            yield child
