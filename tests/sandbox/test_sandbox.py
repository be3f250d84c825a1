"""Sandboxed calls: with real processes, and real deaths of them."""

import asyncio
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aggregator.sandbox import Aborted, Limits, Sandbox
from tests.sandbox.functions import MB
from tests.thorough import THOROUGH, some

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 60  # seconds; the machine may be busy


def sandbox(function: str, *, max_processes: int = 1, **limits: Any) -> Sandbox[Any]:
    return Sandbox(f"tests.sandbox.functions:{function}", limits=Limits(**limits), max_processes=max_processes)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():
            await asyncio.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


async def test_it_answers_and_the_process_is_used_again() -> None:
    with sandbox("own_pid") as calls:
        first = await calls.call()
        assert isinstance(first, int)
        assert first != os.getpid()
        assert await calls.call() == first
        assert calls.pids == {first}
    assert not is_alive(first)


async def test_large_arguments_and_answers_cross() -> None:
    data = os.urandom(10 * MB)
    with sandbox("reversed_bytes") as calls:
        assert await calls.call(data) == data[::-1]


async def test_nothing_is_started_before_the_first_call() -> None:
    with sandbox("doubled", max_processes=4) as calls:
        assert not calls.pids
        assert await calls.call(4) == 8
        assert len(calls.pids) == 1


async def test_a_call_that_takes_too_long_is_stopped_and_the_next_one_answered() -> None:
    with sandbox("stuck_if", seconds=0.2) as calls:
        assert await calls.call(True) == Aborted(cause="time")
        assert not calls.pids
    with sandbox("stuck_if", seconds=PATIENCE) as calls:
        assert await calls.call(False) == "done"


async def test_only_cpu_time_counts_as_time_that_a_call_takes() -> None:
    with sandbox("own_pid", seconds=0.3) as calls:
        assert isinstance(await calls.call(1.0), int)


async def test_each_call_has_its_own_cpu_time() -> None:
    with sandbox("busy", seconds=0.4) as calls:
        assert [await calls.call(0.25) for _ in range(2)] == ["done"] * 2
        assert len(calls.pids) == 1
        assert await calls.call(PATIENCE) == Aborted(cause="time")


async def test_a_call_without_cpu_time_is_stopped_at_its_deadline() -> None:
    with sandbox("own_pid", deadline=0.5) as calls:
        stopped = await calls.call(2 * PATIENCE)
        assert stopped == Aborted(cause="deadline")
        assert stopped.reason == "it was not read within 60 s: this machine is very busy"
        assert not calls.pids


async def test_waiting_for_a_process_is_not_counted() -> None:
    with sandbox("own_pid", deadline=3) as calls:
        answers = await asyncio.gather(*(calls.call(1.2) for _ in range(4)))
    assert len(set(answers)) == 1
    assert not any(isinstance(answer, Aborted) for answer in answers)


async def test_calls_run_beside_each_other_on_several_processes() -> None:
    with sandbox("own_pid", max_processes=2) as calls:
        assert len(set(await asyncio.gather(*(calls.call(1.0) for _ in range(2))))) == 2


async def test_a_call_that_takes_too_much_memory_is_stopped_and_the_next_one_answered() -> None:
    with sandbox("much", memory=200 * MB) as calls:
        assert await calls.call(300 * MB) == Aborted(cause="memory")
        assert await calls.call(10 * MB) == 10 * MB


async def test_a_process_that_grew_answers_no_further_call() -> None:
    with sandbox("kept", reuse=150 * MB) as calls:
        assert await calls.call(MB) == MB
        before = calls.pids
        assert await calls.call(200 * MB) == 200 * MB
        assert before
        assert not calls.pids


async def test_what_a_call_raises_is_told() -> None:
    with sandbox("raising") as calls:
        answer = await calls.call("not in the list")
    assert isinstance(answer, Aborted)
    assert (answer.cause, answer.detail) == ("error", "LookupError")
    assert "not in the list" in answer.trace


