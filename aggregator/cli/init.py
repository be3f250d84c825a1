"""`aggregator init`: the files that a new installation begins with."""

from pathlib import Path
from typing import Annotated

import typer


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of feeds.yaml.", show_default=False)] = Path(),
) -> None:
    """Write a feeds.yaml with comments and an example source, unless there is one."""
    from aggregator import scaffold

    path = scaffold.write_feeds_file(folder)
    config = "" if folder == Path() else f"--config {path} "
    typer.echo(f"wrote {path}; `aggregator {config}add URL` adds a source, `aggregator {config}run` starts")
