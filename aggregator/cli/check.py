"""`aggregator check`: is the configuration good?"""

import typer

from aggregator.cli.counted import counted
from aggregator.cli.options import Options


def check(ctx: typer.Context) -> None:
    """Validate the configuration and name every fault in it."""
    from aggregator import config

    options: Options = ctx.obj
    settings = config.load(options.config, options.environ)
    typer.echo(f"{options.config}: good, {counted(len(settings.sources), 'source')}")
