"""`aggregator sync`, `worker`: several processes on one PostgreSQL database."""

import asyncio
from typing import Annotated

import typer

from aggregator.cli.options import Options
from aggregator.names import counted


def sync(ctx: typer.Context) -> None:
    """Store feeds.yaml in the database (PostgreSQL), where workers read it; `run` does this, too."""
    from aggregator import app, config, files
    from aggregator.errors import AggregatorError

    options: Options = ctx.obj
    settings = config.load(options.config, options.environ, has_secrets=False)
    if (settings.database or "").startswith("sqlite:"):
        raise AggregatorError(
            "`sync` is for the workers of a cluster, which need PostgreSQL: set `database`; with SQLite `run` reads "
            f"{options.config} itself"
        )
    files.act_as_owner(config.local_folder(settings, options.environ))
    with app.opened_with(settings, options.environ, folder=options.config.absolute().parent) as opened:
        version = opened.store.settings.version()
    typer.echo(f"{counted(len(settings.sources), 'source')} and the settings (version {version}) are stored")


def worker(
    ctx: typer.Context,
    concurrency: Annotated[
        int | None, typer.Option(help="Concurrent requests; else fetch.concurrency.", min=1, max=1000)
    ] = None,
    name: Annotated[str, typer.Option(help="Its name on the status page; else its host and process id.")] = "",
) -> None:
    """Fetch and publish as one of several processes on the database that AGGREGATOR_DATABASE names; serve nothing."""
    import uvloop

    from aggregator.worker import run_worker

    options: Options = ctx.obj
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run_worker(options.environ, concurrency=concurrency, name=name))
