"""The daemon: fetch on schedule, publish, serve. Shell.

APScheduler only ticks, once a second; when a source is due is a column of its row, so a restart polls nothing early.
"""

from collections.abc import Mapping
from pathlib import Path

from aggregator import files
from aggregator.daemon.configuration import Configuration
from aggregator.daemon.listening import address, listening
from aggregator.daemon.systemd import Supervisor

__all__ = ["run_daemon"]


async def run_daemon(path: Path, environ: Mapping[str, str], host: str, port: int) -> None:
    """Run until SIGTERM or SIGINT; a second one ends the process on the spot, SIGHUP reads the configuration again.

    Raises ConfigError, StoreError, FilesError (another daemon works on this storage), AggregatorError (port in use).
    """
    configuration = Configuration(path, environ)
    settings = configuration.load()
    storage = Path(settings.storage)
    files.make_folder(storage)
    with files.alone(storage / ".daemon.lock"), listening(host, port) as listener:
        # Only now: they take a second, and who is not alone shall hear of it before.
        from aggregator.app import ADDRESS, opened_with
        from aggregator.daemon.running import Daemon
        from aggregator.publish import sweep

        configuration.here = f"http://{address(listener)}/"
        with opened_with(configuration.reachable(settings)) as app, app.store.fetching():
            app.store.set_note(ADDRESS, configuration.here)
            sweep(app)
            await Daemon(app, configuration, Supervisor(environ.get("NOTIFY_SOCKET"))).run(listener)
