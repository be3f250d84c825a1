"""Processes of the command that begin at once: forks of a process that has imported everything.

A start of Python and of the libraries takes more than a second of CPU time, a fork next to none. It is a process like
another, with its own connections, threads and locks: nothing of them exists before the fork.
"""

import atexit
import json
import os
import pkgutil
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import cache
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any, TextIO

import tests.statements  # noqa: F401  # once for all forks
from tests.newsroom import item, newsroom, rss
from tests.servers import Server

LARGEST = 200_000  # bytes of an order: its environment above all
TICK = timedelta(seconds=0.2)  # of daemons: tests wait for their ticks, and a second is long
INTERNAL_ERROR = 70  # exit status of a fork that ended with an exception


class Process:
    """A fork that became a process of the command; its methods are those of `subprocess.Popen`."""

    def __init__(self, reports: socket.socket, words: Sequence[str]) -> None:
        self._reports = reports.makefile("rb")
        self._words = words
        self.returncode: int | None = None
        self.stdout: TextIO | None = None  # where they are pipes
        self.stderr: TextIO | None = None
        self.pid = int(self._reports.readline())

    def poll(self, seconds: float = 0) -> int | None:
        """Return its exit status, negative for a signal; None if it runs, after waiting so many seconds."""
        if self.returncode is None and select.select([self._reports], [], [], seconds)[0]:
            self.returncode = int(self._reports.readline())
            self._reports.close()
        return self.returncode

    def wait(self, timeout: float = 60) -> int:
        """Return its exit status, once it ended; raises subprocess.TimeoutExpired after so many seconds."""
        status = self.poll(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(self._words, timeout)
        return status

    def communicate(self, timeout: float = 60) -> tuple[str, str]:
        """Return all that comes out of its two pipes; raises subprocess.TimeoutExpired after so many seconds."""
        assert self.stdout is not None
        assert self.stderr is not None
        with ThreadPoolExecutor() as readers:
            output, errors = readers.submit(self.stdout.read), readers.submit(self.stderr.read)
            try:
                self.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
        return output.result(), errors.result()

    def send_signal(self, number: int) -> None:
        """Send it a signal if it did not end before."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send it SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send it SIGKILL."""
        self.send_signal(signal.SIGKILL)


class ForkServer:
    """The process whose forks become commands."""

    def __init__(self) -> None:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._orders.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * LARGEST)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", f"from tests.forks import serve; serve({theirs.fileno()})"],
                cwd=Path(__file__).parents[1],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )

    def close(self) -> None:
        """End it; forks go on."""
        self._orders.close()
        self._process.wait(60)

    def start(
        self, *words: str, cwd: Path, stdout: int, stderr: int, environ: Mapping[str, str], **limits: float | None
    ) -> Process:
        """Begin a process of the command that writes to these two files (descriptors).

        Its limits: at most `files` may be open, none may grow beyond `size` bytes, it waits `busy` seconds for a lock
        on the database, a daemon so many for each `tick`, it has hosts and pages leased for `lease` seconds, and it
        kills itself before its database is sent this `statement` (a number from 1).
        """
        umask = os.umask(0)
        os.umask(umask)
        order = {"words": words, "cwd": str(cwd), "environ": dict(environ), "umask": umask, "limits": limits}
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._orders, [json.dumps(order).encode()], [theirs.fileno(), stdout, stderr])
        with ours:
            return Process(ours, words)

    def run(self, *words: str, seconds: float = 60, **options: Any) -> int:
        """Run a process to its end, as `start` begins it, and return its exit status."""
        process = self.start(*words, **options)
        try:
            return process.wait(seconds)
        finally:
            process.kill()


@cache
def fork_server() -> ForkServer:
    """Return the one of this process of tests; it ends with it."""
    server = ForkServer()
    atexit.register(server.close)
    return server


# ----------------------------------------------------------------------------------------------- in the other process


