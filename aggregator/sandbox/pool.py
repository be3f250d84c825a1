"""Pool of sandboxed processes, and the threads that wait for their results. Edge."""

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from aggregator.sandbox.limits import Aborted, Limits

if TYPE_CHECKING:
    from aggregator.sandbox.process import Process

MAX_PROCESSES = 4  # each takes the memory of an interpreter
IDLE = 60.0  # seconds without a call after which all processes are ended: each holds 50 MB or more

T = TypeVar("T")


class Sandbox(Generic[T]):
    """Calls of one function, each in a process that can be killed; the first call starts the first process.

    `function` is named "module:function". Its arguments must be picklable; its result is T, as its annotation declares,
    made of frozen dataclasses, tuples and plain values.
    """

    def __init__(self, function: str, *, limits: Limits | None = None, max_processes: int | None = None) -> None:
        self._function = function
        self._limits = limits or Limits()
        self.max_processes = max_processes or min(os.cpu_count() or 1, MAX_PROCESSES)
        self._threads = ThreadPoolExecutor(self.max_processes, thread_name_prefix="sandbox")
        self._lock = threading.Lock()  # guards all of the following
        self._idle: list[Process] = []
        self._busy: set[Process] = set()
        self._idle_timer: threading.Timer | None = None
        self._is_closed = False

    def __enter__(self) -> "Sandbox[T]":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def call(self, *arguments: Any) -> T | Aborted:
        """Return the function's result, or the reason why there is none; cancelling the call kills its process."""
        call = _Call()
        try:
            result: T | Aborted = await asyncio.get_running_loop().run_in_executor(
                self._threads, self._run, call, arguments
            )
            return result
        except asyncio.CancelledError:
            with self._lock:
                call.is_cancelled = True
                if call.process:
                    call.process.kill()
            raise

    @property
    def pids(self) -> frozenset[int]:
        """Ids of the running processes."""
        with self._lock:
            return frozenset(process.pid for process in (*self._idle, *self._busy))

    def close(self) -> None:
        """Kill all processes; calls that wait for one get no result."""
        with self._lock:
            self._is_closed = True
            self._stop_idle_timer()
            for process in self._busy:
                process.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._end_idle_processes()

    def _run(self, call: "_Call", arguments: tuple[Any, ...]) -> Any:
        """Return the result of a call; runs in a thread of the pool."""
        try:
            process = self._acquire(call)
        except OSError as error:
            return Aborted(cause="start", detail=(error.strerror or str(error)).lower())
        if process is None:
            return Aborted(cause="time")  # the call was cancelled: the result is dropped
        try:
            return process.call(arguments)
        except BaseException:
            process.is_usable = False  # the pipe may hold half a call
            raise
        finally:
            self._release(call, process)

    def _acquire(self, call: "_Call") -> "Process | None":
        """Return a process for the call, or None if it was cancelled meanwhile. Raises OSError."""
        from aggregator.sandbox.process import Process  # its msgspec takes 20 ms, which most runs save

        with self._lock:
            self._stop_idle_timer()
            process = self._idle.pop() if self._idle else None
        process = process or Process(self._function, self._limits)
        with self._lock:
            if not call.is_cancelled and not self._is_closed:
                self._busy.add(process)
                call.process = process
                return process
        process.close()
        return None

    def _release(self, call: "_Call", process: "Process") -> None:
        with self._lock:
            call.process = None
            self._busy.discard(process)
            is_reused = process.is_usable and not call.is_cancelled and not self._is_closed
            if is_reused:
                self._idle.append(process)
                if not self._busy:
                    self._stop_idle_timer()
                    self._idle_timer = threading.Timer(IDLE, self._end_idle_processes)
                    self._idle_timer.daemon = True
                    self._idle_timer.start()
        if not is_reused:
            process.close()

    def _stop_idle_timer(self) -> None:
        if self._idle_timer:
            self._idle_timer.cancel()
            self._idle_timer = None

    def _end_idle_processes(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for process in idle:
            process.close()


@dataclass(slots=True)
class _Call:
    """A call under way, and the process that works on it."""

    is_cancelled: bool = False
    process: "Process | None" = None
