"""Processes of the command that begin at once: forks of one that has imported everything, as a start takes a second.

    with Forks() as forks, forks.begun("once", "--all", cwd=folder) as child:
        child.kill()
        assert child.wait() == -signal.SIGKILL
        print(child.said())

A child is a process like another, with its own connections, threads and locks: nothing of them exists before the fork.
"""

import json
import os
import pkgutil
import resource
import select
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import event
from sqlalchemy.engine import Engine

from tests.commands import DAEMON, LOG, Logged
from tests.newsroom import item, rss


@dataclass
class Child(Logged):
    """A fork that became a process of the command."""

    pid: int
    folder: Path
    _reports: Any
    _status: int | None = field(default=None)

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send it a signal. It is not reaped before the next child is asked for, so that its id stays its own."""
        os.kill(self.pid, number)

    def poll(self, seconds: float = 0) -> int | None:
        """Its exit status, negative for a signal; None while it runs, after waiting so long."""
        if self._status is None and select.select([self._reports], [], [], seconds)[0]:
            self._status = int(self._reports.readline())
        return self._status

    def wait(self, seconds: float = 60) -> int:
        """Its exit status, once it ended."""
        status = self.poll(seconds)
        assert status is not None, f"it did not end in time, and said: {self.said()}"
        return status


class Forks:
    """The process whose forks the children are; one child at a time."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.whole.forking"],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    @contextmanager
    def begun(
        self,
        *words: str,
        cwd: Path,
        files: int | None = None,
        size: int | None = None,
        busy: float | None = None,
        statement: int | None = None,
    ) -> Iterator[Child]:
        """A child that is killed in the end if it did not end before.

        At most `files` may be open in it, none may grow beyond `size` bytes, it waits `busy` seconds for a lock on the
        database, and kills itself before its database hears so manieth `statement`; None as ever.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        (cwd / LOG).unlink(missing_ok=True)
        order = {"words": words, "cwd": str(cwd), "files": files, "size": size, "busy": busy, "statement": statement}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        child = Child(int(self._process.stdout.readline()), cwd, self._process.stdout)
        try:
            yield child
        finally:
            if child.poll() is None:
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


# ----------------------------------------------------------------------------------------------- in the other process


def _prepare() -> None:
    """Import and load whatever a run needs, and begin nothing: no thread, no connection."""
    import aggregator

    for module in pkgutil.walk_packages(aggregator.__path__, "aggregator."):
        if "migrations" not in module.name and not module.name.endswith("__main__"):
            import_module(module.name)
    for name in ("alembic.command", "alembic.config", "psycopg", "sqlalchemy.dialects.postgresql.psycopg", "uvloop"):
        with suppress(ImportError):
            import_module(name)
    _warm()


def _warm() -> None:
    """One article, so that what is loaded at first use (the tables of languages) is there."""
    from aggregator.model import Feed, FeedDocument, SourceContext
    from aggregator.normalise import normalise
    from aggregator.parse import parse

    now = datetime.now(UTC)
    url = "http://source.example/"
    feed = parse(FeedDocument(url=url, final_url=url, body=rss(item(1)), digest=b""))
    assert isinstance(feed, Feed)
    normalise(feed, SourceContext(id=1, url=url), now)


def _serve() -> None:
    _prepare()
    running: int | None = None
    for line in sys.stdin:
        if running is not None:
            os.waitpid(running, 0)
        running = os.fork()
        if running == 0:
            _become(json.loads(line))
        print(running, flush=True)
        ended = os.waitid(os.P_PID, running, os.WEXITED | os.WNOWAIT)
        assert ended is not None
        print(ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status, flush=True)


def _become(order: dict[str, Any]) -> None:
    from aggregator import cli
    from aggregator.store import Store

    status = 70
    try:
        os.chdir(order["cwd"])
        log = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        for number in (1, 2):
            os.dup2(log, number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.close(log)
        for kind, limit in ((resource.RLIMIT_NOFILE, order["files"]), (resource.RLIMIT_FSIZE, order["size"])):
            if limit is not None:
                resource.setrlimit(kind, (limit, limit))
        if order["size"] is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # as Python does at its start, so that writing fails instead
        if order["statement"] is not None:
            _die_at(order["statement"])
        if order["busy"] is not None:
            opening = vars(Store)["open"].__func__
            opening.__kwdefaults__ = {"busy_timeout": timedelta(seconds=order["busy"])}
        sys.argv = ["aggregator", *order["words"]]
        cli.main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # noqa: BLE001  # it ends here, and not in the parent's loop
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(status)


def _die_at(statement: int) -> None:
    left = count(statement - 1, -1)

    def heard(*_: object) -> None:
        if not next(left):
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", heard)


if __name__ == "__main__":
    _serve()
