"""`aggregator sync`: what the processes of a cluster have in common."""

from pathlib import Path

import typer

from aggregator.cli.options import Options, counted


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
    files.act_as_owner(Path(settings.storage))
    with app.opened_with(settings, options.environ, folder=options.config.absolute().parent) as opened:
        version = opened.store.settings.version()
    typer.echo(f"{counted(len(settings.sources), 'source')} and the settings (version {version}) are stored")
