"""One sandboxed process, seen from its parent: start, call, kill. Edge."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from aggregator.sandbox.child import OUT_OF_MEMORY
from aggregator.sandbox.limits import Aborted, Limits
from aggregator.sandbox.messages import READY, ResultDecoder, read_message, write_call

START_SECONDS = 60.0  # for a process to get ready, however busy the machine is
_START = (
    "import sys; sys.path[:] = sys.argv[6:]; from aggregator.sandbox import child, limits; "
    "child.main(sys.argv[1], int(sys.argv[2]), limits.Limits("
    "seconds=float(sys.argv[3]), memory=int(sys.argv[4]), reuse=int(sys.argv[5])))"
)
# The rest of our environment may hold passwords.
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TZ")


class Process:
    """A process that runs calls of one function, one at a time; `kill` may be called from any thread."""

    def __init__(self, function: str, limits: Limits) -> None:
        """Start the process. Raises OSError."""
        self._decoder = ResultDecoder(function)
        self._limits = limits
        self._is_overdue = self._is_ready = False
        child_end, self._lifeline = os.pipe()
        arguments = (function, child_end, limits.seconds, limits.memory, limits.reuse)
        path = (str(Path(folder).absolute()) for folder in sys.path)
        try:
            self._child = subprocess.Popen(  # noqa: S603  # our own interpreter and code
                [sys.executable, "-I", "-X", "utf8", "-c", _START, *map(str, arguments), *path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=(child_end,),
                cwd="/",  # it must not hold on to the folder that we were started in
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
                start_new_session=True,  # the terminal's signals are for us
            )
        except BaseException:
            os.close(self._lifeline)
            raise
        finally:
            os.close(child_end)
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._calls, self._results = self._child.stdin, self._child.stdout
        self.is_usable = True  # for a further call

    @property
    def pid(self) -> int:
        """Process id."""
        return self._child.pid

    def call(self, arguments: Sequence[Any]) -> Any:
        """Return the function's result, or `Aborted` if a limit was exceeded or the process died."""
        try:
            if not self._is_ready:
                with self._killed_after(START_SECONDS):
                    self._is_ready = read_message(self._results) == READY
            with self._killed_after(self._limits.deadline):
                write_call(self._calls, arguments)
                is_last, aborted, value = self._decoder.result(read_message(self._results))
        except (EOFError, BrokenPipeError):
            self.is_usable = False
            return self._cause_of_death()
        except ValueError as error:  # a child that works as it should sends nothing else
            self.is_usable = False
            return Aborted(cause="error", detail=type(error).__name__, trace=str(error))
        self.is_usable = not (is_last or self._is_overdue)
        return aborted or value

    def kill(self) -> None:
        """Kill the process."""
        self._child.kill()

    def close(self) -> None:
        """Kill the process and free its descriptors."""
        self._child.kill()
        self._child.wait()
        os.close(self._lifeline)
        self._results.close()
        with suppress(BrokenPipeError):  # if half a call was left in the buffer
            self._calls.close()

    @contextmanager
    def _killed_after(self, seconds: float) -> Iterator[None]:
        """Kill the process if the context is still open after `seconds`: nothing that waits for it is left waiting."""

        def kill() -> None:
            self._is_overdue = True
            self.kill()

        timer = threading.Timer(seconds, kill)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()  # it must not kill a process that is used again

    def _cause_of_death(self) -> Aborted:
        self.kill()  # it may only have closed its end of the pipe
        status = self._child.wait()
        try:
            death = signal.Signals(-status).name
        except ValueError:
            death = f"exit status {status}"
        if not self._is_ready:
            return Aborted(cause="start", detail="it did not get ready" if self._is_overdue else death)
        if self._is_overdue:
            return Aborted(cause="deadline")
        if status in (-signal.SIGPROF, -signal.SIGXCPU):
            return Aborted(cause="time")
        if status in (OUT_OF_MEMORY, -signal.SIGABRT):  # Rust and C++ abort when memory runs out
            return Aborted(cause="memory")
        return Aborted(cause="death", detail=death)
