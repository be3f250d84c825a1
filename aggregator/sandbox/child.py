"""The process that answers calls, one after the other: what it may do, and when it ends. Edge.

Imports little, since each process pays for it. It gets pipes to its parent and nothing else: no socket, no lock, no
environment, no terminal. Signals that are meant for the parent pass it by; it ends when the parent does.
"""

import errno
import fcntl
import gc
import os
import pickle
import resource
import select
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from math import ceil
from typing import Any

from aggregator.sandbox.limits import Limits, Stopped

READY = "ready"
OUT_OF_MEMORY = errno.ENOMEM  # exit status
SPARE = 2  # CPU seconds beyond the limit: the parent's clock comes first, this is for when the parent is gone
_FORBIDDEN = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "os.kill")


def main(name: str, lifeline: int, limits: Limits) -> None:
    """Answer calls of the function `name` ("module:name") on standard input until it ends.

    `lifeline` is the reading end of a pipe whose other end the parent alone holds.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    _end_with_parent(lifeline)
    calls, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    _send_to_nowhere(0, 1)  # whatever prints must not disturb the answers
    work = _function(name)
    _confine(limits)
    gc.freeze()
    _send(answers, pickle.dumps(READY))
    try:
        while (call := _received(calls)) is not None:
            last, answer = _answered(work, call, limits)
            _send(answers, answer)
            if last:
                return
    except MemoryError:  # none was left to say so
        os._exit(OUT_OF_MEMORY)


def _end_with_parent(lifeline: int) -> None:
    """Let the kernel end this process with its parent, even while it is within a call to C that lets nobody else run.

    At the end of the pipe it sends SIGIO. (PR_SET_PDEATHSIG would come when the thread ends that started us.)
    """
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    if select.select([lifeline], [], [], 0)[0]:  # nothing is ever sent: it has ended already
        os._exit(0)


def _send_to_nowhere(*descriptors: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in descriptors:
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _function(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found


def _confine(limits: Limits) -> None:
    """Bound memory, write no file, leave no core behind, and neither connect nor start anything."""
    for kind, most in (
        (resource.RLIMIT_AS, _pages(0) + limits.memory),  # allocators reserve a gigabyte that they never touch
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard),) * 2)
    sys.addaudithook(_refuse)


def _pages(column: int) -> int:
    """Bytes of address space (0) or of resident memory (1), 0 where the system does not say; see proc(5), statm.

    Not `getrusage`, whose peak begins with that of our parent.
    """
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123  # pathlib is a dear import
            return int(file.read().split()[column]) * resource.getpagesize()
    except OSError:
        return 0


def _refuse(event: str, _arguments: object) -> None:
    if event.startswith(_FORBIDDEN):
        raise PermissionError(f"{event} is not for the process that reads documents")


def _received(calls: Any) -> Sequence[Any] | None:
    try:
        call: Sequence[Any] = pickle.load(calls)  # noqa: S301  # from our parent
    except EOFError:
        return None
    return call


def _answered(work: Callable[..., Any], call: Sequence[Any], limits: Limits) -> tuple[bool, bytes]:
    """Whether this was the process's last answer, and the two as they are sent."""
    _allow_seconds(limits.seconds)
    answer: Any
    try:
        answer = work(*call)
        last = _pages(1) > limits.reuse
        return last, pickle.dumps((last, answer), 5)
    except MemoryError:
        answer = Stopped(why="memory")
    except Exception as bug:  # noqa: BLE001  # it is the answer, and the parent tells it
        answer = Stopped(why="bug", what=type(bug).__name__, trace="".join(traceback.format_exception(bug)))
    return True, pickle.dumps((True, answer), 5)


def _allow_seconds(seconds: float) -> None:
    """Move the limit of CPU time, which counts a process's whole life, to `seconds` from now."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = ceil(spent.ru_utime + spent.ru_stime + seconds) + SPARE
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _send(answers: Any, data: bytes) -> None:
    answers.write(data)
    answers.flush()
