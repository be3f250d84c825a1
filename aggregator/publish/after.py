"""Runs the command `articles.after` after files of articles changed. Shell.

A change leaves a note in the database, which goes when the command has run for it. So the next process runs the command
for the changes of one that was killed.
"""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from aggregator import files
from aggregator.app import App
from aggregator.settings import secret_variables
from aggregator.settings.values import UNPRINTABLE

MAX_DURATION = timedelta(minutes=10)
KILL_SECONDS = 3.0  # from SIGTERM to SIGKILL
OUTPUT_SECONDS = 1.0
LOCK_POLL_SECONDS = 0.2
LAST_OUTPUT = 4000  # bytes of the output that are kept
MAX_LINE = 500  # characters of it in a message

_CHANGED = "articles changed"  # note: another value with each change, "" once the command has run
_FAILED = "articles.after failed"  # note: the failure of its last run, "" for none

log = logging.getLogger("aggregator")


def note_changed(app: App) -> None:
    """Note that files of articles changed; in a cluster another process may have the command."""
    if app.settings.articles.after or not app.store.has_one_writer:
        app.store.meta.set(_CHANGED, uuid4().hex)


def is_due(app: App) -> bool:
    """Return whether files of articles changed since the command ran."""
    return bool(app.settings.articles.after and app.store.meta.get(_CHANGED))


def last_failure(app: App) -> str:
    """Return a sentence about the failure of the command's last run, "" if it succeeded."""
    return (app.store.meta.get(_FAILED) or "") if app.settings.articles.after else ""


def run_at_end(app: App) -> None:
    """Run the command if it is due, at the end of another one; a failure is logged."""
    if is_due(app):
        asyncio.run(run_if_due(app, wait=True))


async def run_if_due(app: App, *, wait: bool) -> None:
    """Run the command if it is due; a failure is logged and noted, and tried again only after the next change.

    While another process runs it, wait for its end, or with `wait` off do nothing.
    """
    async with _only_one(app.local_folder / ".after.lock", wait=wait) as is_only:
        change = await app.in_writer(app.store.meta.get, _CHANGED) if is_only else None
        if not change:
            return
        command = app.settings.articles.after or ()
        failure = await _run(command, app.folder, _environment(app)) if command else ""
        if failure:
            failure = f"articles.after: {failure}"
            log.error("%s", failure)
        await app.in_writer(_finish, app, change, failure)


def _finish(app: App, change: str, failure: str) -> None:
    app.store.meta.set(_FAILED, failure)
    if app.store.meta.get(_CHANGED) == change:  # else files changed meanwhile
        app.store.meta.set(_CHANGED, "")


def _environment(app: App) -> dict[str, str]:
    """Return our environment without our settings and the secrets of sources."""
    hidden = secret_variables(app.settings)
    return {
        name: value for name, value in app.environ.items() if not name.startswith("AGGREGATOR_") and name not in hidden
    }


@asynccontextmanager
async def _only_one(lock: Path, *, wait: bool) -> AsyncIterator[bool]:
    """Hold the lock file at `lock`; yield False if another process holds it, unless that is to be waited for."""
    while True:
        with files.tried_lock(lock) as is_held:
            if is_held or not wait:
                yield is_held
                return
        await asyncio.sleep(LOCK_POLL_SECONDS)


async def _run(command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> str:
    """Run the command without a shell in `folder`; return its failure as a sentence, "" for none."""
    output = _Output()
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env=environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output.descriptor,
            stderr=output.descriptor,
            start_new_session=True,
        )
    except OSError as error:
        return f"{command[0]} cannot be started ({(error.strerror or str(error)).lower()}); correct the command"
    finally:
        os.close(output.descriptor)
    try:
        status = await asyncio.wait_for(process.wait(), MAX_DURATION.total_seconds())
    except TimeoutError:
        return f"{command[0]} took longer than {MAX_DURATION.total_seconds() / 60:.0f} minutes, and was stopped"
    finally:
        await _stop(process)
    if not status:
        return ""
    outcome = f"exited with status {status}" if status > 0 else f"was ended by signal {-status}"
    return f"{command[0]} {outcome}: {await asyncio.to_thread(output.last_line)}"


async def _stop(process: asyncio.subprocess.Process) -> None:
    """End the command, and what it started, unless it has ended."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        with suppress(ProcessLookupError):  # it has just ended
            os.killpg(process.pid, number)
        with suppress(TimeoutError):  # the next signal follows
            await asyncio.wait_for(asyncio.shield(process.wait()), KILL_SECONDS)


class _Output:
    """Output of a command, of which the end is kept; `descriptor` is the end of the pipe to write to."""

    def __init__(self) -> None:
        self._reader, self.descriptor = os.pipe()
        self._tail = bytearray()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def last_line(self) -> str:
        """Return the last line that is not blank, once all was read."""
        self._thread.join(OUTPUT_SECONDS)  # what the command started may go on, and hold the pipe open
        lines = [line.strip() for line in self._tail.decode(errors="replace").splitlines() if line.strip()]
        return UNPRINTABLE.sub("", lines[-1])[:MAX_LINE] if lines else "it wrote nothing"

    def _read(self) -> None:
        with os.fdopen(self._reader, "rb", buffering=0) as pipe:
            while piece := pipe.read(65_536):
                self._tail += piece
                del self._tail[:-LAST_OUTPUT]
