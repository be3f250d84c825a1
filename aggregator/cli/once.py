"""`aggregator once`: one cycle, then exit."""

import asyncio
import json
import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aggregator import files
from aggregator.cli.options import complete_source, opened, refuse_unknown
from aggregator.cli.terminal import progress_bar, relative
from aggregator.errors import FilesError
from aggregator.names import counted

if TYPE_CHECKING:
    from types import FrameType

    from aggregator.app import App
    from aggregator.pipeline import Report, SourceOutcome
    from aggregator.publish import Published

INTERRUPTED = 130  # exit status, as a shell gives it for a command that Ctrl-C ended
HUB_TIMEOUT = timedelta(seconds=10)  # to notify the hub, at the end

log = logging.getLogger("aggregator")


def once(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="SOURCE", help="These sources, due or not.", autocompletion=complete_source),
    ] = None,
    all_sources: Annotated[bool, typer.Option("--all", help="Every source, due or not.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if a source failed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object.")] = False,
) -> None:
    """Fetch the sources that are due, publish what changed, and exit."""
    from aggregator import hub_subscriptions
    from aggregator.publish.after import run_at_end

    started, names = monotonic(), names or None
    with _stoppable(), opened(ctx) as app:
        refuse_unknown(names or (), {source.name for source in app.sources})
        has_daemon = files.is_held(app.local_folder / files.DAEMON_LOCK)
        if not has_daemon:
            # Nobody serves the callbacks that hubs push to.
            hub_subscriptions.end_all(app.store, app.clock(), app.settings.fetch)
        report = _cycle(app, names, all_sources)
        if app.features.backfill:
            from aggregator.pipeline.backfill import backfill_all

            asyncio.run(backfill_all(app, names))
        published, failure = _publish(app)
        if app.features.full_text and _complete(app, names):
            completed, failure = _publish(app)
            published += completed
        if app.features.translations:
            from aggregator.pipeline.translate import Translator

            with app.store.leases.fetching():
                asyncio.run(Translator(app, names).translate_due())
            translated, failure = _publish(app)
            published += translated
        if not has_daemon or _fetches_alone(app):
            failure = _prune(app) or failure
            _notify_hub(app)
        run_at_end(app)
        advice = "" if as_json or not sys.stdout.isatty() else _advice(app, report)
    figures = _figures(report, published, monotonic() - started)
    typer.echo(json.dumps(figures, ensure_ascii=False) if as_json else f"{_summary(figures)}{advice}")
    if failure:
        raise failure
    if strict and report.failures:
        raise typer.Exit(1)


def _fetches_alone(app: "App") -> bool:
    """Return True if the daemon only serves: nobody else prunes and notifies the hub, unless there are workers."""
    with app.store.leases.watching() as is_alone:
        return is_alone and app.store.has_one_writer


def _cycle(app: "App", names: list[str] | None, all_sources: bool) -> "Report":
    from aggregator.model import Selection
    from aggregator.pipeline import run_cycle

    selection = Selection(names=names, everything=all_sources)
    with progress_bar(len(app.store.leases.wanted(app.clock(), selection))) as advance:

        def report(outcome: "SourceOutcome") -> None:
            advance()
            if outcome.failure:
                log.warning("%s: %s", outcome.source, outcome.failure, extra=outcome.log_fields())

        return asyncio.run(run_cycle(app, report, names=names, everything=all_sources))


def _complete(app: "App", names: list[str] | None) -> bool:
    """Read the pages that are due, with `names` those of these sources; return True if there were any."""
    from aggregator.pipeline.complete import complete_all

    sources = app.store.sources.overview(app.clock())
    pages = sum(stored.state.waiting_pages for stored in sources if names is None or stored.source.name in names)
    with progress_bar(pages, "reading", "pages") as advance:
        return asyncio.run(complete_all(app, advance, names))


def _advice(app: "App", report: "Report") -> str:
    """Return what to do next, each a line: look at the failures, and come back when the next source is due."""
    lines = []
    if failures := report.count("failed"):
        lines.append(f"{failures} failed: `aggregator sources --failing` shows them")
    if due := app.store.sources.next_due():
        when = relative(due, app.clock()) if due > app.clock() else "now"
        lines.append(f"the next source is due {when}; `aggregator run` fetches on schedule")
    return "".join(f"\n{line}" for line in lines)


def _prune(app: "App") -> FilesError | None:
    """Apply the retention, and that of articles that rules dropped, as a daemon would.

    Returns the failure to remove or write some files, if any.
    """
    from aggregator.maintain.prune import prune_all, retention_problem

    if app.settings.retention is None and not app.has_rules:
        return None
    try:
        if problem := retention_problem(app):
            log.warning("%s", problem)
        elif pruned := prune_all(app):
            log.info("%s older than `retention`, or dropped long ago, pruned", counted(pruned, "article"))
    except FilesError as error:
        return error
    return None


def _publish(app: "App") -> "tuple[Published, FilesError | None]":
    """Publish what changed; return what was written, and the failure to write the rest, if any."""
    from aggregator.publish import UnwrittenError, publish_changed

    try:
        return publish_changed(app), None
    except UnwrittenError as error:
        return error.published, error


def _notify_hub(app: "App") -> None:
    """Notify the hub of changed feeds, as a daemon would."""
    if app.settings.feeds.hub is None:
        return
    from aggregator.publish.hubs import notify_hub_within

    if failure := asyncio.run(notify_hub_within(app, HUB_TIMEOUT)):
        log.warning("cannot notify the hub of changed feeds, the next run tries again: %s", failure)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGTERM stop the block as Ctrl-C does, so that transactions, files and leases end cleanly."""
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("aggregator: interrupted; what was recorded stays, the next run does the rest", err=True)
        raise typer.Exit(INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGTERM, previous)


def _interrupt(number: int, frame: "FrameType | None") -> None:
    """Call the current handler of SIGINT: it raises KeyboardInterrupt, or cancels the event loop's task."""
    interrupt = signal.getsignal(signal.SIGINT)
    (interrupt if callable(interrupt) else signal.default_int_handler)(number, frame)


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
