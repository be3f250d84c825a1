"""The daemon while it runs: a worker that serves, too. Shell."""

import asyncio
import logging
import socket
from typing import Any

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from aggregator import __version__
from aggregator.app import App
from aggregator.config.fd_limit import max_connections
from aggregator.daemon.listener import is_loopback, url_host
from aggregator.daemon.reload import ConfigWatcher
from aggregator.daemon.server import new_server
from aggregator.daemon.systemd import Supervisor
from aggregator.daemon.worker import Duties, Worker
from aggregator.pictures.pictures import Pictures
from aggregator.serve import connection_for, site
from aggregator.settings import Settings

log = logging.getLogger("aggregator")


class Daemon(Worker):
    """`aggregator run` from its start to its stop."""

    _configuration: ConfigWatcher

    def __init__(
        self, app: App, configuration: ConfigWatcher, supervisor: Supervisor, duties: Duties, *, unclean: bool
    ) -> None:
        super().__init__(app, configuration, supervisor, duties, unclean=unclean)
        self._pictures = Pictures(app, self._metrics.count_picture)
        self._site = self._new_site()
        if not duties.fetches:
            self._health.has_feeds = self._has_feeds

    async def run(self, listener: socket.socket) -> None:
        """Do the daemon's duties, and serve at `listener`, until told to stop."""
        server = new_server(
            self._serve,
            connection_for(self._answer_feed, self._metrics.count_rejection, max_connections(self._app.settings)),
        )
        async with self.working():
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            self._log_start(listener)
            self._supervisor.ready()
            await asyncio.wait({serving, asyncio.create_task(self._stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await self._pictures.close()
        await serving

    def _log_start(self, listener: socket.socket) -> None:
        settings, address = self._app.settings, self._configuration.own_url
        base_url = settings.configured_url or "is not set"
        where = (__version__, self._configuration.path, settings.storage, url_host(listener, bound=True), base_url)
        log.info("aggregator %s: configuration %s, storage %s, listening on %s, base_url %s", *where)
        if not settings.configured_url and not is_loopback(listener):
            log.warning(
                "other machines can connect, but feeds name %s: set `base_url` to where readers reach you", address
            )
        log.info("serving %s", settings.public_url)

    def _has_feeds(self) -> bool:
        return bool(self._site.state.feeds.has_feeds())

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._site(scope, receive, send)  # the present one: a reload makes another

    def _answer_feed(self, *request: Any) -> Any:
        return self._site.state.feeds.answer(*request)

    async def _apply_elsewhere(self, before: Settings) -> None:
        settings = self._app.settings
        if (settings.fetch, settings.pages) != (before.fetch, before.pages):
            await self._pictures.reconfigure(self._app)
        self._site = self._new_site()

    def _new_site(self) -> Starlette:
        return site(self._app, self._health, self._metrics, self._hubs.pushes(), self._pictures)
