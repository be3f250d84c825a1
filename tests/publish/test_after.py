"""The command that runs after articles changed."""

import asyncio
import json
import logging
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from aggregator import files
from aggregator.app import App
from aggregator.daemon.after import AfterArticles
from aggregator.publish import after
from tests.commands import aggregator, configure, daemon
from tests.newsroom import Newsroom, item, newsroom, rss
from tests.servers import Server

RECORD = """\
import json, os, sys
with open("runs", "a") as runs:
    runs.write(json.dumps({"words": sys.argv[1:], "folder": os.getcwd(), "environ": dict(os.environ)}) + "\\n")
print("standard output")
"""


def runs(folder: Path) -> list[dict[str, Any]]:
    path = folder / "runs"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def folder(tmp_path: Path, server: Server) -> Path:
    """A folder with a configuration, beside the one in which the commands are called."""
    folder = tmp_path / "news"
    folder.mkdir()
    server.put("/good", rss(item(1), item(2, pubDate="Tue, 24 Nov 2015 10:00:00 +0000")))
    (folder / "record.py").write_text(RECORD)
    source = {"name": "good", "url": server.url("/good"), "headers": {"X-Key": "${GOOD_KEY}"}}
    configure(folder, sources=[source], articles={"after": [sys.executable, "record.py", "a b; $HOME", "*"]})
    return folder


def call(folder: Path, *words: str, status: int = 0) -> str:
    environ = {"GOOD_KEY": "s3cret", "AGGREGATOR_FEEDS__LIMIT": "40", "OF_HUGO": "1"}
    done = aggregator("--config", "news/feeds.yaml", *words, cwd=folder.parent, status=status, **environ)
    assert "standard output" not in done.stdout
    return done.stderr


def test_each_command_that_changes_articles_runs_it_at_its_end(folder: Path) -> None:
    call(folder, "once")
    (run,) = runs(folder)
    assert run["words"] == ["a b; $HOME", "*"]
    assert run["folder"] == str(folder)
    assert run["environ"]["OF_HUGO"] == "1"
    assert [name for name in run["environ"] if name.startswith("AGGREGATOR_") or name == "GOOD_KEY"] == []
    call(folder, "once", "--all")
    call(folder, "publish")
    assert len(runs(folder)) == 1  # nothing changed
    articles = sorted((folder / "storage" / "articles").rglob("*.md"))
    articles[0].unlink()
    call(folder, "verify", status=1)
    assert len(runs(folder)) == 1
    call(folder, "verify", "--repair")
    assert len(runs(folder)) == 2
    articles[0].unlink()
    call(folder, "publish")
    assert len(runs(folder)) == 3
    (folder / "feeds.yaml").write_text(f"{(folder / 'feeds.yaml').read_text()}\nretention: 3650d\n")
    call(folder, "prune")
    assert len(runs(folder)) == 4


def test_a_failure_is_one_line_and_changes_no_exit_status(folder: Path) -> None:
    (folder / "record.py").write_text("import sys; print('why\\n', file=sys.stderr); sys.exit(3)")
    (line,) = (line for line in call(folder, "once").splitlines() if "articles.after" in line)
    assert f"articles.after: {sys.executable} exited with status 3: why" in line


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Newsroom:
    server.put("/good", rss(item(1)))
    (tmp_path / "record.py").write_text(RECORD)
    return newsroom(tmp_path, [server.url("/good")], articles={"after": [sys.executable, str(tmp_path / "record.py")]})


