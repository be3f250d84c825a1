"""The sandboxed process itself: its confinement, and the loop that runs calls. Edge.

Imports little, since each process pays for it. It gets pipes to its parent and nothing else: no socket, no lock, no
environment, no terminal. It ignores signals that are meant for the parent, and ends when the parent does.
"""

import errno
import fcntl
import gc
import os
import resource
import select
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from math import ceil
from typing import Any

from aggregator.sandbox.limits import Aborted, Limits
from aggregator.sandbox.messages import READY, encoded_result, read_call, resolve, write_message

OUT_OF_MEMORY = errno.ENOMEM  # exit status
SPARE = 2  # CPU seconds beyond the limit at which the kernel ends the process even if its timer was stopped
_FORBIDDEN = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "os.kill")


def main(function: str, lifeline: int, limits: Limits) -> None:
    """Run calls of `function` ("module:function") from standard input until it ends.

    `lifeline` is the reading end of a pipe whose other end only the parent holds.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for number in (signal.SIGPROF, signal.SIGXCPU):
        signal.signal(number, signal.SIG_DFL)
    _end_with_parent(lifeline)
    calls, results = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):  # anything that prints must not disturb the results
        os.dup2(null, descriptor)
    os.close(null)
    work = resolve(function)
    _confine(limits)
    gc.freeze()
    write_message(results, READY)
    try:
        while True:
            _allow_seconds(limits.seconds)
            try:
                call = read_call(calls)
            except EOFError:
                return
            is_last, data = _result(work, call, limits)
            write_message(results, data)
            if is_last:
                return
    except MemoryError:  # not even enough is left to send a result
        os._exit(OUT_OF_MEMORY)


def _end_with_parent(lifeline: int) -> None:
    """Let the kernel end this process with its parent, even during a C call that lets no Python code run.

    At the end of the pipe it sends SIGIO. (PR_SET_PDEATHSIG would fire when the thread ends that started us.)
    """
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    if select.select([lifeline], [], [], 0)[0]:  # nothing is ever sent, so this is the end of the pipe
        os._exit(0)


def _confine(limits: Limits) -> None:
    """Limit memory; forbid to write files and core dumps, to connect, and to start processes."""
    _lower(resource.RLIMIT_AS, _memory(0) + limits.memory)  # allocators reserve a gigabyte that they never touch
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 0)
    sys.addaudithook(_refuse)


def _lower(limit: int, most: int) -> None:
    hard = resource.getrlimit(limit)[1]
    resource.setrlimit(limit, (most if hard == resource.RLIM_INFINITY else min(most, hard),) * 2)


def _memory(column: int) -> int:
    """Return bytes of address space (0) or of resident memory (1), 0 if the system does not say; proc(5), statm.

    Not `getrusage`, whose peak begins with that of the parent.
    """
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123  # importing pathlib is expensive
            return int(file.read().split()[column]) * resource.getpagesize()
    except OSError:
        return 0


def _refuse(event: str, _arguments: object) -> None:
    if event.startswith(_FORBIDDEN):
        raise PermissionError(f"{event} is forbidden in the process that reads documents")


def _result(work: Callable[..., Any], call: Sequence[Any], limits: Limits) -> tuple[bool, bytes]:
    """Return whether the process must end with this result, and the message of both."""
    try:
        value = work(*call)
        is_last = _memory(1) > limits.reuse
        return is_last, encoded_result(is_last, value)
    except MemoryError:
        aborted = Aborted(cause="memory")
    except Exception as error:  # noqa: BLE001  # it becomes the result, which the parent reports
        trace = "".join(traceback.format_exception(error)).encode("utf-8", "backslashreplace").decode()
        aborted = Aborted(cause="error", detail=type(error).__name__, trace=trace)
    return True, encoded_result(True, aborted)


def _allow_seconds(seconds: float) -> None:
    """End this process after `seconds` of CPU time from now, even within a C call.

    The timer is exact. The resource limit, of whole seconds and of the process's whole life, comes after it.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)
    spent = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = ceil(spent.ru_utime + spent.ru_stime + seconds) + SPARE
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))
