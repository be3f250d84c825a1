"""Processes that run one function: forks of a server that has imported the store once, which takes a second."""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from typing import Any

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.store.test_processes", "tests.store.test_fetching"])
pipe = _CONTEXT.Pipe


@contextmanager
def begun(function: Callable[..., None], *arguments: Any) -> Iterator[BaseProcess]:
    """A process that runs the function, which must be one of a module; it is killed in the end if it runs still."""
    process = _CONTEXT.Process(target=function, args=arguments)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def exit_status(function: Callable[..., None], *arguments: Any) -> int:
    """Run such a process to its end; return its exit status, negative for a signal, 1 for an exception."""
    with begun(function, *arguments) as process:
        process.join(60)
        assert process.exitcode is not None, "it did not end in time"
        return process.exitcode