@pytest.mark.parametrize(
    ("how", "stopped"),
    [
        ("SIGSEGV", Aborted(cause="death", detail="SIGSEGV")),
        ("SIGABRT", Aborted(cause="memory")),
        ("SIGXCPU", Aborted(cause="time")),
        ("exit", Aborted(cause="death", detail="exit status 3")),
    ],
)
async def test_a_process_that_dies_fails_its_call_alone(how: str, stopped: Aborted) -> None:
    with sandbox("dying") as calls:
        assert await calls.call(how) == stopped
        assert not calls.pids


async def test_a_process_that_is_killed_fails_its_call_alone() -> None:
    with sandbox("own_pid", max_processes=2, seconds=PATIENCE) as calls:
        killed = asyncio.create_task(calls.call(PATIENCE / 2))
        await until(lambda: len(calls.pids) == 1)
        (pid,) = calls.pids
        neighbour = asyncio.create_task(calls.call(0.5))
        await until(lambda: len(calls.pids) == 2)
        await asyncio.sleep(0.5)
        os.kill(pid, signal.SIGKILL)
        assert isinstance(await killed, Aborted)
        assert isinstance(await neighbour, int)


async def test_a_process_killed_while_idle_is_the_failure_of_one_call_at_most() -> None:
    with sandbox("doubled") as calls:
        await calls.call(1)
        (pid,) = calls.pids
        os.kill(pid, signal.SIGKILL)
        await until(lambda: not is_alive(pid))
        assert isinstance(await calls.call(2), Aborted)
        assert await calls.call(3) == 6


async def test_a_process_that_cannot_be_started_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with sandbox("doubled") as calls:
        assert await calls.call(1) == Aborted(cause="start", detail="no such file or directory")


async def test_a_cancelled_call_ends_its_process_at_once() -> None:
    with sandbox("stuck", seconds=PATIENCE) as calls:
        call = asyncio.create_task(calls.call())
        await until(lambda: len(calls.pids) == 1)
        (pid,) = calls.pids
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await until(lambda: not is_alive(pid))


def test_closing_ends_what_is_under_way_and_what_waits() -> None:
    calls = sandbox("stuck", seconds=PATIENCE)

    async def begin() -> None:
        tasks = [asyncio.create_task(calls.call()) for _ in range(3)]
        await until(lambda: len(calls.pids) == 1)
        await asyncio.to_thread(calls.close)
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(answer, Aborted | asyncio.CancelledError) for answer in answers)

    asyncio.run(begin())
    assert not calls.pids


async def test_idle_processes_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.sandbox.pool.IDLE", 0.05)
    with sandbox("doubled") as calls:
        assert await calls.call(1) == 2
        await until(lambda: not calls.pids)
        assert await calls.call(2) == 4


async def test_it_inherits_neither_sockets_nor_files_nor_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGGREGATOR_DATABASE", "postgresql://user:secret@127.0.0.1/x")
    lock = tmp_path / "lock"
    with socket.create_server(("127.0.0.1", 0)) as listener, lock.open("w") as held:
        os.set_inheritable(listener.fileno(), True)
        os.set_inheritable(held.fileno(), True)
        with sandbox("surroundings") as calls:
            result = await calls.call()
    assert not isinstance(result, Aborted)
    descriptors, environment, folder, session = result
    assert not [path for path in descriptors if not path.startswith(("pipe:", "/dev/null", "/proc/"))]
    assert "secret" not in str(environment)
    assert folder == "/"
    assert session != os.getsid(0)


async def test_it_cannot_connect() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, sandbox("connect") as calls:
        answer = await calls.call(listener.getsockname()[1])
    assert isinstance(answer, Aborted)
    assert answer.detail == "PermissionError"


async def test_it_cannot_write_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with sandbox("write_file") as calls:
        answer = await calls.call(str(path))
    assert isinstance(answer, Aborted)
    assert answer.detail == "OSError"
    assert path.stat().st_size == 0


