"""The command line: arguments in, text and exit status out; the only place that prints. Shell.

Each command is a module, imported with what it needs when it is called: `--help` must not wait for a database library.
"""

import errno
import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from aggregator import __version__, logs
from aggregator.cli import check, maintain, once, publish, run, schema, sources, subscribe
from aggregator.cli.options import Options
from aggregator.errors import AggregatorError

__all__ = ["main"]

app = typer.Typer(
    name="aggregator",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(run.run)
app.command()(once.once)
app.command()(check.check)
app.command()(sources.sources)
app.command()(subscribe.add)
app.command()(subscribe.remove)
app.command(name="import")(subscribe.import_)
app.command()(subscribe.export)
app.command()(publish.publish)
app.command()(maintain.verify)
app.command()(maintain.prune)
app.command()(schema.schema)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"aggregator {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(help="The configuration; else $AGGREGATOR_CONFIG, else feeds.yaml here.", show_default=False),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Log more, and show where an error arose.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Fetch feeds politely, keep each story once as a Markdown article, republish one feed per category."""
    chosen = config or Path(os.environ.get("AGGREGATOR_CONFIG") or "feeds.yaml")
    ctx.obj = Options(config=chosen, environ=os.environ, debug=debug)
    logs.setup(sys.stderr, debug=debug)


def main() -> None:
    """Run the command line; every error becomes one sentence on standard error and an exit status."""
    _open_closed_streams()
    try:
        app()
    except AggregatorError as error:
        _tell(str(error), error)
        sys.exit(error.status)
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as bug:  # noqa: BLE001  # a traceback is no sentence for a user
        _tell(_described(bug), bug)
        sys.exit(1)


def _open_closed_streams() -> None:
    """Put the void where a stream was closed (`>&-`): else a file of ours gets its number, and its output."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this stream's
            setattr(sys, name, os.fdopen(descriptor, "r" if name == "stdin" else "w"))


def _described(bug: Exception) -> str:
    if isinstance(bug, OSError) and bug.errno == errno.ENOSPC and not bug.filename:  # else it is a file under storage
        return "cannot write the result to standard output: the disk is full; free some space"
    return f"internal error ({type(bug).__name__}: {bug}); please report it, --debug shows where it arose"


def _tell(sentence: str, error: Exception) -> None:
    typer.echo(
        sentence if isinstance(error, AggregatorError) and error.status == 2 else f"aggregator: {sentence}", err=True
    )
    if "--debug" in sys.argv[1:]:
        logging.getLogger(__name__).debug("it arose here", exc_info=error)
