"""The stored settings, read again when another process stores new ones: a worker's configuration. Shell."""

from collections.abc import Mapping
from pathlib import Path

from aggregator import config
from aggregator.app import with_noted_url
from aggregator.config.rows import settings_from_rows
from aggregator.daemon.reload import Reread, fixed_changes
from aggregator.errors import ConfigError, Fault, StoreError
from aggregator.settings import Settings
from aggregator.settings.stored import StoredSettings
from aggregator.store import Store


class StoredConfiguration(Reread):
    """The settings above the sources as the database and the environment give them."""

    name = "the stored settings"
    notice = ""

    def __init__(self, store: Store, environ: Mapping[str, str]) -> None:
        super().__init__()
        self._store, self._environ = store, environ
        self._version = self._newest = 0
        self.stored = StoredSettings(settings={})

    def load(self) -> Settings:
        """Return the settings. Raises StoreError if none are stored, ConfigError."""
        version, text = self._store.settings.get()
        if not version:
            raise StoreError(
                f"The database {self._store.database.name} holds no settings; run `aggregator sync` where feeds.yaml is"
            )
        stored = StoredSettings.model_validate_json(text)
        settings = config.fit_to_fd_limit(settings_from_rows(stored, self._environ, Path.cwd()))
        self.stored, self._version = stored, version
        return with_noted_url(self._store, settings)

    def note_version(self, version: int) -> None:
        """Note the version that is stored at the moment."""
        self._newest = version

    def is_due(self) -> bool:
        """Return True if the settings are to be read: on request, or because there are new ones."""
        return self._is_requested or self._newest > self._version

    def begin(self) -> None:
        """Note that what is stored is being dealt with, and is not due any more."""
        self._version, self._is_requested = max(self._version, self._newest), False

    def _loaded(self, running: Settings) -> Settings:
        settings = self.load()
        if changed := fixed_changes(settings, running):
            message = f"{' and '.join(changed)} cannot change while a worker runs; restart it for that"
            raise ConfigError([Fault(file=self.name, line=0, column=0, message=message)])
        return settings
