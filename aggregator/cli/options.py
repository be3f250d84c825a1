"""Options that all commands share, and the plural of counted nouns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The common options, and the environment with further settings."""

    config: Path
    environ: Mapping[str, str] = field(repr=False)
    debug: bool = False


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return `number` with its noun: "1 source", "2 sources"."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"
