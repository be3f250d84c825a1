"""The configuration file, watched and read again while the daemon runs. Edge."""

import logging
import stat
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

from aggregator import config
from aggregator.errors import ConfigError, Fault
from aggregator.settings import Settings

FIXED = ("storage", "database")  # both are open: they cannot change while the daemon runs

log = logging.getLogger("aggregator")

FileStamp = tuple[int, int, int, int]


class Reread(ABC):
    """A configuration that is read again while it is in force; what is wrong with it is logged once."""

    def __init__(self) -> None:
        self._is_requested = False
        self._faults: tuple[Fault, ...] = ()  # of the last reading

    @property
    @abstractmethod
    def name(self) -> str:
        """Name of the configuration in messages."""

    @abstractmethod
    def _loaded(self, running: Settings) -> Settings:
        """Return the settings that may follow the running ones. Raises ConfigError."""

    def request(self) -> None:
        """Have the configuration read again, changed or not."""
        self._is_requested = True

    def reread(self, running: Settings) -> Settings | None:
        """Return the settings to go on with; log each new fault and return None if there are any. Raises StoreError."""
        try:
            settings = self._loaded(running)
        except ConfigError as error:
            if error.faults != self._faults:
                for fault in error.faults:
                    log.error("%s", fault)
                log.warning("the previous configuration stays in force until that is fixed")
            self._faults = error.faults
            return None
        if self._faults and settings == running:  # else the reload is logged
            log.info("%s is as it was before its faults; nothing changes", self.name)
        self._faults = ()
        return settings


def fixed_changes(settings: Settings, running: Settings) -> list[str]:
    """Return the names of the settings that differ and cannot change while they are in force."""
    return [name for name in FIXED if getattr(settings, name) != getattr(running, name)]


class ConfigWatcher(Reread):
    """Watches `feeds.yaml`, and reads it together with the environment.

    Without `has_secrets` the variables that sources refer to may be missing.
    `own_url` is the URL at which readers reach us if none is configured.
    """

    def __init__(self, path: Path, environ: Mapping[str, str], *, has_secrets: bool = True) -> None:
        super().__init__()
        self.path, self.own_url = path, ""
        self._environ, self._has_secrets = environ, has_secrets
        self._read_stamp = self._last_stamp = _stamp(path)

    def load(self) -> Settings:
        """Return the settings of the present file. Raises ConfigError."""
        return config.fit_to_fd_limit(config.load(self.path, self._environ, has_secrets=self._has_secrets))

    def with_base_url(self, settings: Settings) -> Settings:
        """Return the settings with a `base_url`, our own if none is configured."""
        return settings.with_own_url(self.own_url)

    def is_due(self) -> bool:
        """Return whether the file is to be read: on request, or because it changed. To be called once a tick.

        It must look the same at two ticks in a row: a file that is being written may still lack its last sources.
        """
        before, self._last_stamp = self._last_stamp, _stamp(self.path)
        return self._is_requested or self._read_stamp != self._last_stamp == before

    def begin(self) -> None:
        """Note that the file as `is_due` saw it last is being dealt with, and is not due any more."""
        self._read_stamp, self._is_requested = self._last_stamp, False

    def _loaded(self, running: Settings) -> Settings:
        self._check_present()
        settings = self.with_base_url(self.load())
        if changed := fixed_changes(settings, running):
            raise self._error(f"{' and '.join(changed)} cannot change while the daemon runs; restart it for that")
        return settings

    @property
    def notice(self) -> str:
        """Sentence for readers about faults that `reread` met last, "" for none. The log has the faults themselves."""
        if not self._faults:
            return ""
        return (
            f"{self.path.name} cannot be used at the moment; the previous configuration stays in force. "
            "The log and “aggregator check” say why."
        )

    @property
    def name(self) -> str:
        """Path of the file."""
        return str(self.path)

    def note_version(self, version: int) -> None:
        """Do nothing: this process stores the settings."""

    def _check_present(self) -> None:
        """Raise ConfigError if the file was taken away."""
        try:
            is_folder = stat.S_ISDIR(self.path.stat().st_mode)
        except FileNotFoundError:
            raise self._error("there is no such file any more; once it is put back, it is read again") from None
        except OSError:
            return  # reading it gives the reason
        if is_folder:
            raise self._error("a folder is in its place; move the folder away and put the file back")

    def _error(self, message: str) -> ConfigError:
        return ConfigError([Fault(file=str(self.path), line=0, column=0, message=message)])


def _stamp(path: Path) -> FileStamp | None:
    """Return values that change with the file, also with a `chmod`; None if there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
