"""`make docs`: writes the pages that follow from the program: the commands, and the list of decisions."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import typer.main

from aggregator.cli import app
from tests.docs.markdown import DOCS

MARK = "<!-- Written by `make docs`; edit the help texts in aggregator/cli instead. -->"
DECISIONS_MARK = "<!-- Written by `make docs` from the headings of the files. -->"
GROUP: Any = typer.main.get_command(app)
CONTEXT = typer.Context(GROUP, info_name="aggregator")

INTRODUCTION = """Each command is `aggregator [OPTIONS] COMMAND`, with these options before the command. Results go to
standard output, the log and errors to standard error; [exit-codes.md](exit-codes.md) has the exit statuses."""


def commands() -> str:
    """Return docs/commands.md."""
    parts = ["# Commands", MARK, INTRODUCTION, *_parameters(GROUP)]
    all_commands = [GROUP.get_command(CONTEXT, name) for name in GROUP.list_commands(CONTEXT)]
    for panel, members in groupby(all_commands, lambda command: str(command.rich_help_panel)):
        parts.append(f"## {panel}")
        for command in members:
            parts += _command(command)
    return "\n\n".join(parts) + "\n"


def decisions() -> str:
    """Return docs/decisions/README.md."""
    lines = []
    for path in sorted((DOCS / "decisions").glob("[0-9]*.md")):
        title = path.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
        lines.append(f"- [{title}]({path.name})")
    listed = "\n".join(lines)
    return f"# Decisions\n\n{DECISIONS_MARK}\n\nDecisions of weight, each with its reasons.\n\n{listed}\n"


def _command(command: Any) -> Iterator[str]:
    yield f"### {command.name}"
    yield command.help
    yield f"```sh\naggregator {' '.join([command.name, *_usage(command)])}\n```"
    yield from _parameters(command)
    lines = [line for line in command.epilog.splitlines() if line.startswith("aggregator ")]
    yield "Examples:\n\n```sh\n" + "\n".join(lines) + "\n```"


def _usage(command: Any) -> Iterator[str]:
    for param in _shown(command):
        name = _name(param)
        yield name if param.required or param.param_type_name == "argument" else f"[{name}]"


def _parameters(command: Any) -> Iterator[str]:
    rows = [f"| `{_name(param)}` | {_meaning(param)} |" for param in _shown(command)]
    if rows:
        yield "\n".join(["| argument or option | means |", "|---|---|", *rows])


def _shown(command: Any) -> list[Any]:
    return [param for param in command.get_params(CONTEXT) if param.name != "help"]


def _name(param: Any) -> str:
    if param.param_type_name == "argument":
        name = str(param.metavar or param.name.upper())
        return f"{name if param.required else f'[{name}]'}{'...' if param.nargs == -1 else ''}"
    value = "" if param.is_flag else f" {(param.metavar or param.name.upper()).replace('|', chr(92) + '|')}"
    return f"{param.opts[0]}{value}"


def _meaning(param: Any) -> str:
    is_option = param.param_type_name == "option"
    has_default = is_option and param.show_default and not param.is_flag and param.default is not None
    return f"{param.help} Default: `{param.default}`." if has_default else str(param.help)


PAGES = {DOCS / "commands.md": commands, DOCS / "decisions" / "README.md": decisions}

if __name__ == "__main__":
    for path, page in PAGES.items():
        path.write_text(page(), encoding="utf-8")
