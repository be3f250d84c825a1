"""`aggregator sources`: the status of each source."""

import json
import re
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli.options import opened
from aggregator.model import StoredSource
from aggregator.status import hub_problem, pause_reason, source_status
from aggregator.timestamps import rfc3339
from aggregator.urls import without_credentials

if TYPE_CHECKING:
    from rich.console import Console

HEADINGS = ("source", "status", "last fetch", "next fetch", "failures", "entries", "note")

MIN_TABLE_WIDTH = 80  # columns; on less, times and figures leave no room for names and notes

_RFC3339 = re.compile(r"^\d{4}-(\d\d-\d\d)T(\d\d:\d\d):\d\dZ$")


def sources(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list instead of a table.")] = False,
) -> None:
    """Show each source: last and next fetch, HTTP status, failures in a row, entries, why it is paused."""
    with opened(ctx) as app:
        overview = app.store.sources.overview()
    if as_json:
        typer.echo(json.dumps([source_status(source) for source in overview], indent=2, ensure_ascii=False))
    elif sys.stdout.isatty():
        _print_table(overview)
    else:
        for source in overview:
            typer.echo("\t".join(_columns(source)))


def _columns(stored: StoredSource) -> tuple[str, ...]:
    state, paused = stored.state, pause_reason(stored)
    moved = f"moved to {without_credentials(state.moved_to)}" if state.moved_to else ""
    return (
        stored.source.name,
        str(state.http_status or "-"),
        rfc3339(state.last_fetch) if state.last_fetch else "never",
        rfc3339(state.next_fetch) if state.next_fetch else "never" if paused else "now",
        str(state.failures),
        str(state.entries),
        "; ".join(filter(None, (paused, state.error, moved, hub_problem(stored)))),
    )


def _print_table(overview: Iterable[StoredSource]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    if console.width < MIN_TABLE_WIDTH:
        _print_blocks(console, overview)
        return
    table = Table(box=None, header_style="bold", caption="times are UTC", caption_justify="left")
    for heading in HEADINGS:  # on a narrow terminal names and notes wrap, not times and figures
        table.add_column(heading, no_wrap=heading not in ("source", "note"), overflow="fold")
    for source in overview:
        table.add_row(*map(escape, _short_columns(source)), style=_style(source))
    console.print(table)


def _print_blocks(console: "Console", overview: Iterable[StoredSource]) -> None:
    """Print each source's name, with its other columns on the lines below."""
    from rich.padding import Padding
    from rich.text import Text

    for source in overview:
        name, *figures, note = _short_columns(source)
        line = ", ".join(f"{heading} {figure}" for heading, figure in zip(HEADINGS[1:-1], figures, strict=True))
        console.print(name, style=f"bold {_style(source)}".strip(), markup=False, highlight=False)
        for text in filter(None, (line, note)):
            console.print(Padding(Text(text), (0, 0, 0, 2)))
    console.print("times are UTC", style="dim italic")


def _short_columns(source: StoredSource) -> tuple[str, ...]:
    """Return the columns with times without year, seconds and zone."""
    return tuple(_RFC3339.sub(r"\1 \2", column) for column in _columns(source))


def _style(source: StoredSource) -> str:
    return "red" if source.state.failures else ""
