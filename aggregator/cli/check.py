"""`aggregator check`: is the configuration good?"""

import typer

from aggregator.cli.options import Options


def check(ctx: typer.Context) -> None:
    """Validate the configuration and name every fault in it."""
    from aggregator import config

    options: Options = ctx.obj
    settings = config.load(options.config, options.environ)
    number = len(settings.sources)
    typer.echo(f"{options.config}: good, {number} source{'s' if number != 1 else ''}")
