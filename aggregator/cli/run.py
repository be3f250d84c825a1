"""`aggregator run`: the daemon."""

import asyncio
from typing import Annotated

import typer

from aggregator.cli.options import Options


def run(
    ctx: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 8080,
    no_fetch: Annotated[bool, typer.Option("--no-fetch", help="Only serve; workers fetch and publish.")] = False,
) -> None:
    """Fetch on schedule, publish and serve the feeds until stopped."""
    import uvloop  # serves a third more requests per second than asyncio's own loop

    from aggregator.daemon import run_daemon

    options: Options = ctx.obj
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run_daemon(options.config, options.environ, host, port, fetches=not no_fetch))
