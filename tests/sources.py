"""Sources as tests want them: from a few settings, with the defaults filled in as `config.load` does it."""

from typing import Any

from aggregator.config.resolve import with_defaults
from aggregator.model import Source
from aggregator.settings import Fetch, SourceSettings


def source(name: str, url: str, *, source_id: int = 0, **settings: Any) -> Source:
    """A source with these settings, which are not validated: some tests give what no file could hold."""
    written = SourceSettings.model_construct(name=name, url=url, **settings)
    return Source(id=source_id, settings=with_defaults(written, Fetch()))
