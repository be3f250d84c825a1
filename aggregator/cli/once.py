"""`aggregator once`: one cycle, then exit."""

import asyncio
import json
import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aggregator import files
from aggregator.cli.counted import counted
from aggregator.cli.options import Options
from aggregator.errors import UsageError

if TYPE_CHECKING:
    from types import FrameType

    from aggregator.app import App
    from aggregator.pipeline import Outcome, Report
    from aggregator.publish import Published

INTERRUPTED = 130  # exit status, as of a shell's command that Ctrl-C ended
TELLING = timedelta(seconds=10)  # for the hub, after all else is done

log = logging.getLogger("aggregator")


def once(
    ctx: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[SOURCE]...", help="These sources, due or not.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every source, due or not.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if a source failed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object.")] = False,
) -> None:
    """Fetch the sources that are due, publish what changed, and exit."""
    from aggregator.app import opened
    from aggregator.daemon import LOCK
    from aggregator.publish import publish_changed

    options: Options = ctx.obj
    started = monotonic()
    with _stoppable(), opened(options.config, options.environ) as app:
        _refuse_unknown(app, names or [])
        alone = not files.is_held(Path(app.settings.storage) / LOCK)
        if alone:
            app.store.hubs.end_all(app.clock())  # nobody is there to be pushed to
        report = _cycle(app, names or None, everything)
        published = publish_changed(app)
        if alone:
            _tell_hub(app)
    figures = _figures(report, published, monotonic() - started)
    typer.echo(json.dumps(figures, ensure_ascii=False) if as_json else _summary(figures))
    if strict and report.failures:
        raise typer.Exit(1)


def _refuse_unknown(app: "App", names: list[str]) -> None:
    known = {source.name for source in app.sources}
    if unknown := [name for name in names if name not in known]:
        raise UsageError(f"no source is named {', '.join(unknown)}; `aggregator sources` lists them")


def _cycle(app: "App", names: list[str] | None, everything: bool) -> "Report":
    from aggregator.pipeline import run_cycle

    with _progress(len(app.sources)) as advance:

        def tell(outcome: "Outcome") -> None:
            advance()
            if outcome.failure:
                log.warning("%s: %s", outcome.source, outcome.failure)

        return asyncio.run(run_cycle(app, tell, names=names, everything=everything))


def _tell_hub(app: "App") -> None:
    """Tell the hub of what changed, as a daemon would."""
    if app.settings.feeds.hub is None:
        return
    from aggregator.publish.hubs import tell_within

    if failure := asyncio.run(tell_within(app, TELLING)):
        log.warning("the hub could not be told of changed feeds, the next run tries again: %s", failure)


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM stops what happens meanwhile in good order, as Ctrl-C does: transactions, files and leases end whole."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("aggregator: stopped before the end; what was recorded stays, the next run does the rest", err=True)
        raise typer.Exit(INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: "FrameType | None") -> None:
    """Do what SIGINT does now: it raises KeyboardInterrupt, or cancels what an event loop runs."""
    interrupt = signal.getsignal(signal.SIGINT)
    (interrupt if callable(interrupt) else signal.default_int_handler)(number, frame)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """A progress bar on standard error where that is a terminal; what is given back moves it on by one source."""
    if not sys.stderr.isatty() or not total:
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("fetching"), BarColumn(), MofNCompleteColumn(), TextColumn("sources"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("fetching", total=total)
        yield lambda: progress.advance(task)


def _figures(report: "Report", published: "Published", seconds: float) -> dict[str, Any]:
    return {
        "sources": report.sources,
        "fetched": report.count("fetched"),
        "not_modified": report.count("not_modified"),
        "skipped": report.count("skipped"),
        "failed": report.count("failed"),
        "entries": report.entries,
        "new": report.total("new"),
        "updated": report.total("updated"),
        "duplicates": report.total("duplicates"),
        "articles_written": published.articles,
        "feeds_written": published.feeds,
        "seconds": round(seconds, 3),
        "failures": [
            {"source": outcome.source, "url": outcome.url, "error": outcome.failure.sentence}
            for outcome in report.outcomes
            if outcome.failure
        ],
    }


def _summary(figures: dict[str, Any]) -> str:
    sources, entries = counted(figures["sources"], "source"), counted(figures["entries"], "entry", "entries")
    articles, feeds = counted(figures["articles_written"], "article"), counted(figures["feeds_written"], "feed")
    return (
        f"{sources}: {{fetched}} fetched, {{not_modified}} not modified, {{skipped}} skipped, {{failed}} failed\n"
        f"{entries}: {{new}} new, {{updated}} updated, {counted(figures['duplicates'], 'duplicate')}\n"
        f"{articles} and {feeds} written in {{seconds}} seconds"
    ).format_map(figures)
