"""Help of the command line: commands in groups, examples, and flags without a type."""

from collections.abc import Callable, Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


class _Flags:
    """Shows flags and arguments by their names alone: `--all`, not `--all <bool>`; `FILE`, not `FILE <path>`."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters of a command, its help option last."""
        params = super().get_params(ctx)  # type: ignore[misc]  # of the command that this is mixed into
        for param in params:
            if getattr(param, "is_flag", False):
                param.metavar = ""
            elif param.param_type_name == "argument":
                param.display_type_rich = lambda ctx: None
        return list(params)


class Command(_Flags, TyperCommand):
    """A command."""


class CommandGroup(_Flags, TyperGroup):
    """The command line with its commands."""


def register(app: typer.Typer, panel: str, function: Callable[..., None], examples: Sequence[str]) -> None:
    """Add a command, named like its function, to a panel of the help; its own help ends with the examples."""
    name = function.__name__.rstrip("_")
    lines = "\n\n".join(f"aggregator {name} {example}".rstrip() for example in examples)
    app.command(name=name, cls=Command, rich_help_panel=panel, epilog=f"Examples:\n\n{lines}")(function)
