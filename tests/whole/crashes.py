"""kill -9 at moments spread over a run, by a seed; after each kill the next start must find and leave all in order."""

import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml
from sqlalchemy import create_engine, make_url, text

from aggregator.files import is_temporary, listed
from tests.commands import DAEMON, MAKE_DUE
from tests.servers import Server
from tests.whole.forking import Child, Forks
from tests.whole.press import Press

SOURCES = 8
DAEMONS = 6  # every so manieth run that is killed is a daemon's
PHASES = ("starting", "fetching", "recording", "writing articles", "writing feeds", "ending")
TICK = 1.0  # seconds until a daemon does its first work


@dataclass(slots=True)
class Tally:
    """What a series of kills came to."""

    database: str
    kills: int = 0
    phases: Counter[str] = field(default_factory=Counter)
    temporaries: int = 0  # left by killed processes, and swept
    lost: int = 0
    doubled: int = 0
    torn: int = 0  # files or feeds, at any moment
    unhealed: int = 0  # starts after a kill that did not put all right with their one cycle

    def table(self) -> str:
        """For people."""
        fell = ", ".join(f"{phase} {self.phases[phase]}" for phase in PHASES if self.phases[phase])
        rows = {
            "kills": self.kills,
            "they fell in": fell,
            "articles lost": self.lost,
            "articles doubled": self.doubled,
            "torn files or feeds": self.torn,
            "healed by the next cycle": self.kills - self.unhealed,
            "temporary files left, and swept": self.temporaries,
        }
        return "\n".join([f"\nkill -9, {self.database}", *(f"  {name:32} {value}" for name, value in rows.items())])


