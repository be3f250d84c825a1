"""The configuration: `feeds.yaml` and the environment as settings, and its JSON Schema. Edge; the only YAML reader.

Everything that is wrong is found in one run, each fault with its line and column and what to write instead.
"""

from aggregator.config.edit import Draft, editing, extensible
from aggregator.config.fd_limit import affordable
from aggregator.config.load import load
from aggregator.config.schema import schema

__all__ = ["Draft", "affordable", "editing", "extensible", "load", "schema"]
