"""Command line: arguments in, text and exit status out; the only place that prints. Shell.

A module per group of commands. Each command imports its libraries when it is called, so that `--help` is fast.
"""

import errno
import io
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from aggregator import __version__, logs
from aggregator.cli import backup, cluster, configuration, init, maintain, once, plan, rules, run, sources, subscribe
from aggregator.cli.help import CommandGroup, register
from aggregator.cli.options import Options, config_path
from aggregator.errors import AggregatorError, UsageError

__all__ = ["main"]

app = typer.Typer(
    name="aggregator",
    cls=CommandGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_PANELS: dict[str, dict[Callable[..., None], tuple[str, str]]] = {
    "Run": {
        init.init: ("", "--hugo site"),
        run.run: ("", "--host 0.0.0.0 --port 80"),
        once.once: ("", "thehill --json"),
        cluster.worker: ("", "--concurrency 200"),
        backup.health: ("", "--url http://127.0.0.1:8080/"),
    },
    "Sources": {
        configuration.check: ("", "--show"),
        plan.plan: ("", "new.yaml --json"),
        sources.sources: ("--failing", "thehill"),
        subscribe.add: ("https://example.org/", "https://example.org/feed.xml --name example --category news"),
        subscribe.remove: ("example", "thehill"),
        subscribe.import_: ("subscriptions.opml", "--planet planet.ini"),
        subscribe.export: ("", "> subscriptions.opml"),
        configuration.schema: ("", "> feeds.schema.json"),
    },
    "Articles": {
        rules.rules: ("", "thehill --json"),
        maintain.publish: ("", "&& hugo --source /srv/site"),
        maintain.prune: ("--dry-run", "&& aggregator verify"),
    },
    "Upkeep": {
        maintain.verify: ("", "--repair"),
        backup.backup: ("aggregator-backup.db", '"/backup/aggregator-$(date +%F).db"'),
        backup.restore: ("aggregator-backup.db", "/backup/aggregator-2026-11-29.db"),
        cluster.sync: ("", "&& aggregator worker"),
        backup.migrate: ("--to postgresql://aggregator@db/aggregator", "--to sqlite:///copy.db"),
    },
}
for _panel, _commands in _PANELS.items():
    for _function, _examples in _commands.items():
        register(app, _panel, _function, _examples)


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
    log: Annotated[
        str | None,
        typer.Option(
            metavar="text|json",
            help="Form of the log; else $AGGREGATOR_LOG, else text on a terminal and under systemd, JSON elsewhere.",
            show_default=False,
        ),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Log more, and show tracebacks of errors.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Fetch feeds politely, store each article once as Markdown, republish one feed per category."""
    ctx.obj = Options(config=config_path(config), environ=os.environ)
    logs.setup(sys.stderr, _log_format(log), debug=debug)


def _log_format(option: str | None) -> logs.LogFormat | None:
    """Return the form of the log that the option, else the environment, asks for. Raises UsageError."""
    place, value = ("--log", option) if option is not None else ("AGGREGATOR_LOG", os.environ.get("AGGREGATOR_LOG"))
    if not value:
        return None
    for form in logs.FORMATS:
        if value == form:
            return form
    raise UsageError(f"{place}: `{value}` is no form of the log; write text or json")


def main() -> None:
    """Run the command line; every error becomes one sentence on standard error and an exit status."""
    _open_closed_streams()
    _set_encodings()
    try:
        app(prog_name="aggregator")
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


def _set_encodings() -> None:
    """Let every character be printed: as `?` on a terminal that lacks it, elsewhere in UTF-8, as JSON is."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            if stream.isatty():
                stream.reconfigure(errors="replace")
            else:
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # of names of files that are no UTF-8


def _bug_sentence(bug: Exception) -> str:
    if isinstance(bug, OSError) and bug.errno == errno.ENOSPC and not bug.filename:  # else it is a file under storage
        return "cannot write the result to standard output: the disk is full; free some space"
    if isinstance(bug, PermissionError) and bug.filename:
        return f"{bug.filename}: permission denied; let this user read and write there, or have a user do this who may"
    return f"internal error ({type(bug).__name__}: {bug}); please report it, --debug shows the traceback"


def _print_error(sentence: str, error: Exception) -> None:
    is_usage = isinstance(error, AggregatorError) and error.status == 2  # such a sentence begins with its place
    typer.echo(sentence if is_usage else f"aggregator: {sentence}", err=True)
    if "--debug" in sys.argv[1:]:
        logging.getLogger(__name__).debug("traceback", exc_info=error)