@pytest.fixture
def app(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """An app whose articles changed just now."""
    monkeypatch.chdir(room.root)
    room.once()
    with room.opened() as app:
        assert after.is_due(app)
        yield app


def run(app: App, *words: str, wait: bool = True) -> str:
    """Run a command; the failure that `/status` shows."""
    if words:
        articles = app.settings.articles.model_copy(update={"after": words})
        app = replace(app, settings=app.settings.model_copy(update={"articles": articles}))
    asyncio.run(after.run_if_due(app, wait=wait))
    return after.last_failure(app)


def python(program: str) -> tuple[str, ...]:
    return sys.executable, "-c", program


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("./nowhere", "x"), "./nowhere cannot be started (no such file or directory); correct the command"),
        (python("import os; os.kill(os.getpid(), 9)"), "was ended by signal 9: it wrote nothing"),
        (python("print('a\\x1b[31mb' * 9999); exit(1)"), "ba[31mba[31mb"),
        (python("print('x\\n' * 99_999, flush=True); print('\\xff end \\n\\n'); exit(2)"), "status 2: ÿ end"),
    ],
)
def test_each_failure_is_a_sentence(app: App, words: tuple[str, ...], sentence: str) -> None:
    failure = run(app, *words)
    assert sentence in failure
    assert len(failure) < 700
    assert failure.isprintable()
    assert not after.is_due(app)  # it is tried again after the next change only
    after.note_changed(app)
    assert run(app) == ""


def test_one_that_takes_too_long_is_stopped_with_all_that_it_started(
    app: App, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(after, "KILL_SECONDS", 0.2)
    stubborn = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid))\n"
        "time.sleep(600)"
    )
    monkeypatch.setattr(after, "MAX_DURATION", timedelta(seconds=3))
    assert run(app, *python(stubborn)).endswith("took longer than 0 minutes, and was stopped")
    child = int((tmp_path / "pid").read_text())
    assert not Path(f"/proc/{child}").exists() or "Z" in Path(f"/proc/{child}/stat").read_text().split()[2]


def test_what_it_leaves_running_holds_nobody_up(app: App) -> None:
    child = "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(30)'])"
    background = f"import subprocess, sys; {child}; exit(4)"
    assert "exited with status 4" in run(app, *python(background))


def test_two_processes_never_run_it_at_once(app: App) -> None:
    with files.tried_lock(Path(app.settings.storage) / ".after.lock") as is_held:
        assert is_held
        run(app, wait=False)
        assert runs(Path.cwd()) == []
        assert after.is_due(app)
    run(app, wait=False)
    run(app)
    assert len(runs(Path.cwd())) == 1


def test_a_change_meanwhile_starts_it_once_more(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    finish = after._finish

    def changed(app: App, *values: str) -> None:
        after.note_changed(app)
        finish(app, *values)

    with monkeypatch.context() as patch:
        patch.setattr(after, "_finish", changed)
        run(app)
    assert after.is_due(app)
    run(app)
    assert not after.is_due(app)
    assert len(runs(Path.cwd())) == 2


def test_the_daemon_runs_it_at_most_once_a_minute_and_stops_it_with_itself(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async def ticks() -> None:
        runner = AfterArticles(lambda: app)
        for _ in range(3):
            await runner.tick()
        while after.is_due(app):
            await asyncio.sleep(0.05)
        after.note_changed(app)
        await runner.tick()
        await asyncio.sleep(0.2)
        assert len(runs(Path.cwd())) == 1
        runner._next_start = 0.0  # a minute later
        await runner.tick()
        await asyncio.sleep(0)
        await runner.stop()

    asyncio.run(ticks())
    assert after.is_due(app)  # it was stopped: the next process runs it again
    assert caplog.messages == []


def test_a_daemon_runs_it_and_shows_its_failure(room: Newsroom) -> None:
    (room.root / "record.py").write_text(f"{RECORD}sys.exit(5)\n")
    (room.root / "feeds.yaml").write_text(yaml.safe_dump(room.configuration))
    with daemon(room.root) as (_, url):
        deadline = time.monotonic() + 60
        while "status 5" not in (page := httpx.get(f"{url}status", timeout=60).text) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert "exited with status 5: standard output" in page
        assert httpx.get(f"{url}healthz", timeout=60).status_code == 200
        (run,) = runs(room.root)
        assert run["folder"] == str(room.root)
