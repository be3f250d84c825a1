"""Tags that the feeds of podcasts lack. Shell."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from urllib.parse import quote

from aggregator.errors import StoreError
from aggregator.settings import Settings
from aggregator.store import Store
from aggregator.store.backup import sqlite_path
from aggregator.store.schema import VERSION


def missing_tags(settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """Return the tags that podcast directories require and no source gives, by the category that lacks them.

    Only feeds that are published as podcasts count, by what the sources of their articles said last. That is
    read from a database of SQLite that this user may open and that needs no migration; else nothing is known.
    """
    path = sqlite_path(settings.database or "")
    if path is None:
        return {}
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as database:
            version = database.execute("SELECT version_num FROM alembic_version").fetchone()
        if version != (VERSION,):
            return {}
        with Store.open(settings.database or "") as store:
            podcasts = store.feeds.podcasts(settings.feeds.limit)
    except (sqlite3.Error, StoreError):
        return {}  # `run` says what is wrong with it
    return {name: podcast.missing for name, podcast in podcasts.items() if podcast.missing}
