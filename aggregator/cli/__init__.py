"""Command line: arguments in, text and exit status out; the only place that prints. Shell.

A module per group of commands. Each command imports its libraries when it is called, so that `--help` is fast.
"""

import errno
import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from aggregator import __version__, logs
from aggregator.cli import backup, configuration, maintain, once, run, sources, subscribe
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
app.command()(configuration.check)
app.command()(sources.sources)
app.command()(subscribe.add)
app.command()(subscribe.remove)
app.command(name="import")(subscribe.import_)
app.command()(subscribe.export)
app.command()(maintain.publish)
app.command()(maintain.verify)
app.command()(maintain.prune)
app.command()(backup.backup)
app.command()(backup.restore)
app.command()(backup.health)
app.command()(configuration.schema)


def _version(is_requested: bool) -> None:
    if is_requested:
        typer.echo(f"aggregator {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(help="The configuration; else $AGGREGATOR_CONFIG, else feeds.yaml here.", show_default=False),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Log more, and show tracebacks of errors.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Fetch feeds politely, store each article once as Markdown, republish one feed per category."""
    path = config or Path(os.environ.get("AGGREGATOR_CONFIG") or "feeds.yaml")
    ctx.obj = Options(config=path, environ=os.environ)
    logs.setup(sys.stderr, debug=debug)


def main() -> None:
    """Run the command line; every error becomes one sentence on standard error and an exit status."""
    _open_closed_streams()
    try:
        app()
    except AggregatorError as error:
        _print_error(str(error), error)
        sys.exit(error.status)
    except BrokenPipeError:  # the reader of the output ended, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as bug:  # noqa: BLE001  # a user needs a sentence, not a traceback
        _print_error(_bug_sentence(bug), bug)
        sys.exit(1)


def _open_closed_streams() -> None:
    """Open /dev/null for each closed stream (`>&-`): else the next opened file gets its number, and its output."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this stream's
            setattr(sys, name, os.fdopen(descriptor, "r" if name == "stdin" else "w"))


def _bug_sentence(bug: Exception) -> str:
    if isinstance(bug, OSError) and bug.errno == errno.ENOSPC and not bug.filename:  # else it is a file under storage
        return "cannot write the result to standard output: the disk is full; free some space"
    return f"internal error ({type(bug).__name__}: {bug}); please report it, --debug shows the traceback"


def _print_error(sentence: str, error: Exception) -> None:
    is_usage = isinstance(error, AggregatorError) and error.status == 2  # such a sentence begins with its place
    typer.echo(sentence if is_usage else f"aggregator: {sentence}", err=True)
    if "--debug" in sys.argv[1:]:
        logging.getLogger(__name__).debug("traceback", exc_info=error)
