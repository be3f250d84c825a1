"""Options that all commands share, and helpers of their modules."""

import os
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from aggregator.errors import AggregatorError, UsageError
from aggregator.names import no_source_named

if TYPE_CHECKING:
    from aggregator.app import App


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The common options, and the environment with further settings."""

    config: Path
    environ: Mapping[str, str] = field(repr=False)


def opened(ctx: typer.Context, *, writes: bool = True) -> AbstractContextManager["App"]:
    """Open the app for a command that writes files, or not. Raises ConfigError, StoreError, FilesError."""
    from aggregator import app

    options: Options = ctx.obj
    return app.opened(options.config, options.environ, writes=writes)


def refuse_unknown(names: Iterable[str], configured: Collection[str]) -> None:
    """Raise UsageError for the first of these names of sources that is not configured."""
    for name in names:
        if name not in configured:
            raise UsageError(no_source_named(name, configured))


def complete_source(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the names of sources that begin with `incomplete`, for the shell; none if the configuration is faulty."""
    from aggregator import config

    path = config_path(ctx.find_root().params.get("config"))
    try:
        settings = config.load(path, os.environ)
    except AggregatorError:  # `check` reports it; a message would garble the command line
        return []
    return [source.name for source in settings.sources if source.name and source.name.startswith(incomplete)]


def config_path(option: Path | None) -> Path:
    """Return the path of the configuration: the option's, else the environment's, else feeds.yaml here."""
    return option or Path(os.environ.get("AGGREGATOR_CONFIG") or "feeds.yaml")
