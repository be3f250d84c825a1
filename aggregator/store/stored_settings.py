"""The settings above the sources, with a version that grows with each change: what workers go by."""

from aggregator.store.database import Database
from aggregator.store.meta import MetaStore

_TEXT, _VERSION = "settings", "version of the settings"  # notes


class SettingsStore:
    """The stored settings, as text; `aggregator.settings.stored` reads and writes it."""

    def __init__(self, database: Database, meta: MetaStore) -> None:
        self._database, self._meta = database, meta

    def version(self) -> int:
        """Return the version of the stored settings, 0 if there are none."""
        return int(self._meta.get(_VERSION) or 0)

    def get(self) -> tuple[int, str]:
        """Return the version of the stored settings and their text; 0 and "" if there are none."""
        return self.version(), self._meta.get(_TEXT) or ""  # in this order: a text newer than its version is read again

    def put(self, text: str) -> None:
        """Store the settings as a new version, unless they are stored already."""
        with self._database.writing():
            if self._meta.get(_TEXT) != text:
                self._meta.set(_TEXT, text)
                self._meta.set(_VERSION, str(self.version() + 1))
