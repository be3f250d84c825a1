"""`aggregator sources`: the status of each source."""

import json
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

import typer

from aggregator.cli.options import complete_source, opened, refuse_unknown
from aggregator.cli.terminal import relative
from aggregator.model import StoredSource
from aggregator.secret_urls import masked_url
from aggregator.status import (
    CONDITIONS,
    archive_progress,
    condition,
    hub_problem,
    limit_problem,
    pause_reason,
    source_status,
    waiting_work,
)
from aggregator.timestamps import rfc3339

_MAX_NAME = 24  # columns; a longer name moves its line's rest to the right
_MIN_WIDTH = 80  # columns from which on each line is cut at the margin instead of wrapped
_LABEL = 16  # columns of the details' names


def sources(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="These sources.", autocompletion=complete_source),
    ] = None,
    failing: Annotated[bool, typer.Option("--failing", help="Only those whose last fetch failed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list instead of a table.")] = False,
) -> None:
    """Show each source: last and next fetch, HTTP status, failures in a row, entries, why it is paused."""
    with opened(ctx, writes=False) as app:
        now = app.clock()
        overview = app.store.sources.overview(now)
        places = app.store.backfills.progress(
            [stored.source.id for stored in overview if stored.source.name in (names or ())]
        )
    refuse_unknown(names or (), {stored.source.name for stored in overview})
    overview = tuple(
        stored
        for stored in overview
        if (not names or stored.source.name in names) and (not failing or stored.state.failures)
    )
    if as_json:
        typer.echo(json.dumps([source_status(stored) for stored in overview], indent=2, ensure_ascii=False))
    elif names and len(overview) == 1:
        archive = archive_progress(overview[0], places.get(overview[0].source.id), now)
        for line in _details(overview[0], archive, now):
            typer.echo(line)
    elif sys.stdout.isatty():
        _print_overview(overview, now)
    else:
        for stored in overview:
            typer.echo("\t".join(_columns(stored)))


def _columns(stored: StoredSource) -> tuple[str, ...]:
    state, paused = stored.state, pause_reason(stored)
    return (
        stored.source.name,
        str(state.http_status or "-"),
        rfc3339(state.last_fetch) if state.last_fetch else "never",
        rfc3339(state.next_fetch) if state.next_fetch else "never" if paused else "now",
        str(state.failures),
        str(state.entries),
        _note(stored),
        state.due_reason,
    )


def _note(stored: StoredSource) -> str:
    moved = f"moved to {masked_url(stored.state.moved_to)}" if stored.state.moved_to else ""
    problems = limit_problem(stored), hub_problem(stored), waiting_work(stored)
    is_said = stored.state.paused and stored.state.error  # by the error, with what to do
    paused = None if is_said else pause_reason(stored)
    return "; ".join(filter(None, (paused, stored.state.error, moved, *problems)))


def _print_overview(overview: Iterable[StoredSource], now: datetime) -> None:
    """Print at most two lines for each source, the failing ones first: its state, and what there is to say of it."""
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console()
    is_narrow = console.width < _MIN_WIDTH
    by_condition = sorted(overview, key=lambda stored: CONDITIONS.index(condition(stored)))
    width = min(_MAX_NAME, max((len(stored.source.name) for stored in by_condition), default=0))
    for stored in by_condition:
        style = "red" if stored.state.failures else "dim"
        line = Text.assemble((stored.source.name.ljust(width), "bold"), f"  {_summary(stored, now)}")
        console.print(line, no_wrap=not is_narrow, overflow="ellipsis", highlight=False)
        if note := _note(stored):
            console.print(
                Padding(Text(note, style, no_wrap=not is_narrow, overflow="ellipsis"), (0, 0, 0, 2)), highlight=False
            )


def _summary(stored: StoredSource, now: datetime) -> str:
    state = stored.state
    match condition(stored):
        case "paused":
            words = "paused"
        case "failing":
            words = f"failing ({state.failures} in a row)"
        case "new":
            words = "never fetched"
        case "working":
            words = "ok"
    last = f"fetched {relative(state.last_fetch, now)}" if state.last_fetch else ""
    reason = f" ({state.due_reason})" if state.next_fetch and state.due_reason not in ("", "interval") else ""
    upcoming = "" if pause_reason(stored) else f"next {_next_fetch(state.next_fetch, now)}{reason}"
    entries = f"{state.entries} entries" if state.last_fetch and not state.failures else ""
    return ", ".join(filter(None, (words, last, upcoming, entries)))


def _next_fetch(due: datetime | None, now: datetime) -> str:
    return relative(due, now) if due and due > now else "now"


def _details(stored: StoredSource, archive: str | None, now: datetime) -> Iterable[str]:
    """Yield a line for each field of a source, as in `sources --json`; times are UTC, and relative to now."""
    state = stored.state
    times = {"last_fetch": state.last_fetch, "next_fetch": state.next_fetch}
    for name, value in source_status(stored).items():
        shown = ", ".join(value) if isinstance(value, list) else value
        if moment := times.get(name):
            shown = f"{value} ({relative(moment, now)})"
        yield f"{name.replace('_', ' ').ljust(_LABEL)}{'-' if shown is None else shown}"
    notes = {
        "max new": limit_problem(stored),
        "hub": hub_problem(stored),
        "to come": waiting_work(stored),
        "archive": archive,
    }
    for label, note in notes.items():
        if note:
            yield f"{label.ljust(_LABEL)}{note}"
