"""`aggregator publish`, `verify`, `prune`: maintenance of files and database."""

from typing import Annotated

import typer

from aggregator.cli.options import opened
from aggregator.errors import FilesError
from aggregator.names import counted

MAX_DIFFERENCES = 100  # that are printed; the rest are counted


def publish(ctx: typer.Context) -> None:
    """Write every article and feed anew from the database; unchanged files are not touched."""
    from aggregator.publish import UnwrittenError, publish_all
    from aggregator.publish.after import run_at_end

    failure: UnwrittenError | None = None
    with opened(ctx) as app:
        try:
            written = publish_all(app)
        except UnwrittenError as error:
            written, failure = error.published, error
        run_at_end(app)
    articles, feeds = counted(written.articles, "article"), counted(written.feeds, "feed")
    if failure:
        typer.echo(f"{articles} and {feeds} written")
        raise failure
    typer.echo(f"{articles} and {feeds} written, all others are up to date")


def verify(
    ctx: typer.Context,
    repair: Annotated[bool, typer.Option("--repair", help="Repair the differences, and report each repair.")] = False,
) -> None:
    """Compare database, articles and feeds with each other; exit with 1 while they differ."""
    from aggregator.maintain.verify import differences
    from aggregator.publish.after import run_at_end
    from aggregator.store.comparisons import ALL_PARTS

    total = repaired = 0
    with opened(ctx) as app:
        for difference in differences(app, repair=repair):
            total += 1
            repaired += bool(difference.action)
            if total <= MAX_DIFFERENCES:
                typer.echo(str(difference))
        app.store.comparisons.note(ALL_PARTS, total - repaired, app.clock())
        if repair:
            run_at_end(app)
    if total > MAX_DIFFERENCES:
        typer.echo(f"and {total - MAX_DIFFERENCES} more")
    if not total:
        typer.echo("no differences")
    elif repair:
        typer.echo(f"{counted(total, 'difference')}, {repaired} repaired")
    else:
        typer.echo(f"{counted(total, 'difference')}; `aggregator verify --repair` repairs what it can")
    if repaired < total:
        raise typer.Exit(1)


def prune(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how many would be pruned, and prune none.")] = False,
) -> None:
    """Delete articles older than `retention` from files, feeds and database; they never come back."""
    from aggregator.maintain.prune import allow_retention, count_old, prune_all
    from aggregator.publish.after import run_at_end

    with opened(ctx) as app:
        if app.settings.retention is None and not app.has_rules:
            typer.echo("nothing to do: `retention` is not set, so articles are kept for ever")
            return
        if dry_run:
            old, total = count_old(app)
            typer.echo(f"{old:,} of {counted(total, 'article')} would be pruned")
            return
        failure: FilesError | None = None
        try:
            pruned = prune_all(app)
        except FilesError as error:
            failure = error
        allow_retention(app)
        run_at_end(app)
    if failure:
        raise failure
    typer.echo(f"{counted(pruned, 'article')} pruned")
