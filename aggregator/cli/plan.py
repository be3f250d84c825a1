"""`aggregator plan`: what a configuration would change."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli.options import Options
from aggregator.names import counted

if TYPE_CHECKING:
    from aggregator.maintain.plan import Plan


def plan(
    ctx: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Instead of the configuration.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as one JSON object.")] = False,
) -> None:
    """Show what taking up the configuration, or FILE in its place, would change; nothing is changed."""
    from aggregator import config
    from aggregator.maintain.plan import plan

    options: Options = ctx.obj
    settings = config.load(file or options.config, options.environ, options.config.parent)
    changes = plan(settings, options.environ)
    typer.echo(json.dumps(_figures(changes), ensure_ascii=False) if as_json else "\n".join(_lines(changes)))


def _figures(plan: "Plan") -> dict[str, object]:
    return {
        "sources": {
            "add": plan.added,
            "remove": plan.removed,
            "rename": plan.renamed,
            "change": tuple(plan.changed),
        },
        "categories": {
            "add": plan.added_categories,
            "remove": plan.removed_categories,
            "rename": plan.renamed_categories,
        },
        "articles": {"rewrite": plan.rewritten},
    }


def _lines(plan: "Plan") -> Iterator[str]:
    lines = [
        *(f"add source {name}" for name in plan.added),
        *(f"remove source {name}; its articles stay" for name in plan.removed),
        *(f"rename source {old} to {new}: /source/{old} answers 301, to /source/{new}" for old, new in plan.renamed),
        *(f"change source {name}: {', '.join(settings)}" for name, settings in plan.changed.items()),
        *(f"add category {name}" for name in plan.added_categories),
        *(f"remove category {name}: {_addresses(name)} answer 410" for name in plan.removed_categories),
        *(
            f"rename category {old} to {new}: {_addresses(old)} answer 301, to those of {new}"
            for old, new in plan.renamed_categories
        ),
    ]
    if plan.rewritten:
        lines.append(f"rewrite {counted(plan.rewritten, 'article file')}")
    if plan.written:
        lines.append(f"write {counted(plan.written, 'article')} into another folder; the files of now stay in theirs")
    if plan.rewritten_feeds:
        lines.append(f"rewrite {counted(plan.rewritten_feeds, 'feed file')}")
    if plan.removed_feeds:
        files = counted(plan.removed_feeds, "feed file")
        lines.append(f"remove {files} in formats that `feeds.formats` does not name: their addresses answer 404")
    if plan.dropped:
        lines.append(f"drop {counted(plan.dropped, 'article')}, by rules")
    if plan.returned:
        lines.append(f"publish {counted(plan.returned, 'article')} again that rules dropped")
    if plan.removed_translations:
        lines.append(f"remove {counted(plan.removed_translations, 'translation')}, and the feeds without any")
    if plan.pruned:
        lines.append(f"prune {counted(plan.pruned, 'article')} that `retention` does not keep, for good")
    yield from lines or ["nothing changes"]


def _addresses(category: str) -> str:
    return f"/category/{category} and /feeds/{category}.*"
