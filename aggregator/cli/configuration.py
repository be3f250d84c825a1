"""`aggregator check`, `schema`: the configuration."""

import json

import typer

from aggregator.cli.options import Options, counted


def check(ctx: typer.Context) -> None:
    """Validate the configuration and report every fault in it."""
    from aggregator import config

    options: Options = ctx.obj
    settings = config.load(options.config, options.environ)
    typer.echo(f"{options.config}: OK: {counted(len(settings.sources), 'source')}")


def schema() -> None:
    """Print the JSON Schema of feeds.yaml."""
    from aggregator import config

    typer.echo(json.dumps(config.schema(), indent=2, ensure_ascii=False))