class Crashes:
    """One folder whose runs are killed again and again."""

    def __init__(self, forks: Forks, server: Server, folder: Path, database: str | None, seed: int) -> None:
        self._forks, self._folder = forks, folder
        self._press = Press(server, sources=SOURCES, entries=5, desks=2)
        self._limits = {"lease": 1.0} if database else {}  # PostgreSQL waits for the end of a killed process's leases
        self._url = database or f"sqlite:///{folder}/storage/aggregator.db"
        self._chance = random.Random(seed)
        self.tally = Tally(database=make_url(self._url).get_backend_name())
        fetch = {"allow_private": ["127.0.0.1/32"], "host_gap": "0s", "per_host": 8, "timeout": "5s"}
        configuration = {
            "fetch": fetch,
            "feeds": {"limit": 15},
            "base_url": "http://reader.example/",
            "sources": self._press.sources(),
        }
        (folder / "feeds.yaml").write_text(yaml.safe_dump(configuration | ({"database": database} if database else {})))

    def kill(self, times: int) -> Tally:
        """Kill so many runs."""
        length = self._undisturbed()
        while self.tally.kills < times:
            place = (self.tally.kills * 7 % times + self._chance.random()) / times  # a permutation unless 7 divides it
            if self._killed(place * length, daemon=self.tally.kills % DAEMONS == DAEMONS - 1):
                self._heal()
            elif length > 0.05:
                length *= 0.8  # it had ended before
            if self.tally.kills % 25 == 24:
                length = self._undisturbed()
        assert self._verified()
        return self.tally

    def _undisturbed(self) -> float:
        """Seconds that a run takes in which all sources have news."""
        self._press.edition += 1
        started = time.monotonic()
        self._run("once", "--all")
        return time.monotonic() - started

    def _run(self, *words: str) -> None:
        with self._forks.begun(*words, cwd=self._folder, **self._limits) as child:
            status = child.wait()
            assert status == 0, (words, status, child.said())

    def _killed(self, after: float, *, daemon: bool) -> bool:
        """Whether a run was killed so many seconds after its begin; it may have ended by itself."""
        self._press.edition += 1
        asked = len(self._press.server.requests)
        with self._begun(daemon) as child:
            if not self._watched(child, after + (TICK if daemon else 0)):
                return False
            child.kill()
            child.wait()
        self.tally.kills += 1
        self.tally.phases[self._phase(asked)] += 1
        self.tally.torn += len(self._torn(self._files()))
        return True

    @contextmanager
    def _begun(self, daemon: bool) -> Iterator[Child]:
        if daemon:
            for statement in MAKE_DUE:
                self._query(statement)
        words = DAEMON if daemon else ("once", "--all")
        with self._forks.begun(*words, cwd=self._folder, **self._limits) as child:
            yield child

    def _watched(self, child: Child, seconds: float) -> bool:
        """Whether it ran so long; meanwhile feeds are read, as readers do."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if child.poll(min(left, 0.05)) is not None:
                return False
            self.tally.torn += len(self._torn(self._feeds()))
        return child.poll() is None

    def _phase(self, asked: int) -> str:
        leased, articles, categories = (
            self._count(f"{table} WHERE {column}")
            for table, column in (
                ("host", "lease_until IS NOT NULL"),
                ("article", "pending IS TRUE"),
                ("category", "pending IS TRUE"),
            )
        )
        if len(self._press.server.requests) == asked:
            return "starting"
        if leased:
            return "recording" if articles else "fetching"
        return "writing articles" if articles else "writing feeds" if categories else "ending"

    def _heal(self) -> None:
        """One cycle, and a look at everything."""
        self.tally.temporaries += sum(map(is_temporary, self._files()))
        self._run("once", "--all")
        wanted, published = self._press.titles(), self._titles()
        files = [path for path in self._files() if path.endswith(".md")]
        lost = (wanted - published).total() + max(0, published.total() - len(files))
        doubled = (published - wanted).total() + max(0, len(files) - published.total()) + self._doubled_entries()
        waiting = self._count("article WHERE pending IS TRUE") + self._count("category WHERE pending IS TRUE")
        torn = self._torn(self._files())
        self.tally.lost += lost
        self.tally.doubled += doubled
        self.tally.torn += len(torn)
        self.tally.unhealed += bool(lost or doubled or torn or waiting)

    def _doubled_entries(self) -> int:
        """Entries that stand twice in the feed of all."""
        entries = json.loads((self._folder / "storage/feeds/all.json").read_text())["items"]
        return len(entries) - len({entry["title"] for entry in entries})

    def _verified(self) -> bool:
        """Whether, after the sweep of a daemon's start, the files are exactly those of the database."""
        with self._forks.daemon(self._folder):
            assert not any(map(is_temporary, self._files()))
        self._run("verify")
        return True

    def _titles(self) -> Counter[str]:
        return Counter(str(title) for (title,) in self._query("SELECT title FROM article"))

    def _count(self, rows: str) -> int:
        return int(self._query(f"SELECT count(*) FROM {rows}")[0][0])

    def _query(self, statement: str) -> list[Any]:
        engine = create_engine(self._url.replace("postgresql:", "postgresql+psycopg:", 1))
        try:
            with engine.begin() as connection:
                result = connection.execute(text(statement))
                return list(result) if result.returns_rows else []
        finally:
            engine.dispose()

    def _files(self) -> list[str]:
        return list(listed(self._folder / "storage/articles")) + self._feeds()

    def _feeds(self) -> list[str]:
        return list(listed(self._folder / "storage/feeds"))

    def _torn(self, paths: list[str]) -> list[str]:
        roots = {True: self._folder / "storage/articles", False: self._folder / "storage/feeds"}
        return [path for path in paths if not _is_whole(roots[path.endswith(".md")] / path)]


def _is_whole(path: Path) -> bool:
    """Whether it is, or is not there any more, or not yet under its name."""
    try:
        state = path.stat()
    except FileNotFoundError:
        return True
    return is_temporary(str(path)) or is_whole(str(path), (state.st_ino, state.st_size, state.st_mtime_ns))


@lru_cache(100_000)
def is_whole(path: str, stamp: tuple[int, ...]) -> bool:
    """Whether the file, in the state with this stamp, can be read to its end."""
    data = Path(path).read_bytes()
    try:
        match Path(path).suffix:
            case ".md":
                _, head, body = data.decode().split("---\n", 2)
                return bool(yaml.load(head, yaml.CSafeLoader)["title"]) and body.endswith(")\n")
            case ".json":
                return bool(json.loads(data)["version"])
            case _:
                return len(ElementTree.fromstring(data)) > 0
    except (ValueError, KeyError, ElementTree.ParseError, yaml.YAMLError):
        return False
