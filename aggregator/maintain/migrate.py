"""The move of a whole newsroom to another database. Shell."""

import logging

from aggregator.clock import utc_now
from aggregator.errors import AggregatorError
from aggregator.store import Store, transfer
from aggregator.store.backup import sqlite_path
from aggregator.store.database import Database
from aggregator.store.dialect import is_missing

log = logging.getLogger(__name__)


def migrate_database(url: str, to: str, report: transfer.Progress) -> int:
    """Copy the database at `url` to an empty one at `to`, compare both, and return the number of rows.

    An interrupted copy is continued; if the database was written to meanwhile, it begins anew. `report` gets each
    table's name and number of rows. Raises AggregatorError if a process fetches, or did of late in either database, if
    the other database holds anything else, or if both differ in the end.
    """
    if url == to:
        raise AggregatorError("--to names the database that the configuration names; name another one")
    if (path := sqlite_path(url)) and is_missing(path):
        raise AggregatorError(f"there is no database {path} to copy")
    with Store.open(url) as store, store.leases.watching() as is_alone:
        _require_no_worker(store)
        if not is_alone:
            raise AggregatorError(f"a process that fetches has the database {store.database.name} open; stop it first")
        with Store.open(to) as target:  # which makes a file that was not there
            _require_no_worker(target)
            return _copied(store.database, target.database, report)


def _require_no_worker(store: Store) -> None:
    now = utc_now()
    if working := [state.name for state in store.workers.state(now).working(now)]:
        subject = "the process" if len(working) == 1 else "the processes"
        raise AggregatorError(
            f"{subject} {', '.join(working)} worked on the database {store.database.name} less than a minute ago; "
            "stop each, or wait for a minute if it was killed"
        )


def _copied(source: Database, target: Database, report: transfer.Progress) -> int:
    copied = transfer.progress(target)
    if copied is None and not transfer.is_empty(target):
        if _different(source, target):
            raise AggregatorError(f"the database {target.name} is not empty; name a new one, or empty that first")
        return _rows(source)
    if copied and transfer.contents(source, copied) != transfer.contents(target):
        log.info("the database %s was written to since the copy began: it is copied anew", source.name)
        copied = None
    if copied is None:
        transfer.begin(target)
    transfer.copy_rows(source, target, report)
    if tables := _different(source, target):
        raise AggregatorError(
            f"the copy in {target.name} differs from {source.name} in {', '.join(tables)}; see that nothing writes to "
            "either database, and run this command again"
        )
    transfer.finish(target)
    return _rows(source)


def _different(source: Database, target: Database) -> list[str]:
    """Return the names of the tables that differ."""
    copied = transfer.contents(target)
    return [name for name, content in transfer.contents(source).items() if copied[name] != content]


def _rows(database: Database) -> int:
    return sum(content.rows for content in transfer.contents(database).values())
