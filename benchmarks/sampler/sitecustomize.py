"""Samples the Python process that it is loaded in, if its folder is on PYTHONPATH: which package uses the CPU.

Every few milliseconds, the CPU time that each thread used since the last sample counts for the package of aggregator
that the thread is in. The sums go into a file of the folder SAMPLES, once in INTERVAL and at the end.
"""

import atexit
import json
import os
import subprocess
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from types import FrameType
from typing import Any

PERIOD, INTERVAL = 0.002, 0.1  # seconds
sys.setswitchinterval(0.0002)
IMPORTS, ELSEWHERE = "imports", "event loop, start"
SHELL = ("aggregator.__main__", "aggregator.cli")  # below these, the event loop runs

_HERE, _SAMPLES = os.environ["PYTHONPATH"], os.environ["SAMPLES"]
_spent: dict[str, float] = defaultdict(float)


def _package(frame: FrameType | None) -> str:
    """Return the package of aggregator of the innermost call that is in one."""
    package = ELSEWHERE
    while frame:
        name = frame.f_globals.get("__name__") or ""
        if name == "importlib._bootstrap":
            return IMPORTS
        if package is ELSEWHERE and name.startswith("aggregator.") and not name.startswith(SHELL):
            package = ".".join(name.split(".")[:2])
        frame = frame.f_back
    return package


def _sample(used: dict[int, float]) -> None:
    """Count the CPU time of each thread since the last sample, which `used` holds."""
    frames = sys._current_frames()
    for thread in threading.enumerate():
        if thread.ident is None or thread.ident == threading.get_ident():
            continue
        try:
            now = time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
        except OSError:  # it has ended
            continue
        _spent[_package(frames.get(thread.ident))] += now - used.get(thread.ident, 0.0)
        used[thread.ident] = now


def _write() -> None:
    """Replace the file as a whole: at the end of the process both threads write, and a process may be killed."""
    written = Path(_SAMPLES, f"{os.getpid()}-{threading.get_ident()}.part")
    written.write_text(json.dumps(_spent))
    written.replace(Path(_SAMPLES, f"{os.getpid()}.json"))


def _run() -> None:
    used: dict[int, float] = {}
    written = time.monotonic()
    while True:
        time.sleep(PERIOD)
        _sample(used)
        if time.monotonic() - written > INTERVAL:  # a child process may be killed
            _write()
            written = time.monotonic()


class _Popen(subprocess.Popen):  # type: ignore[type-arg]
    """A child process that is sampled too, though its parent gives it an environment of its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["env"] = {**(kwargs.get("env") or os.environ), "PYTHONPATH": _HERE, "SAMPLES": _SAMPLES}
        super().__init__(*args, **kwargs)


subprocess.Popen = _Popen  # type: ignore[misc]
atexit.register(_write)
threading.Thread(target=_run, daemon=True).start()
