"""The settings above the sources, with a version that grows with each change: what workers go by."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from aggregator.store.database import Database
from aggregator.store.meta import MetaStore

_TEXT, _VERSION = "settings", "version of the settings"  # notes
_FORM = "form"  # note: what shapes all files by these settings, as JSON
_KEEPER = "keeper of the settings"  # note: the daemon that goes by the file they came from, and its last sign of life
KEPT = timedelta(seconds=30)  # after its last sign


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

    def form(self) -> dict[str, Any] | None:
        """Return what shapes all files by the stored settings, None if nothing is stored."""
        text = self._meta.get(_FORM)
        return json.loads(text) if text else None

    def put(self, text: str, form: Mapping[str, Any]) -> None:
        """Store the settings, and what of them shapes all files, as a new version, unless they are stored already."""
        with self._database.writing():
            if self._meta.get(_TEXT) != text or self.form() != form:
                self._meta.set(_TEXT, text)
                self._meta.set(_FORM, json.dumps(form))
                self._meta.set(_VERSION, str(self.version() + 1))

    def keep(self, name: str, now: datetime) -> None:
        """Note that the daemon of this name goes by the stored settings, unless another one does."""
        with self._database.writing():
            if self.keeper(now) in (None, name):
                self._meta.set(_KEEPER, f"{name} {now.isoformat()}")

    def keeper(self, now: datetime) -> str | None:
        """Return the name of the daemon that goes by the stored settings, None if it gave no sign lately."""
        name, _, seen = (self._meta.get(_KEEPER) or "").rpartition(" ")
        return name if name and now - datetime.fromisoformat(seen) < KEPT else None

    def leave(self, name: str) -> None:
        """Note that the daemon of this name ended."""
        with self._database.writing():
            if (self._meta.get(_KEEPER) or "").startswith(f"{name} "):
                self._meta.set(_KEEPER, "")
