"""The programs that are measured: ours, and what else a reader of feeds might pick, on the same sources.

Each gets a folder of its own and the URLs once; a round is one process that fetches everything once and ends.
"""

import json
import os
import shutil
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from benchmarks.measuring import Cost, Sources, configured, python, run


class Program(Protocol):
    """One program: whether it can be had here, what it costs to fetch all sources once, and what it then holds."""

    name: str
    does: str

    @staticmethod
    def is_here() -> bool:
        """Whether it is installed."""

    def prepare(self, folder: Path, sources: Sources) -> None:
        """Tell it the sources; not counted."""

    def poll(self) -> Cost:
        """Fetch everything once."""


class Ours:
    """`aggregator once --all`."""

    name = "aggregator"
    does = "cleans, converts, de-duplicates, stores, writes each article and all feeds"

    @staticmethod
    def is_here() -> bool:
        return True

    def prepare(self, folder: Path, sources: Sources) -> None:
        self._config = str(configured(folder, sources))

    def poll(self) -> Cost:
        cost = python("aggregator", "--config", self._config, "once", "--all", "--json")
        figures = json.loads(cost.printed)
        assert figures["failed"] == 0, figures["failures"][:3]
        return cost


class Newsboat:
    """newsboat, a terminal reader in C++: `newsboat -x reload`."""

    name = "newsboat"
    does = "keeps raw HTML"

    @staticmethod
    def is_here() -> bool:
        return shutil.which("newsboat") is not None

    def prepare(self, folder: Path, sources: Sources) -> None:
        self._folder = folder
        (folder / "urls").write_text("".join(f"{url}\n" for url in sources.urls))
        (folder / "config").write_text("auto-reload no\nreload-threads 2\n")

    def poll(self) -> Cost:
        files = ("-u", f"{self._folder}/urls", "-c", f"{self._folder}/cache.db", "-C", f"{self._folder}/config")
        return run(("newsboat", *files, "-x", "reload"), {**os.environ, "HOME": str(self._folder), "LC_ALL": "C.UTF-8"})


class Reader:
    """reader, a Python library for feed readers; one worker."""

    name = "reader"
    does = "parses, sanitises, stores"

    @staticmethod
    def is_here() -> bool:
        return find_spec("reader") is not None

    def prepare(self, folder: Path, sources: Sources) -> None:
        self._database = str(folder / "reader.db")
        make = "import sys; from reader import make_reader; r = make_reader(sys.argv[1])"
        add = f"{make}\nfor url in sys.stdin: r.add_feed(url.strip())"
        run((sys.executable, "-c", add, self._database), given="\n".join(sources.urls))

    def poll(self) -> Cost:
        update = f"from reader import make_reader; make_reader({self._database!r}).update_feeds(scheduled=False)"
        return run((sys.executable, "-c", update))


PROGRAMS: tuple[Callable[[], Program], ...] = (Ours, Newsboat, Reader)
