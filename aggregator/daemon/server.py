"""uvicorn, set up for the daemon. Edge."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import Receive, Scope, Send


class Server(uvicorn.Server):
    """uvicorn without its signal handlers: the daemon first stops fetching, then serving."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the daemon."""
        yield


def new_server(site: Callable[[Scope, Receive, Send], Awaitable[None]], connection: type[asyncio.Protocol]) -> Server:
    """Return a server of the ASGI application `site`, whose connections are of the given class."""
    return Server(
        uvicorn.Config(
            site,
            http=connection,
            ws="none",
            interface="asgi3",  # a bound method is not recognised as such
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=2,
        )
    )
