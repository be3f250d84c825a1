"""`aggregator rules`: a preview of what the rules do."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli.options import Options, complete_source, refuse_unknown
from aggregator.names import counted

if TYPE_CHECKING:
    from aggregator.maintain.rule_effects import EntryEffects


def rules(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCE", help="These sources; else all.", autocompletion=complete_source, show_default=False
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list with every stored entry.")] = False,
) -> None:
    """Show what the rules do to the stored entries, entry by entry; nothing is changed."""
    from aggregator import config
    from aggregator.maintain.rule_effects import rule_effects

    options: Options = ctx.obj
    settings, lines = config.load_with_rule_lines(options.config, options.environ)
    configured = {source.name or "" for source in settings.sources}
    refuse_unknown(names or (), configured)
    effects = tuple(rule_effects(settings, lines, frozenset(names or configured)))
    if as_json:
        typer.echo(json.dumps([_object(entry) for entry in effects], indent=2, ensure_ascii=False))
        return
    for entry in effects:
        if entry.rules:
            _print(entry)
    dropped = sum(any("drop" in actions for _, actions in entry.rules) for entry in effects)
    affected = sum(bool(entry.rules) for entry in effects)
    entries = counted(len(effects), "stored entry", "stored entries")
    typer.echo(f"{entries}: rules apply to {affected} and drop {dropped}")


def _object(entry: "EntryEffects") -> dict[str, object]:
    applied = [{"line": line, "does": list(actions)} for line, actions in entry.rules]
    return {"title": entry.title, "link": entry.link, "rules": applied}


def _print(entry: "EntryEffects") -> None:
    typer.echo(f"{entry.source}: {entry.title}\n  {entry.link}")
    for line, actions in entry.rules:
        place = f"line {line}" if line else "AGGREGATOR_RULES"
        typer.echo(f"  {place}: {', '.join(actions)}")
