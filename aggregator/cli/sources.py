"""`aggregator sources`: what each source is doing."""

import json
import re
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli.options import Options
from aggregator.model import StoredSource
from aggregator.status import hub_problem, pause_reason, source_status
from aggregator.timestamps import rfc3339
from aggregator.urls import without_credentials

if TYPE_CHECKING:
    from rich.console import Console

HEADINGS = ("source", "status", "last fetch", "next fetch", "failures", "entries", "note")

NARROW = 80  # columns; on less, times and figures leave nothing to names and notes

_LONG_TIME = re.compile(r"^\d{4}-(\d\d-\d\d)T(\d\d:\d\d):\d\dZ$")


def sources(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list instead of a table.")] = False,
) -> None:
    """Show each source: last and next fetch, HTTP status, failures in a row, entries, why it is paused."""
    from aggregator.app import opened

    options: Options = ctx.obj
    with opened(options.config, options.environ) as app:
        known = app.store.sources.overview()
    if as_json:
        typer.echo(json.dumps([source_status(one) for one in known], indent=2, ensure_ascii=False))
    elif sys.stdout.isatty():
        _print_table(known)
    else:
        for one in known:
            typer.echo("\t".join(_columns(one)))


def _columns(one: StoredSource) -> tuple[str, ...]:
    state = one.state
    moved = f"moved to {without_credentials(state.moved_to)}" if state.moved_to else ""
    return (
        one.source.name,
        str(state.http_status or "-"),
        rfc3339(state.last_fetch) if state.last_fetch else "never",
        rfc3339(state.next_fetch) if state.next_fetch else "never" if pause_reason(one) else "now",
        str(state.failures),
        str(state.entries),
        "; ".join(filter(None, (pause_reason(one), state.error, moved, hub_problem(one)))),
    )


def _print_table(known: Iterable[StoredSource]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    if console.width < NARROW:
        _print_blocks(console, known)
        return
    table = Table(box=None, header_style="bold", caption="times are UTC", caption_justify="left")
    for heading in HEADINGS:  # a narrow terminal takes from the names and notes, not from times and figures
        wraps = heading in ("source", "note")
        table.add_column(heading, no_wrap=not wraps, overflow="fold")
    for one in known:
        table.add_row(*map(escape, _short(one)), style=_style(one))
    console.print(table)


def _print_blocks(console: "Console", known: Iterable[StoredSource]) -> None:
    """A source's name, and what a row of the table would say of it below that."""
    from rich.padding import Padding
    from rich.text import Text

    for one in known:
        name, *figures, note = _short(one)
        said = ", ".join(f"{heading} {figure}" for heading, figure in zip(HEADINGS[1:-1], figures, strict=True))
        console.print(name, style=f"bold {_style(one)}".strip(), markup=False, highlight=False)
        for text in filter(None, (said, note)):
            console.print(Padding(Text(text), (0, 0, 0, 2)))
    console.print("times are UTC", style="dim italic")


def _short(one: StoredSource) -> tuple[str, ...]:
    """The columns, for people: times without year, seconds and zone."""
    return tuple(_LONG_TIME.sub(r"\1 \2", cell) for cell in _columns(one))


def _style(one: StoredSource) -> str:
    return "red" if one.state.failures else ""
