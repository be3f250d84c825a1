"""Copies of the database, while no daemon interferes. Shell."""

from pathlib import Path

from aggregator import files
from aggregator.errors import AggregatorError
from aggregator.settings import Settings
from aggregator.store import backup


def restore_database(settings: Settings, copy: Path, storage: Path) -> None:
    """Put the copy in place of the database. Raises AggregatorError if a daemon runs or the copy is of no use."""
    url = settings.database or ""
    backup.sqlite_file(url)
    files.make_folder(storage)
    if files.is_held(storage / files.DAEMON_LOCK):
        raise AggregatorError(f"a daemon is running on {storage}; stop it, then restore, then start it again")
    with files.alone(storage / files.DAEMON_LOCK):
        backup.restore(url, copy)
