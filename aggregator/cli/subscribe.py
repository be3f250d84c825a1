"""`aggregator add`, `remove`, `import`, `export`: what is subscribed to."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli.options import Options

if TYPE_CHECKING:
    from aggregator.parse.discovery import FeedLink
    from aggregator.subscribe import Outcome


def add(
    ctx: typer.Context,
    urls: Annotated[list[str], typer.Argument(metavar="URL", help="Feeds, or pages that have one.")],
    name: Annotated[str | None, typer.Option(help="Name of the source; else made from its host.")] = None,
    category: Annotated[str | None, typer.Option(help="Its category; else its name.")] = None,
) -> None:
    """Find the feed behind a page or feed URL and append it to the configuration, comments and order kept."""
    from aggregator import subscribe

    options: Options = ctx.obj
    choose = _ask if sys.stdin.isatty() and sys.stderr.isatty() else _first
    _tell(subscribe.add(options.config, options.environ, urls, choose, name=name, category=category))


def remove(ctx: typer.Context, name: Annotated[str, typer.Argument(help="Name of the source.")]) -> None:
    """Take a source out of the configuration; its articles stay."""
    from aggregator import subscribe

    options: Options = ctx.obj
    subscribe.remove(options.config, options.environ, name)
    typer.echo(f"removed {name}; its articles stay")


def import_(ctx: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE.opml", help="OPML file.")]) -> None:
    """Append the subscriptions of an OPML file to the configuration; its folders become categories."""
    from aggregator import subscribe

    options: Options = ctx.obj
    _tell(subscribe.import_opml(options.config, options.environ, file))


def export(ctx: typer.Context) -> None:
    """Print the sources as OPML 2.0, without passwords and headers."""
    from aggregator import subscribe

    options: Options = ctx.obj
    typer.echo(subscribe.export_opml(options.config, options.environ), nl=False)


def _tell(outcomes: Iterable["Outcome"]) -> None:
    """Say what came of each; the exit status is 1 where one of them failed."""
    from aggregator.subscribe import Added, Present

    failed = False
    for outcome in outcomes:
        match outcome:
            case Added():
                typer.echo(f"added {outcome.name}: {outcome.url}")
                for link in outcome.others:
                    typer.echo(f"  its page has another feed: {_shown(link)}")
            case Present():
                typer.echo(f"{outcome.name} is there already: {outcome.url}")
            case failure:
                failed = True
                typer.echo(f"aggregator: {failure}", err=True)
    if failed:
        raise typer.Exit(1)


def _first(links: Sequence["FeedLink"]) -> "FeedLink":
    """The choice where there is nobody to ask."""
    return links[0]


def _ask(links: Sequence["FeedLink"]) -> "FeedLink":
    """The choice of who sits at the terminal; the first, where that is just the end of a line."""
    choices = {str(number): link for number, link in enumerate(links, 1)}
    for number, link in choices.items():
        typer.echo(f"{number:>3}  {_shown(link)}", err=True)
    while True:
        typer.echo(f"Which feed, 1 to {len(links)}? [1] ", nl=False, err=True)  # typer.prompt dirties standard output
        line = sys.stdin.readline()
        if not line:
            raise typer.Abort
        if (answer := line.strip() or "1") in choices:
            return choices[answer]


def _shown(link: "FeedLink") -> str:
    from aggregator.settings.values import UNPRINTABLE
    from aggregator.urls import without_credentials

    title = UNPRINTABLE.sub("", link.title)  # a stranger's words on the user's terminal
    return f"{without_credentials(link.url)} ({title})" if title else without_credentials(link.url)
