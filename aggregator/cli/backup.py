"""`aggregator backup`, `restore`, `migrate`, `health`: the database's copies, and the daemon as seen from outside."""

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from aggregator.cli.options import Options
from aggregator.errors import AggregatorError, ConfigError, UsageError


def backup(ctx: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")]) -> None:
    """Copy the database to a new file, beside a running daemon too."""
    from aggregator import config, files
    from aggregator.store import backup

    options: Options = ctx.obj
    settings = config.load(options.config, options.environ)
    files.act_as_owner(config.local_folder(settings, options.environ))
    size = backup.backup(settings.database or "", file)
    typer.echo(f"{file}: {size:,} bytes; `aggregator restore {quote(str(file))}` puts it back")


def restore(
    ctx: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `backup` made.")]
) -> None:
    """Put a copy in place of the database, while no daemon runs."""
    from aggregator import config, files
    from aggregator.maintain.backup import restore_database

    options: Options = ctx.obj
    settings = config.load(options.config, options.environ)
    files.act_as_owner(config.local_folder(settings, options.environ))
    restore_database(settings, file, config.local_folder(settings, options.environ))
    typer.echo(f"{file} was restored; the next start publishes articles and feeds anew")


def migrate(
    ctx: typer.Context,
    to: Annotated[str, typer.Option(metavar="URL", help="An empty database, as `database` in feeds.yaml names one.")],
) -> None:
    """Copy the whole database to another one, while no daemon runs; an interrupted copy is continued."""
    from aggregator import config, files
    from aggregator.maintain.migrate import migrate_database
    from aggregator.settings import values

    options: Options = ctx.obj
    try:
        values.database_url(to)
    except ValueError as fault:
        raise UsageError(f"--to {fault}") from None
    settings = config.load(options.config, options.environ)
    files.act_as_owner(config.local_folder(settings, options.environ))
    target = config.database_url(to, options.config.absolute().parent)
    rows = migrate_database(
        settings.database or "", target, lambda table, count: typer.echo(f"{table}: {count:,} rows")
    )
    typer.echo(f"all {rows:,} rows are there and equal; now set `database` in {options.config} to this URL")


def health(
    ctx: typer.Context,
    url: Annotated[str | None, typer.Option(help="URL of the daemon; else the one that it noted.")] = None,
) -> None:
    """Ask the daemon for its health: exit with 0 if it is well, else with 1 and the reason."""
    from aggregator.maintain.health import check_health

    options: Options = ctx.obj
    check_health(_noted_address(options) if url is None else url)
    typer.echo("ok")


def _noted_address(options: Options) -> str:
    """Return the URL that the daemon of this storage noted, also if the configuration has got faults since it started.

    Raises ConfigError with these faults, or AggregatorError, if no daemon has run.
    """
    from aggregator import config, files
    from aggregator.maintain.health import noted_address

    faults: ConfigError | None = None
    try:
        settings = config.load(options.config, options.environ, has_secrets=False)
    except ConfigError as error:
        settings, faults = config.load_place(options.config, options.environ), error
    files.act_as_owner(config.local_folder(settings, options.environ))
    try:
        return noted_address(settings)
    except AggregatorError:
        if faults:
            raise faults from None
        raise