def serve(descriptor: int) -> None:
    """Fork for each order on this socket, until its other end is closed."""
    _prepare()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the processes that wait for the forks
    orders = socket.socket(fileno=descriptor)
    while True:
        order, descriptors, _, _ = socket.recv_fds(orders, LARGEST, 3)
        if not order:
            return
        if os.fork() == 0:
            orders.close()
            _report(json.loads(order), *descriptors)
        for each in descriptors:
            os.close(each)


def _report(order: dict[str, Any], reports: int, stdout: int, stderr: int) -> None:
    """Write the fork's id and then its exit status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        os.close(reports)
        _become(order, stdout, stderr)
    os.close(stdout)
    os.close(stderr)
    with suppress(BrokenPipeError):
        os.write(reports, b"%d\n" % child)
        _, status = os.waitpid(child, 0)
        os.write(reports, b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _prepare() -> None:
    """Import and load whatever a run needs, and begin nothing: no thread, no connection."""
    import aggregator
    from aggregator.daemon import worker

    for module in pkgutil.walk_packages(aggregator.__path__, "aggregator."):
        if "migrations" not in module.name:
            import_module(module.name)
    for name in ("alembic.command", "alembic.config", "psycopg", "sqlalchemy.dialects.postgresql.psycopg", "uvloop"):
        with suppress(ImportError):
            import_module(name)
    worker.TICK = TICK
    _warm()


def _warm() -> None:
    """Read and publish a feed, twice, and serve it, so that what is loaded or compiled at first use is there."""
    from starlette.testclient import TestClient

    from aggregator.serve.health import Health
    from aggregator.serve.metrics import Metrics
    from aggregator.serve.site import site

    with tempfile.TemporaryDirectory() as folder, Server() as server:
        server.put("/feed", rss(item(1), item(2)))
        room = newsroom(Path(folder), [{"name": "warm", "url": server.url("/feed")}])
        for _ in range(2):
            room.once()
        with room.opened() as app:
            client = TestClient(site(app, Health(app.clock), Metrics()))
            for path in ("", "status", "healthz", "metrics", "status.json", "feeds/all.json"):
                assert client.get(f"/{path}").status_code == 200, path


def _become(order: dict[str, Any], stdout: int, stderr: int) -> None:
    from aggregator.__main__ import main

    status = INTERNAL_ERROR
    try:
        os.chdir(order["cwd"])
        os.umask(order["umask"])
        os.environ.clear()
        os.environ.update(order["environ"])
        os.dup2(stdout, 1)
        os.dup2(stderr, 2)
        # Those of the process that forked know of another kind of file.
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w", buffering=1, errors="backslashreplace")
        _limit(**order["limits"])
        sys.argv = ["aggregator", *order["words"]]
        main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # noqa: BLE001  # it ends here, and not in the loop of the process that forked
        traceback.print_exc()
    finally:
        with suppress(OSError):
            sys.stdout.flush()
        os._exit(status)


def _limit(
    *,
    files: int | None = None,
    size: int | None = None,
    busy: float | None = None,
    statement: int | None = None,
    tick: float | None = None,
    lease: float | None = None,
) -> None:
    """Limit this process as `ForkServer.start` says."""
    from aggregator.daemon import worker
    from aggregator.pipeline import leases
    from aggregator.store import Store

    for kind, limit in ((resource.RLIMIT_NOFILE, files), (resource.RLIMIT_FSIZE, size)):
        if limit is not None:
            resource.setrlimit(kind, (limit, limit))
    if size is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # as Python does at its start, so that writing fails instead
    if statement is not None:
        _die_at(statement)
    if tick is not None:
        worker.TICK = timedelta(seconds=tick)
    if lease is not None:
        leases.LEASE, leases.EXTEND = timedelta(seconds=lease), lease / 3
    if busy is not None:
        opening = vars(Store)["open"].__func__
        opening.__kwdefaults__ |= {"busy_timeout": timedelta(seconds=busy)}


def _die_at(statement: int) -> None:
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    left = count(statement - 1, -1)

    def listener(*_: object) -> None:
        if not next(left):
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", listener)
