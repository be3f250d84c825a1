"""A few processes that answer calls, and the threads that wait for them. Edge."""

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from aggregator.sandbox.limits import Limits, Stopped
from aggregator.sandbox.process import Process

MOST = 4  # processes; each takes the memory of an interpreter
IDLE = 60.0  # seconds after which processes that nobody calls are ended: each holds 50 MB or more

T = TypeVar("T")


class Apart(Generic[T]):
    """Calls of one function, each in a process that can be stopped; nothing is started before the first.

    `name` is the function's, "module:function"; its arguments and what it gives (T) can be pickled.
    """

    def __init__(self, name: str, *, limits: Limits | None = None, most: int | None = None) -> None:
        self._name = name
        self._limits = limits or Limits()
        self.most = most or min(os.cpu_count() or 1, MOST)
        self._threads = ThreadPoolExecutor(self.most, thread_name_prefix="apart")
        self._lock = threading.Lock()
        self._idle: list[Process] = []
        self._busy: set[Process] = set()
        self._idling: threading.Timer | None = None
        self._is_closed = False

    def __enter__(self) -> "Apart[T]":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def call(self, *arguments: Any) -> T | Stopped:
        """What the function gives, or why there is nothing; a call that is cancelled ends its process."""
        call = _Call()
        loop = asyncio.get_running_loop()
        try:
            answer: T | Stopped = await loop.run_in_executor(self._threads, self._answer, call, arguments)
            return answer
        except asyncio.CancelledError:
            with self._lock:
                call.is_wanted = False
                if call.process:
                    call.process.kill()
            raise

    @property
    def pids(self) -> frozenset[int]:
        """Numbers of the processes there are."""
        with self._lock:
            return frozenset(process.pid for process in (*self._idle, *self._busy))

    def close(self) -> None:
        """End all processes, whatever they do; calls that wait are not answered."""
        with self._lock:
            self._is_closed = True
            self._stop_idling()
            for process in self._busy:
                process.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._end_idle()

    def _answer(self, call: "_Call", arguments: tuple[Any, ...]) -> Any:
        try:
            process = self._taken(call)
        except OSError as error:
            return Stopped(why="start", what=(error.strerror or str(error)).lower())
        if process is None:
            return Stopped(why="time")  # nobody hears it
        try:
            return process.call(arguments)
        except BaseException:
            process.is_usable = False  # half a call may be on its way
            raise
        finally:
            self._give_back(call, process)

    def _taken(self, call: "_Call") -> Process | None:
        """A process for `call`, None where nobody waits for it any more."""
        with self._lock:
            self._stop_idling()
            process = self._idle.pop() if self._idle else None
        process = process or Process(self._name, self._limits)
        with self._lock:
            if call.is_wanted and not self._is_closed:
                self._busy.add(process)
                call.process = process
                return process
        process.close()
        return None

    def _give_back(self, call: "_Call", process: Process) -> None:
        with self._lock:
            call.process = None
            self._busy.discard(process)
            kept = process.is_usable and call.is_wanted and not self._is_closed
            if kept:
                self._idle.append(process)
                if not self._busy:
                    self._start_idling()
        if not kept:
            process.close()

    def _start_idling(self) -> None:
        self._stop_idling()
        self._idling = threading.Timer(IDLE, self._end_idle)
        self._idling.daemon = True
        self._idling.start()

    def _stop_idling(self) -> None:
        if self._idling:
            self._idling.cancel()
            self._idling = None

    def _end_idle(self) -> None:
        with self._lock:
            ended, self._idle = self._idle, []
        for process in ended:
            process.close()


class _Call:
    """A call on its way: whether somebody still waits for it, and the process that works on it."""

    def __init__(self) -> None:
        self.is_wanted = True
        self.process: Process | None = None
