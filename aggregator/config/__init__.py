"""The configuration: `feeds.yaml` and the environment as settings, and its JSON Schema. Edge; the only YAML reader.

All faults are reported in one run, each with its line and column and what to write instead.
"""

from aggregator.config.edit import FeedsFileEdit, editing, load_extensible
from aggregator.config.fd_limit import fit_to_fd_limit
from aggregator.config.load import advice, load, load_place
from aggregator.config.resolve import database_url, local_folder
from aggregator.config.rule_lines import Lines, RuleLines, load_with_rule_lines
from aggregator.config.schema import schema
from aggregator.config.show import EffectiveSetting, effective_settings

__all__ = [
    "EffectiveSetting",
    "FeedsFileEdit",
    "Lines",
    "RuleLines",
    "advice",
    "database_url",
    "editing",
    "effective_settings",
    "fit_to_fd_limit",
    "load",
    "load_extensible",
    "load_place",
    "load_with_rule_lines",
    "local_folder",
    "schema",
]
