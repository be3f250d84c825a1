"""The daemon: fetch on schedule, publish, serve. Shell.

APScheduler only ticks, once a second; the time at which a source is due is a column of its row, so that a restart polls
nothing early.
"""

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

from aggregator import files
from aggregator.clock import Clock, utc_now
from aggregator.config import local_folder
from aggregator.daemon.listener import listening, url_host
from aggregator.daemon.reload import ConfigWatcher
from aggregator.daemon.systemd import Supervisor

__all__ = ["run_daemon"]

# A database up to this size is read to its end at the start, of a larger one all but the texts: a gigabyte takes a slow
# disk 20 s, without its texts 0.7 s. After an unclean stop, when damage arises, it may take that long.
CHECK_BYTES, CHECK_BYTES_AFTER_UNCLEAN_STOP = 100_000_000, 1_000_000_000


async def run_daemon(
    path: Path, environ: Mapping[str, str], host: str, port: int, *, fetches: bool = True, clock: Clock = utc_now
) -> None:
    """Run until SIGTERM or SIGINT; a second one ends the process at once, SIGHUP has the configuration read again.

    Without `fetches` it only serves, and publishes if no worker can, as with SQLite.
    Raises ConfigError, StoreError (for example of a damaged database), FilesError (another daemon uses this storage),
    AggregatorError (the port is in use).
    """
    configuration = ConfigWatcher(path, environ, has_secrets=fetches)
    settings = configuration.load()
    storage = local_folder(settings, environ)
    files.act_as_owner(storage)
    files.make_folder(storage)
    is_shared = not (settings.database or "").startswith("sqlite:")
    with files.alone(storage / files.DAEMON_LOCK, or_shared=is_shared) as was_clean, listening(host, port) as listener:
        # Imported only now: it takes a second, and a second daemon on this storage must fail before.
        from aggregator.app import ADDRESS, opened_with, refuse_other_form
        from aggregator.daemon.service import Daemon
        from aggregator.daemon.worker import Duties
        from aggregator.publish.after import note_changed
        from aggregator.publish.outbox import remove_temporary_files

        configuration.own_url = f"http://{url_host(listener)}/"
        check_bytes = CHECK_BYTES if was_clean else CHECK_BYTES_AFTER_UNCLEAN_STOP
        settings = configuration.with_base_url(settings)
        folder = path.absolute().parent
        duties = Duties(fetches=fetches, publishes=fetches or not is_shared, keeps=True)
        if is_shared:
            refuse_other_form(settings, clock())
        with (
            opened_with(settings, environ, clock, folder=folder, check_bytes=check_bytes) as app,
            app.store.leases.fetching() if fetches else nullcontext(),
        ):
            app.refuse_other_storage()
            app.store.meta.set(ADDRESS, configuration.own_url)
            if duties.publishes:
                if app.bucket:
                    app.bucket.check()
                remove_temporary_files(app)
            if not was_clean:
                note_changed(app)  # files may have changed without a note
            supervisor = Supervisor(environ.get("NOTIFY_SOCKET"))
            await Daemon(app, configuration, supervisor, duties, unclean=not was_clean).run(listener)
