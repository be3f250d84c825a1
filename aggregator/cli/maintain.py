"""`aggregator verify`, `prune`: looking after what is kept."""

from typing import Annotated

import typer

from aggregator.cli.counted import counted
from aggregator.cli.options import Options

MOST_LINES = 100  # of differences; the rest are counted


def verify(
    ctx: typer.Context,
    repair: Annotated[bool, typer.Option("--repair", help="Mend what differs, and say what was done.")] = False,
) -> None:
    """Hold database, articles and feeds against each other; exit with 1 while something differs."""
    from aggregator import maintain
    from aggregator.app import opened

    options: Options = ctx.obj
    found = mended = 0
    with opened(options.config, options.environ) as app:
        for difference in maintain.verify(app, repair=repair):
            found += 1
            mended += bool(difference.mended)
            if found <= MOST_LINES:
                typer.echo(str(difference))
    if found > MOST_LINES:
        typer.echo(f"and {found - MOST_LINES} more")
    typer.echo(_summary(found, mended, repair=repair))
    if mended < found:
        raise typer.Exit(1)


def _summary(found: int, mended: int, *, repair: bool) -> str:
    if not found:
        return "all is well"
    differences = counted(found, "difference")
    if repair:
        return f"{differences}, {mended} mended"
    return f"{differences}; `aggregator verify --repair` mends what it can"


def prune(ctx: typer.Context) -> None:
    """Let go of articles older than `retention`: text, file, place in feeds. They never come back."""
    from aggregator import maintain
    from aggregator.app import opened

    options: Options = ctx.obj
    with opened(options.config, options.environ) as app:
        if app.settings.retention is None:
            typer.echo("nothing to do: no `retention` is set, so articles are kept for ever")
            return
        pruned = maintain.prune(app)
    typer.echo(f"{counted(pruned, 'article')} pruned")
