"""`aggregator sources`: what each source is doing."""

import json
import re
import sys
from collections.abc import Iterable
from typing import Annotated

import typer

from aggregator.cli.options import Options
from aggregator.model import Claimed
from aggregator.status import hub_trouble, paused, rfc3339, source_facts
from aggregator.urls import without_credentials

HEADINGS = ("source", "status", "last fetch", "next fetch", "failures", "entries", "note")

_LONG_TIME = re.compile(r"^\d{4}-(\d\d-\d\d)T(\d\d:\d\d):\d\dZ$")


def sources(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list instead of a table.")] = False,
) -> None:
    """Show each source: last and next fetch, HTTP status, failures in a row, entries, why it is paused."""
    from aggregator.app import opened

    options: Options = ctx.obj
    with opened(options.config, options.environ) as app:
        known = app.store.overview()
    if as_json:
        typer.echo(json.dumps([source_facts(one) for one in known], indent=2, ensure_ascii=False))
    elif sys.stdout.isatty():
        _print_table(known)
    else:
        for one in known:
            typer.echo("\t".join(_columns(one)))


def _columns(one: Claimed) -> tuple[str, ...]:
    state = one.state
    moved = f"moved to {without_credentials(state.moved_to)}" if state.moved_to else ""
    return (
        one.source.name,
        str(state.http_status or "-"),
        rfc3339(state.last_fetch) or "never",
        rfc3339(state.next_fetch) or ("never" if paused(one) else "now"),
        str(state.failures),
        str(state.entries),
        "; ".join(filter(None, (paused(one), state.error, moved, hub_trouble(one)))),
    )


def _print_table(known: Iterable[Claimed]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, header_style="bold", caption="times are UTC", caption_justify="left")
    for heading in HEADINGS:  # a narrow terminal takes from the names and notes, not from times and figures
        wraps = heading in ("source", "note")
        table.add_column(heading, no_wrap=not wraps, overflow="fold")
    for one in known:
        cells = (_LONG_TIME.sub(r"\1 \2", cell) for cell in _columns(one))
        table.add_row(*map(escape, cells), style="red" if one.state.failures else None)
    Console().print(table)