class Exploit:
    """An object whose unpickling makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("framed", [True, False])
@pytest.mark.parametrize("protocol", some(range(pickle.HIGHEST_PROTOCOL + 1), 5))
async def test_what_a_process_sends_runs_no_code(tmp_path: Path, protocol: int, framed: bool) -> None:
    exploit = pickle.dumps((False, Exploit(tmp_path / "made")), protocol)
    with sandbox("taken_over", deadline=2) as calls:
        answer = await calls.call(len(exploit).to_bytes(8, "big") + exploit if framed else exploit)
        assert isinstance(answer, Aborted)
        assert not calls.pids
    assert not (tmp_path / "made").exists()
    pickle.loads(exploit)
    assert (tmp_path / "made").exists()  # the exploit works where it is unpickled


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\0\0",
        bytes(8),
        (2**63).to_bytes(8, "big"),
        (100).to_bytes(8, "big") + b"\x93",
        (3).to_bytes(8, "big") + b"\x92\xc2\xc0",
        (100_000).to_bytes(8, "big") + b"\x91" * 100_000,
        (4).to_bytes(8, "big") + b"\x93\xc2\xc0\x01",
    ],
    ids=["nothing", "half a length", "empty", "endless", "half", "short", "deep", "of another type"],
)
async def test_a_process_that_sends_anything_else_fails_its_call_alone(sent: bytes) -> None:
    with sandbox("taken_over", deadline=2) as calls:
        assert isinstance(await calls.call(sent), Aborted)
        assert not calls.pids


async def test_a_process_that_reads_no_call_is_stopped_at_its_deadline() -> None:
    with sandbox("deaf", deadline=2) as calls:
        assert await calls.call() == "heard"
        assert await calls.call(bytes(10 * MB)) == Aborted(cause="deadline")
        assert not calls.pids


async def test_a_result_of_another_type_than_declared_is_an_error() -> None:
    with sandbox("mistyped") as calls:
        answer = await calls.call()
    assert isinstance(answer, Aborted)
    assert answer.cause == "error"


async def test_what_it_prints_goes_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    with sandbox("noisy") as calls:
        assert await calls.call() == "quiet"
        assert await calls.call() == "quiet"
    assert capfd.readouterr() == ("", "")


async def test_signals_for_us_pass_it_by() -> None:
    with sandbox("ignoring") as calls:
        assert await calls.call() == [True, True, True]
        (pid,) = calls.pids
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(pid, number)
        assert await calls.call() == [True, True, True]
        assert calls.pids == {pid}


async def test_no_descriptor_is_left_of_many_that_died() -> None:
    with sandbox("dying", max_processes=2) as calls:
        await calls.call("exit")
        before = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(10 if THOROUGH else 2):
            await asyncio.gather(*(calls.call("SIGKILL") for _ in range(5 if THOROUGH else 3)))
        assert len(list(Path("/proc/self/fd").iterdir())) == before
        assert not calls.pids


PARENT = """
import asyncio, sys, threading, time
from aggregator.sandbox import Sandbox, Limits

calls = Sandbox("tests.sandbox.functions:{}", limits=Limits(seconds=600, deadline=600))

def tell():
    while not calls.pids:
        time.sleep(0.01)
    print(*calls.pids, flush=True)

threading.Thread(target=tell, daemon=True).start()
asyncio.run(calls.call())
{}
"""


@pytest.mark.parametrize(("function", "then"), [("stuck", ""), ("own_pid", "time.sleep(600)")])
def test_a_killed_parent_leaves_no_process(function: str, then: str) -> None:
    script = PARENT.format(function, then)
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        time.sleep(1)  # in the middle of its work, most likely; before that would do as well
        assert is_alive(pid)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    deadline = time.monotonic() + PATIENCE
    while is_alive(pid):
        assert time.monotonic() < deadline, "it outlived its parent"
        time.sleep(0.05)
