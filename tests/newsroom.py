"""A whole aggregator in a temporary folder, reading from the loopback server, with a clock that tests turn."""

import asyncio
import atexit
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import chain
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from unittest.mock import patch

import yaml

from aggregator.app import App, opened_with
from aggregator.config import load
from aggregator.files import make_folder
from aggregator.model import StoredSource
from aggregator.pipeline import Report, SourceOutcome, run_cycle
from aggregator.pipeline.backfill import backfill_all
from aggregator.pipeline.complete import complete_all
from aggregator.pipeline.translate import Translator
from aggregator.publish import Published, publish_changed
from aggregator.sandbox import Limits, Sandbox
from aggregator.sandbox.process import Process
from aggregator.settings import Settings
from aggregator.store import Store
from aggregator.urls import host_key

T = TypeVar("T")
START = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one cycle and its publication did."""

    report: Report
    published: Published

    @property
    def new(self) -> int:
        return self.report.total("new")

    @property
    def updated(self) -> int:
        return self.report.total("updated")

    @property
    def duplicates(self) -> int:
        return self.report.total("duplicates")

    @property
    def rows(self) -> int:
        return sum(outcome.recorded.rows for outcome in self.report.outcomes)

    @property
    def outcomes(self) -> dict[str, SourceOutcome]:
        return {outcome.source: outcome for outcome in self.report.outcomes}

    @property
    def kinds(self) -> dict[str, str]:
        return {outcome.source: outcome.kind for outcome in self.report.outcomes}


@dataclass(slots=True)
class Newsroom:
    """The folder, the configuration in it, and the clock."""

    root: Path
    configuration: dict[str, Any]
    now: datetime = START
    environ: dict[str, str] = field(default_factory=dict)
    _written: list[str] = field(default_factory=list)

    @contextmanager
    def opened(self) -> Iterator[App]:
        path = self.root / "feeds.yaml"
        path.write_text(dumped(self.configuration), encoding="utf-8")
        settings = load(path, self.environ)
        begin(settings)
        opening = opened_with(settings, self.environ, lambda: self.now)
        translators = patch("aggregator.pipeline.translate.Sandbox", LastingSandbox)
        with opening as app, shared(app.sandbox, app.extractor, app.scaler), translators:
            yield app

    def once(self, *names: str, everything: bool = True) -> Round:
        """One cycle, as `aggregator once --all` (or with names) does it, from opening to closing the store."""
        with self.opened() as app:
            cycle = run_cycle(app, lambda outcome: None, names=names or None, everything=everything and not names)
            report = asyncio.run(cycle)
            return Round(report=report, published=publish_changed(app))

    def translate(self) -> Published:
        """Translations of what is due, and their publication."""
        with self.opened() as app:
            asyncio.run(Translator(app).translate_due())
            return publish_changed(app)

    def backfill(self) -> Published:
        """The pages of archives that are due, as one run of `aggregator once` reads them, and their publication."""
        with self.opened() as app:
            asyncio.run(backfill_all(app))
            return publish_changed(app)

    def complete(self) -> Published:
        """Full text of what is due, and its publication."""
        with self.opened() as app:
            asyncio.run(complete_all(app))
            return publish_changed(app)

    @contextmanager
    def other_process(self, url: str) -> Iterator[None]:
        """Have another process ask the host of this URL, for up to a minute."""
        with self.opened() as app:
            database = app.settings.database or ""
        host = host_key(url)
        with Store.open(database) as store, store.leases.fetching():
            assert store.leases.visit(host, self.now, timedelta(minutes=1)) is None
            yield
            store.leases.leave([host])
            store.leases.end_unused()

    def copied(self, root: Path) -> "Newsroom":
        """Another newsroom, in this folder, that begins with all that this one has: cheaper than filling each anew."""
        copytree(self.root, root, dirs_exist_ok=True)
        room = replace(self, root=root, configuration=deepcopy(self.configuration), environ=dict(self.environ))
        with room.opened() as app:
            publish_changed(app)  # all files once, as in any other folder
        return room

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def state(self, name: str) -> StoredSource:
        with self.opened() as app:
            return next(stored for stored in app.store.sources.all() if stored.source.name == name)

    @property
    def storage(self) -> Path:
        return self.root / "storage"

    def articles(self) -> dict[str, str]:
        """Text of every article by its path below the articles' folder."""
        folder = self.storage / "articles"
        return {
            path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    def heads(self) -> list[dict[str, Any]]:
        """Front matter of every article, in the order of their paths."""
        return [front_matter(text) for text in self.articles().values()]

    def titles(self) -> list[str]:
        return sorted(head["title"] for head in self.heads())

    def feed(self, name: str) -> bytes:
        return (self.storage / "feeds" / name).read_bytes()

    def files(self) -> dict[str, tuple[int, bytes]]:
        """Modification time (ns) and bytes of every file that goes out."""
        paths = [path for part in ("articles", "feeds") for path in (self.storage / part).rglob("*") if path.is_file()]
        return {
            path.relative_to(self.storage).as_posix(): (path.stat().st_mtime_ns, path.read_bytes()) for path in paths
        }


def begin(settings: Settings) -> None:
    """Let a new SQLite database begin as a copy of an empty one: to make its tables takes ten times as long."""
    path = Path((settings.database or "").removeprefix("sqlite:///"))
    if path.suffix == ".db" and not path.exists():
        make_folder(Path(settings.storage))
        path.write_bytes(_empty_database())


@contextmanager
def shared(*sandboxes: Sandbox[Any]) -> Iterator[None]:
    """Give sandboxes the idle processes of the newsroom before, and theirs to the next: a start takes half a second."""
    for sandbox in sandboxes:
        with sandbox._lock:
            sandbox._idle += _IDLE.pop((sandbox._function, sandbox._limits), [])
    try:
        yield
    finally:
        for sandbox in sandboxes:
            with sandbox._lock:
                _IDLE[sandbox._function, sandbox._limits], sandbox._idle = sandbox._idle, []


class LastingSandbox(Sandbox[T]):
    """A sandbox for functions that open one at each call, whose idle processes go to the next as well."""

    def __enter__(self) -> "LastingSandbox[T]":
        self._sharing = ExitStack()
        self._sharing.enter_context(shared(self))
        return self

    def __exit__(self, *_: object) -> None:
        self._sharing.close()
        super().__exit__()


_IDLE: dict[tuple[str, Limits], list[Process]] = {}


@atexit.register
def _end_idle_processes() -> None:
    for process in chain.from_iterable(_IDLE.values()):
        process.close()


@cache
def _empty_database() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        Store.open(f"sqlite:///{path}").close()
        return path.read_bytes()


def dumped(configuration: dict[str, Any]) -> str:
    """The configuration as YAML, written in C: tests write thousands."""
    text: str = yaml.dump(configuration, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
    return text


def front_matter(text: str) -> dict[str, Any]:
    """The YAML between the first two `---` lines, read by the parser in C: tests read thousands."""
    loaded = yaml.load(text.removeprefix("---\n").partition("\n---\n")[0], Loader=yaml.CSafeLoader)
    assert isinstance(loaded, dict)
    return loaded


def newsroom(root: Path, sources: Sequence[dict[str, Any] | str], **more: Any) -> Newsroom:
    """A newsroom with these sources; private 127.0.0.1 allowed and no gap between requests, as on a test's loopback."""
    fetch = {"allow_private": ["127.0.0.1/32"], "host_gap": "0s", "timeout": "60s", **more.pop("fetch", {})}
    return Newsroom(root=root, configuration={"fetch": fetch, **more, "sources": list(sources)})


def rss(*items: str, head: str = "") -> bytes:
    """An RSS 2.0 document of these items (their inner XML)."""
    body = "".join(f"<item>{item}</item>" for item in items)
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/"'
        ' xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>A source</title>'
        f"<link>https://source.example/</link><description>d</description>{head}{body}</channel></rss>"
    ).encode()


def prose(seed: int, words: int = 60) -> str:
    """Text that two seeds share no phrase of."""
    return " ".join(f"word{seed}x{seed * place % 97}" for place in range(1, words + 1))


def item(number: int, **changes: str) -> str:
    """Inner XML of an ordinary RSS item; `changes` replace or, as "", drop its elements."""
    fields = {
        "title": f"Story number {number}",
        "link": f"https://source.example/stories/{number}",
        "guid": f"https://source.example/?p={number}",
        "pubDate": f"Tue, 24 Nov 2026 {number % 12:02}:00:00 +0000",
        "description": f"&lt;p&gt;{prose(number)}&lt;/p&gt;",
    } | changes
    guid = fields.pop("guid")
    named = f'<guid isPermaLink="false">{guid}</guid>' if guid else ""
    return named + "".join(f"<{name}>{value}</{name}>" for name, value in fields.items() if value)
