"""The daemon: fetch on schedule, publish, serve. Shell.

APScheduler only ticks, once a second; when a source is due is a column of its row, so a restart polls nothing early.
"""

from collections.abc import Mapping
from pathlib import Path

from aggregator import files
from aggregator.clock import Clock, utc_now
from aggregator.daemon.configuration import Configuration
from aggregator.daemon.listening import address, listening
from aggregator.daemon.systemd import Supervisor

__all__ = ["LOCK", "run_daemon"]

LOCK = ".daemon.lock"  # in storage; held by a daemon as long as it runs
# Up to so many bytes a database is read to its end at the start, of a larger one all but the texts: a gigabyte takes a
# slow disk 20 s, without its texts 0.7 s. After an unclean stop, when damage is born, it may take that long.
CHECKED, CHECKED_AFTER_UNCLEAN_STOP = 100_000_000, 1_000_000_000


async def run_daemon(path: Path, environ: Mapping[str, str], host: str, port: int, *, clock: Clock = utc_now) -> None:
    """Run until SIGTERM or SIGINT; a second one ends the process on the spot, SIGHUP reads the configuration again.

    Raises ConfigError, StoreError (the database is damaged, say), FilesError (another daemon works on this storage),
    AggregatorError (port in use).
    """
    configuration = Configuration(path, environ)
    settings = configuration.load()
    storage = Path(settings.storage)
    files.make_folder(storage)
    with files.alone(storage / LOCK) as in_order, listening(host, port) as listener:
        # Only now: they take a second, and who is not alone shall hear of it before.
        from aggregator.app import ADDRESS, opened_with
        from aggregator.daemon.running import Daemon
        from aggregator.publish import sweep

        configuration.here = f"http://{address(listener)}/"
        check = CHECKED if in_order else CHECKED_AFTER_UNCLEAN_STOP
        reachable = configuration.reachable(settings)
        with opened_with(reachable, environ, clock, check=check) as app, app.store.sources.fetching():
            app.store.meta.set(ADDRESS, configuration.here)
            sweep(app)
            supervisor = Supervisor(environ.get("NOTIFY_SOCKET"))
            await Daemon(app, configuration, supervisor, unclean=not in_order).run(listener)
