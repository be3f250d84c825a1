"""The lines at which rules begin in `feeds.yaml`. Edge."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from aggregator.config.environment import names_used, overrides
from aggregator.config.load import read_text, settings_from
from aggregator.config.yaml_document import Positions, parse_document
from aggregator.settings import Settings

Lines = tuple[int | None, ...]  # of rules in their order; None: the rule is in the environment


class RuleLines(NamedTuple):
    """Lines of the rules of all sources, and of those of each source by its place in the file."""

    of_all: Lines
    of_source: tuple[Lines, ...]


def load_with_rule_lines(path: Path, environ: Mapping[str, str]) -> tuple[Settings, RuleLines]:
    """Return the settings of the file at `path` and `environ`, and the lines of their rules. Raises ConfigError."""
    text = read_text(path)
    settings = settings_from(text, path, environ)
    given = overrides(environ, names_used(parse_document(text, str(path)).value))[0]
    positions = Positions(text)
    of_all: Lines = tuple(positions.of(("rules", number)).line for number in range(len(settings.rules)))
    if any(override.path == ("rules",) for override in given):
        of_all = (None,) * len(settings.rules)
    of_source = tuple(
        tuple(positions.of(("sources", place, "rules", number)).line for number in range(len(source.rules)))
        for place, source in enumerate(settings.sources)
    )
    return settings, RuleLines(of_all, of_source)
