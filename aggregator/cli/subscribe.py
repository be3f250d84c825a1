"""`aggregator add`, `remove`, `import`, `export`: the list of sources."""

import signal
import sys
from collections.abc import Iterable, Sequence
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli.options import Options, complete_source
from aggregator.errors import UsageError
from aggregator.names import counted

if TYPE_CHECKING:
    from aggregator.parse.discovery import FeedLink
    from aggregator.subscribe import AddResult
    from aggregator.subscribe.finder import FoundFeed


def add(
    ctx: typer.Context,
    addresses: Annotated[
        list[str], typer.Argument(metavar="URL", help="Feeds, pages that have one, or handles such as @user@host.")
    ],
    name: Annotated[str | None, typer.Option(help="Name of the source; else made from its host.")] = None,
    category: Annotated[str | None, typer.Option(help="Its category; else its name.")] = None,
) -> None:
    """Find the feed behind a page or feed URL and append it to the configuration, comments and order kept."""
    from aggregator import subscribe

    options: Options = ctx.obj
    is_terminal = sys.stdin.isatty() and sys.stderr.isatty()
    dialog = subscribe.Dialog(choose=_ask if is_terminal else itemgetter(0), show=_show)
    _report(subscribe.add(options.config, options.environ, addresses, dialog, name=name, category=category))


def remove(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the source.", autocompletion=complete_source)],
) -> None:
    """Remove a source from the configuration; its articles stay."""
    from aggregator import subscribe

    options: Options = ctx.obj
    kept = subscribe.remove(options.config, options.environ, name)
    typer.echo(f"removed {name}; its articles stay")
    if kept:
        typer.echo(f"wrote the names of other sources of its host, which would have changed: {', '.join(kept)}")


def import_(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="FILE.opml", help="OPML file.", show_default=False)] = None,
    planet: Annotated[
        Path | None, typer.Option(metavar="FILE.ini", help="Configuration of Planet, Venus or Pluto instead.")
    ] = None,
) -> None:
    """Append the subscriptions of an OPML file to the configuration; its folders become categories."""
    from aggregator import subscribe

    options: Options = ctx.obj
    if file and not planet:
        _report(subscribe.import_opml(options.config, options.environ, file))
    elif planet and not file:
        _report(subscribe.import_planet(options.config, options.environ, planet))
    else:
        raise UsageError("import takes one file: FILE.opml, or --planet FILE.ini")


def export(ctx: typer.Context) -> None:
    """Print the sources as OPML 2.0, without passwords and headers."""
    from aggregator import subscribe

    options: Options = ctx.obj
    typer.echo(subscribe.export_opml(options.config, options.environ), nl=False)


def _report(results: Iterable["AddResult"]) -> None:
    """Print each result; exit with 1 if one is a failure."""
    from aggregator.subscribe import AddedSource, ExistingSource, SkippedOutline

    failed = False
    for result in results:
        match result:
            case AddedSource():
                typer.echo(f"added {result.name}: {result.url}")
                for link in result.alternatives:
                    typer.echo(f"  its page has another feed: {_link_text(link)}")
            case ExistingSource():
                typer.echo(f"{result.name} is listed already: {result.url}")
            case SkippedOutline():
                typer.echo(f"skipped {result.text}: {result.reason}", err=True)
            case failure:
                failed = True
                typer.echo(f"aggregator: {failure}", err=True)
    if failed:
        raise typer.Exit(1)


def _show(feed: "FoundFeed") -> None:
    """Print the feed that is about to be added."""
    summary = feed.summary
    entries = counted(summary.entries, "entry", "entries")
    newest = f", the newest of {summary.newest:%Y-%m-%d}" if summary.newest else ""
    typer.echo(f"found {_link_text(feed)}: {entries}{newest}", err=True)


def _ask(links: Sequence["FeedLink"]) -> "FeedLink":
    """Return the user's choice at the terminal; an empty line chooses the first link."""
    choices = {str(number): link for number, link in enumerate(links, 1)}
    for number, link in choices.items():
        typer.echo(f"{number:>3}  {_link_text(link)}", err=True)
    while True:
        typer.echo(f"Which feed, 1 to {len(links)}? [1] ", nl=False, err=True)  # typer.prompt writes to standard output
        line = _line_or_interrupt()
        if not line:
            raise typer.Abort
        if (answer := line.strip() or "1") in choices:
            return choices[answer]


def _line_or_interrupt() -> str:
    """Return a line of standard input. Raises KeyboardInterrupt at once: the event loop's handler would wait for it."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return sys.stdin.readline()
    finally:
        signal.signal(signal.SIGINT, previous)


def _link_text(link: "FeedLink | FoundFeed") -> str:
    from aggregator.secret_urls import masked_url
    from aggregator.settings.values import UNPRINTABLE

    # The title comes from a web page or a feed.
    url, title = masked_url(link.url), UNPRINTABLE.sub("", link.title)
    return f"{url} ({title})" if title else url
