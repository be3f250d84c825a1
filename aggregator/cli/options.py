"""What every command gets from the options before it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The common options, and the environment that settings may come from."""

    config: Path
    environ: Mapping[str, str] = field(repr=False)
    debug: bool = False
