"""The configuration, followed while the daemon runs. Edge."""

import logging
import stat
from collections.abc import Mapping
from pathlib import Path

from aggregator import config
from aggregator.errors import ConfigError, Fault
from aggregator.settings import Settings

FIXED = ("storage", "database")  # what is open cannot be exchanged for another

log = logging.getLogger("aggregator")

Stamp = tuple[int, int, int, int]


class Configuration:
    """`feeds.yaml` and the environment: when they are to be read again, and what they say then.

    `here` is the URL at which readers reach us where nothing else is configured.
    """

    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        self.path, self.here = path, ""
        self._environ = environ
        self._taken = self._seen = _stamp(path)
        self._asked = False
        self._told: tuple[Fault, ...] = ()

    def load(self) -> Settings:
        """The settings as they are now, written down or by default. Raises ConfigError."""
        return config.affordable(config.load(self.path, self._environ))

    def reachable(self, settings: Settings) -> Settings:
        """`settings`, with an address at which readers reach us."""
        return settings if settings.base_url else settings.model_copy(update={"base_url": self.here})

    def ask(self) -> None:
        """Have the file read again, changed or not."""
        self._asked = True

    def is_due(self) -> bool:
        """Whether somebody asked, or the file is another than the one taken up; called once a tick.

        It must look the same at two ticks in a row: a file that is still being written may lack its last sources.
        """
        before, self._seen = self._seen, _stamp(self.path)
        return self._asked or self._taken != self._seen == before

    def reread(self, running: Settings) -> Settings | None:
        """The settings to run with from now on; None where there are none, and each fault is logged, once."""
        try:
            self._check_there()
            settings = self.reachable(self.load())
            self._check_fixed(running, settings)
        except ConfigError as error:
            if error.faults != self._told:
                for fault in error.faults:
                    log.error("%s", fault)
                log.warning("the configuration from before stays in force until that is mended")
            self._told = error.faults
            return None
        self._told = ()
        return settings

    @property
    def notice(self) -> str:
        """What readers may know of faults that `reread` met last; "" where there were none. The log has the faults."""
        if not self._told:
            return ""
        return (
            f"{self.path.name} cannot be taken up as it is now; the configuration from before stays in force. "
            "The log and “aggregator check” say why."
        )

    def taken(self) -> None:
        """What `is_due` saw last is being dealt with, and not due any more."""
        self._taken, self._asked = self._seen, False

    def _check_there(self) -> None:
        """Raise ConfigError where the file was taken away: a daemon that runs cannot be given another."""
        try:
            is_folder = stat.S_ISDIR(self.path.stat().st_mode)
        except FileNotFoundError:
            message = "there is no such file any more; put it back, and it is taken up by itself"
        except OSError:
            return  # who reads it says why
        else:
            if not is_folder:
                return
            message = "a folder is in its place; move the folder away and put the file back"
        raise ConfigError([Fault(file=str(self.path), line=0, column=0, message=message)])

    def _check_fixed(self, running: Settings, settings: Settings) -> None:
        other = [name for name in FIXED if getattr(settings, name) != getattr(running, name)]
        if other:
            message = f"{' and '.join(other)} cannot change while the daemon runs; restart it for that"
            raise ConfigError([Fault(file=str(self.path), line=0, column=0, message=message)])


def _stamp(path: Path) -> Stamp | None:
    """What tells one state of a file from another; None where there is none. The change time sees a `chmod`."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
