"""Fetches sources: the only HTTP client. Edge."""

import sys

# httpx's own command line would load click, rich and pygments, a tenth of a second of each start. httpx goes without
# it where it cannot be imported.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None is how the import system marks it

from aggregator.fetch.client import Fetcher  # noqa: E402  # it imports httpx

__all__ = ["Fetcher"]
