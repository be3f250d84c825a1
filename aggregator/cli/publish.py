"""`aggregator publish`: every file anew from the database."""

import typer

from aggregator.cli.counted import counted
from aggregator.cli.options import Options


def publish(ctx: typer.Context) -> None:
    """Write every article and feed anew from the database; what did not change is left alone."""
    from aggregator.app import opened
    from aggregator.publish import publish_all

    options: Options = ctx.obj
    with opened(options.config, options.environ) as app:
        written = publish_all(app)
    articles, feeds = counted(written.articles, "article"), counted(written.feeds, "feed")
    typer.echo(f"{articles} and {feeds} written, the others were right already")
