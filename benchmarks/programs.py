"""The programs that are compared: aggregator, newsboat, and reader without and with its search, on the same sources.

Each has a folder of its own and is told the URLs once. A poll is one process that fetches every source once and ends.
"""

import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from benchmarks.measuring import Cost, Sources, aggregator, configure, run


class Program(Protocol):
    """A program that polls feeds."""

    name: str

    @staticmethod
    def is_installed() -> bool: ...

    def prepare(self, folder: Path, sources: Sources) -> None:
        """Tell it the sources. This is not measured."""

    def poll(self) -> Cost:
        """Fetch every source once."""

    def articles(self) -> int:
        """Return the number of articles that it holds."""


class Aggregator:
    """`aggregator once --all`."""

    name = "aggregator"

    @staticmethod
    def is_installed() -> bool:
        return True

    def prepare(self, folder: Path, sources: Sources) -> None:
        self._config = configure(folder, sources)
        self._articles = 0

    def poll(self) -> Cost:
        cost = run(aggregator(self._config, "once", "--all", "--json"))
        figures = json.loads(cost.printed)
        # One real document is truncated: its entries are kept, but the source counts as failed.
        assert figures["failed"] <= figures["sources"] / 100, figures["failures"][:3]
        self._articles += figures["new"]
        return cost

    def articles(self) -> int:
        return self._articles


class Newsboat:
    """newsboat, a terminal reader in C++: `newsboat -x reload`."""

    name = "newsboat"

    @staticmethod
    def is_installed() -> bool:
        return shutil.which("newsboat") is not None

    def prepare(self, folder: Path, sources: Sources) -> None:
        self._folder = folder
        (folder / "urls").write_text("".join(f"{url}\n" for url in sources.urls))
        (folder / "config").write_text("auto-reload no\nreload-threads 2\n")

    def poll(self) -> Cost:
        files = ("-u", f"{self._folder}/urls", "-c", f"{self._folder}/cache.db", "-C", f"{self._folder}/config")
        return run(("newsboat", *files, "-x", "reload"), {**os.environ, "HOME": str(self._folder), "LC_ALL": "C.UTF-8"})

    def articles(self) -> int:
        return _rows(self._folder / "cache.db", "rss_item")


class Reader:
    """reader, a Python library for feed readers; one worker. Its search is off, as it is by default."""

    name = "reader"
    _after_adding = ""
    _after_polling = ""

    @staticmethod
    def is_installed() -> bool:
        return find_spec("reader") is not None

    def prepare(self, folder: Path, sources: Sources) -> None:
        self._database = folder / "reader.db"
        self._python(
            f"import sys\nfor url in sys.stdin: reader.add_feed(url.strip())\n{self._after_adding}",
            stdin="\n".join(sources.urls),
        )

    def poll(self) -> Cost:
        return self._python(f"reader.update_feeds(scheduled=False)\n{self._after_polling}")

    def articles(self) -> int:
        return _rows(self._database, "entries")

    def _python(self, statements: str, stdin: str = "") -> Cost:
        make = f"from reader import make_reader\nreader = make_reader({str(self._database)!r})\n"
        return run((sys.executable, "-c", make + statements), stdin=stdin)


class ReaderWithSearch(Reader):
    """reader with its search index brought up to date after each poll, as aggregator's always is."""

    name = "reader with search"
    _after_adding = "reader.enable_search()"
    _after_polling = "reader.update_search()"


def _rows(database: Path, table: str) -> int:
    with closing(sqlite3.connect(database)) as connection:
        (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(count)


PROGRAMS: tuple[Callable[[], Program], ...] = (Aggregator, Newsboat, Reader, ReaderWithSearch)
