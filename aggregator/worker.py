"""A worker of a cluster: it fetches and publishes by what the database holds, and serves nothing. Shell."""

import logging
from collections.abc import Mapping
from urllib.parse import urlsplit

from aggregator import __version__, logs
from aggregator.app import App, opened_by_rows, reconfigured_by_rows
from aggregator.clock import Clock, utc_now
from aggregator.daemon.stored import StoredConfiguration
from aggregator.daemon.systemd import Supervisor
from aggregator.daemon.worker import Duties, Worker
from aggregator.errors import UsageError
from aggregator.settings import Settings
from aggregator.store import Store

DATABASE = "AGGREGATOR_DATABASE"

log = logging.getLogger("aggregator")


class ClusterWorker(Worker):
    """Worker whose settings and sources are those that the database holds."""

    _configuration: StoredConfiguration

    async def run(self) -> None:
        """Work until told to stop. Raises OutdatedError once a newer version migrated the database."""
        async with self.working():
            settings = self._app.settings
            where = (__version__, self._app.store.database.name, settings.storage, settings.fetch.concurrency)
            log.info("aggregator %s: worker on %s, storage %s, up to %d requests at once", *where)
            self._supervisor.ready()
            await self._stop.wait()

    def _log_reload(self) -> None:
        log.info("%s were taken over", self._configuration.name)

    def _reconfigured(self, settings: Settings) -> App:
        return reconfigured_by_rows(self._app, settings, self._configuration.stored)


async def run_worker(
    environ: Mapping[str, str], *, concurrency: int | None = None, name: str = "", clock: Clock = utc_now
) -> None:
    """Work until SIGTERM or SIGINT; a second one ends the process at once. Others see it under its name.

    Raises ConfigError, UsageError, StoreError (for example without settings in the database).
    """
    url = environ.get(DATABASE) or ""
    if not url:
        raise UsageError(f"{DATABASE} is not set; set it to the URL that `database` in feeds.yaml has")
    if url.startswith("sqlite:"):
        raise UsageError(f"workers share PostgreSQL, and {DATABASE} names SQLite; `run` is all that it needs")
    logs.hide(filter(None, (urlsplit(url).password,)))
    if concurrency:
        environ = {**environ, "AGGREGATOR_FETCH__CONCURRENCY": str(concurrency)}
    with Store.open(url, migrates=False) as store:
        configuration = StoredConfiguration(store, environ)
        settings = configuration.load()
        with opened_by_rows(settings, configuration.stored, environ, store, clock) as app:
            app.refuse_other_storage()
            if app.bucket:
                app.bucket.check()
            supervisor = Supervisor(environ.get("NOTIFY_SOCKET"))
            await ClusterWorker(app, configuration, supervisor, Duties(name=name)).run()
