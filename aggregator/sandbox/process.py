"""One process beside ours: started, called, ended. Edge."""

import os
import pickle
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from aggregator.sandbox.child import OUT_OF_MEMORY, READY
from aggregator.sandbox.limits import Limits, Stopped

START = 60.0  # seconds that a process gets to start in, however busy the machine is
_START = (
    "import sys; sys.path[:] = sys.argv[6:]; from aggregator.sandbox import child, limits; "
    "child.main(sys.argv[1], int(sys.argv[2]), limits.Limits("
    "seconds=float(sys.argv[3]), memory=int(sys.argv[4]), reuse=int(sys.argv[5])))"
)
# Nothing of our environment but what a program needs to be found and started: it may hold passwords.
_KEPT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TZ")


class Process:
    """A process that answers calls of one function, one at a time; `kill` may come from any thread."""

    def __init__(self, name: str, limits: Limits) -> None:
        """Start it. Raises OSError where that is impossible."""
        self._limits = limits
        self._is_overdue = False
        theirs, self._lifeline = os.pipe()
        try:
            self._child = subprocess.Popen(  # noqa: S603  # our own interpreter and code
                _command(name, theirs, limits),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs,),
                cwd="/",  # else it would hold on to the folder that we were started in
                env={name: os.environ[name] for name in _KEPT if name in os.environ},
                start_new_session=True,  # the terminal's signals are for us
            )
        except BaseException:
            os.close(self._lifeline)
            raise
        finally:
            os.close(theirs)
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._calls, self._answers = self._child.stdin, self._child.stdout
        self._poll = select.poll()
        self._poll.register(self._answers, select.POLLIN)
        self._is_ready = False
        self.is_usable = True  # for a further call

    @property
    def pid(self) -> int:
        """Its number."""
        return self._child.pid

    def call(self, arguments: Sequence[Any]) -> Any:
        """What the function gives for `arguments`; `Stopped` where that took too much, or the process ended."""
        try:
            if not self._is_ready:
                self._is_ready = self._heard(START) == READY
            pickle.dump(arguments, self._calls, 5)
            self._calls.flush()
            last, answer = self._heard(self._limits.seconds)
        except (EOFError, BrokenPipeError, pickle.UnpicklingError):
            self.is_usable = False
            return self._end()
        self.is_usable = not last
        return answer

    def kill(self) -> None:
        """End it on the spot."""
        self._child.kill()

    def close(self) -> None:
        """End it, and give back what it took."""
        self._child.kill()
        self._child.wait()
        os.close(self._lifeline)
        self._answers.close()
        with suppress(BrokenPipeError):  # where half a call was left in the buffer
            self._calls.close()

    def _heard(self, seconds: float) -> Any:
        """What the process says, if it begins to within `seconds`; else it is killed, and EOFError is raised."""
        if not self._poll.poll(seconds * 1000):
            self._is_overdue = True
            self.kill()
        return pickle.load(self._answers)  # noqa: S301  # see the package's docstring

    def _end(self) -> Stopped:
        """Why the process did not answer."""
        self.kill()  # it may only have closed its end
        status = self._child.wait()
        if not self._is_ready:
            return Stopped(why="start", what="it did not get ready" if self._is_overdue else _signal_name(status))
        if self._is_overdue or status == -signal.SIGXCPU:
            return Stopped(why="time")
        if status in (OUT_OF_MEMORY, -signal.SIGABRT):  # so Rust and C++ end where there is no memory
            return Stopped(why="memory")
        return Stopped(why="death", what=_signal_name(status))


def _command(name: str, lifeline: int, limits: Limits) -> list[str]:
    path = [str(Path(folder).absolute()) for folder in sys.path]
    settings = [str(limits.seconds), str(limits.memory), str(limits.reuse)]
    return [sys.executable, "-I", "-X", "utf8", "-c", _START, name, str(lifeline), *settings, *path]


def _signal_name(status: int) -> str:
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"exit status {status}"
