"""The real command in a process of its own, in a folder of its own, its memory watched."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.hostile import Hostile
from tests.hostile.rows import READING
from tests.newsroom import dumped
from tests.thorough import THOROUGH

_LIMITED = (
    f"from aggregator.sandbox import Limits; Limits.__init__.__kwdefaults__['seconds'] = {READING}; "
    "from aggregator.__main__ import main; main()"
)
COMMAND = (sys.executable, *(("-m", "aggregator") if THOROUGH else ("-c", _LIMITED)))
LOOK = 0.03  # seconds between two looks at the process's memory


@dataclass(slots=True)
class Watched:
    """A process, while it runs and after; `peak` is its resident memory at its highest, in bytes (VmHWM)."""

    process: subprocess.Popen[str]
    peak: int = 0
    log: list[str] = field(default_factory=list)  # lines of standard error, as they come

    def watch(self) -> None:
        """Look at the process's memory until it ends; its children's is not counted."""
        while self.process.poll() is None:
            time.sleep(LOOK)
            with suppress(OSError):  # it ended just now
                status = Path(f"/proc/{self.process.pid}/status").read_text()
                if peak := re.search(r"VmHWM:\s*(\d+) kB", status):  # a process that has just ended has none
                    self.peak = max(self.peak, int(peak[1]) * 1024)

    def listen(self) -> None:
        """Take up what it says on standard error until that is closed."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line)


@contextmanager
def running(folder: Path, sources: Hostile, *words: str) -> Iterator[Watched]:
    """`aggregator` with these words in `folder`, which reads no longer than `READING`; killed if it runs in the end."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AGGREGATOR")}
    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):  # beside the configuration, to be looked at
        (place := folder / name.lower()).mkdir(exist_ok=True)
        environ[name] = str(place)
    if sources.authority:
        environ["SSL_CERT_FILE"] = str(sources.authority)
    pipe = subprocess.PIPE
    with subprocess.Popen([*COMMAND, *words], cwd=folder, env=environ, stdout=pipe, stderr=pipe, text=True) as process:
        watched = Watched(process)
        threads = [threading.Thread(target=work, daemon=True) for work in (watched.watch, watched.listen)]
        for thread in threads:
            thread.start()
        try:
            yield watched
        finally:
            process.kill()
            for thread in threads:
                thread.join()


def configure(folder: Path, sources: list[dict[str, Any]], **fetch: Any) -> Path:
    """A `feeds.yaml` that lets 127.0.0.1 in and nothing else private, and subscribes wherever a hub is named."""
    settings = {"allow_private": ["127.0.0.1/32"], "host_gap": "0s", "per_host": 100, "timeout": "3s", **fetch}
    path = folder / "feeds.yaml"
    configuration = {"websub": "always", "fetch": settings, "sources": sources}
    path.write_text(dumped(configuration))
    return path
