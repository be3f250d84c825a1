"""`aggregator init`: the files that a new installation begins with."""

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of feeds.yaml.", show_default=False)] = Path(),
    hugo: Annotated[
        Path | None, typer.Option(metavar="SITE", help="Write a Hugo site, too, which shows the articles.")
    ] = None,
) -> None:
    """Write a feeds.yaml with comments and an example source, unless there is one."""
    from aggregator import scaffold

    path = scaffold.write_hugo_site(folder, hugo) if hugo else scaffold.write_feeds_file(folder)
    config = "" if folder == Path() else f"--config {quote(str(path))} "
    typer.echo(f"wrote {path}; `aggregator {config}add URL` adds a source, `aggregator {config}run` starts")
    if hugo:
        site = quote(str(hugo))
        typer.echo(
            f"wrote {hugo}; put a copy of the theme Mainroad at {hugo / 'themes' / scaffold.THEME}, or with Go "
            f"installed call `hugo mod init site` in {hugo} once; `hugo --source {site}` builds the site"
        )
