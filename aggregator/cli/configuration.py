"""`aggregator check`, `schema`: the configuration."""

import json
from typing import Annotated

import typer

from aggregator import logs
from aggregator.cli.options import Options
from aggregator.names import counted


def check(
    ctx: typer.Context,
    show: Annotated[
        bool, typer.Option("--show", help="Print every setting, its value and where it comes from.")
    ] = False,
) -> None:
    """Validate the configuration and report every fault in it.

    Advice: secrets that the environment should hold, tags that a podcast lacks.
    """
    from aggregator import config
    from aggregator.maintain.podcasts import missing_tags

    options: Options = ctx.obj
    if show:
        for setting in config.effective_settings(options.config, options.environ):
            value = setting.value if setting.name.endswith(".headers") else logs.masked(setting.value)
            typer.echo(f"{setting.name}: {value}  # {setting.origin}")
        return
    settings = config.load(options.config, options.environ)
    for fault in config.advice(options.config):
        typer.echo(str(fault), err=True)
    for category, tags in missing_tags(settings).items():
        lack = f"no source of the podcast feed {category} gives {', '.join(tags)}"
        typer.echo(f"{options.config}: {lack}; podcast directories may refuse it", err=True)
    typer.echo(f"{options.config}: OK: {counted(len(settings.sources), 'source')}")


def schema() -> None:
    """Print the JSON Schema of feeds.yaml."""
    from aggregator import config

    typer.echo(json.dumps(config.schema(), indent=2, ensure_ascii=False))
